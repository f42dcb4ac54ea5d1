import { useQuery } from '@tanstack/react-query';
import { ShieldAlert, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { wordsOf } from '../../../api/words-of.ts';
import { Button } from '../../../kit/button.tsx';
import { Code } from '../../../kit/code.tsx';
import { CopyButton } from '../../../kit/copy-button.tsx';
import { Dialog } from '../../../kit/dialog.tsx';
import { Skeleton } from '../../../kit/states.tsx';
import { Ago } from '../../../kit/time.tsx';
import { trailStateQuery } from './audit-queries.ts';

/** Whether the trail is as it was written, and up to where it is signed. */
export function TrailBadge() {
  const { data, error, isFetching, refetch } = useQuery(trailStateQuery);
  const [isOpen, setOpen] = useState(false);
  if (error) {
    return (
      <Button size="small" onClick={() => void refetch()}>
        <ShieldAlert aria-hidden="true" className="size-4 text-gone" />
        Not verified: {wordsOf(error)}
      </Button>
    );
  }
  if (!data) return <Skeleton className="h-8 w-56" />;
  const { intact, entries, first, last, checkpoints, signedUpTo, findings, findingCount, checkedAt } = data;
  return (
    <>
      <Button size="small" tone={intact ? 'quiet' : 'danger'} onClick={() => setOpen(true)}>
        {intact ? (
          <ShieldCheck aria-hidden="true" className="size-4 text-live" />
        ) : (
          <ShieldAlert aria-hidden="true" className="size-4" />
        )}
        {intact ? `Intact up to entry ${last?.seq ?? 0}` : `Changed: ${findingCount} found`}
        <span className="max-sm:hidden">
          · verified <Ago time={checkedAt} suffix=" ago" />
        </span>
      </Button>
      <Dialog
        isOpen={isOpen}
        title={intact ? 'The audit log is as it was written' : 'The audit log was changed'}
        description="Every entry carries the hash of the one before, and signed checkpoints are kept in two places."
        onClose={() => setOpen(false)}
        footer={
          <Button tone="primary" isBusy={isFetching} onClick={() => void refetch()}>
            Verify again
          </Button>
        }
      >
        {findings.length > 0 && (
          <ul className="mb-4 flex flex-col gap-1 text-gone text-sm">
            {findings.map(({ seq, what }) => (
              <li key={`${seq} ${what}`}>{seq === null ? what : `Entry ${seq}: ${what}`}</li>
            ))}
            {findingCount > findings.length && <li>and {findingCount - findings.length} more</li>}
          </ul>
        )}
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-sm">
          <dt className="text-quiet">Entries</dt>
          <dd>{first && last ? `${entries} (${first.seq} to ${last.seq})` : 'none'}</dd>
          <dt className="text-quiet">Signed</dt>
          <dd>
            {signedUpTo === 0 ? 'nothing yet' : `up to entry ${signedUpTo}, by ${checkpoints} checkpoints`}
          </dd>
          <dt className="text-quiet">Verified</dt>
          <dd>
            <Ago time={checkedAt} suffix=" ago" />
          </dd>
          {last && (
            <>
              <dt className="text-quiet">End</dt>
              <dd className="flex min-w-0 items-center gap-1">
                <span className="min-w-0 truncate font-mono text-xs">
                  {last.seq}:{last.hash}
                </span>
                <CopyButton label="Copy the end" text={`${last.seq}:${last.hash}`} />
              </dd>
            </>
          )}
        </dl>
        {last && (
          <p className="mt-4 text-quiet text-sm">
            Keep the end somewhere else: <Code>codepiper audit verify --expect &lt;end&gt;</Code> shows later
            whether it is still in the trail.
          </p>
        )}
      </Dialog>
    </>
  );
}
