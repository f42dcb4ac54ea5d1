import type { Policy } from '@codepiper/core/policies/policy.ts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Copy } from 'lucide-react';
import { client } from '../../../api/client.ts';
import { Button } from '../../../kit/button.tsx';
import { policySetsQuery } from '../policies-queries.ts';

/** Where a policy that cannot be changed here comes from, and how to have one like it that can. */
export function FixedNote({ policy, onCopy }: { policy: Policy; onCopy(): void }) {
  const isOfFile = policy.source === 'file';
  const { data: file } = useQuery({
    queryKey: ['daemon', 'config', 'policies.file'],
    queryFn: async ({ signal }) => {
      const { settings } = await client.request('GET', '/config', { signal });
      const value = settings.find(({ key }) => key === 'policies.file')?.value;
      return typeof value === 'string' ? value : null;
    },
    enabled: isOfFile,
  });
  return (
    <div className="mb-4 flex flex-wrap items-center gap-3 rounded-md border border-line bg-panel px-3 py-2 text-quiet text-sm">
      <p className="min-w-0 flex-1 basis-64">
        {isOfFile ? (
          <>
            It is of the rules file{' '}
            {file && <code className="break-all font-mono text-text text-xs">{file}</code>}: change it there,
            and it is read again.
          </>
        ) : (
          'It ships with codepiper and stays as it is.'
        )}
      </p>
      <Button size="small" onClick={onCopy}>
        <Copy aria-hidden="true" className="size-4" />
        Copy into a new policy
      </Button>
    </div>
  );
}

/** The sets that have a policy: without any it holds nowhere. */
export function InSets({ policy }: { policy: string }) {
  const { data: sets } = useQuery(policySetsQuery);
  if (!sets) return null;
  const having = sets.filter(({ policyIds }) => policyIds.includes(policy));
  return (
    <p className="mb-4 text-quiet text-sm">
      {having.length === 0 ? (
        'It is in no set yet: it holds nowhere.'
      ) : (
        <>
          In the {having.length === 1 ? 'set' : 'sets'}{' '}
          {having.map(({ id, name }, index) => (
            <span key={id}>
              {index > 0 && ', '}
              <Link
                to="/policies"
                search={{ tab: 'sets', set: id }}
                className="text-text underline decoration-edge underline-offset-2"
              >
                {name}
              </Link>
            </span>
          ))}
          .
        </>
      )}
    </p>
  );
}
