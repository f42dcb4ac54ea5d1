import { useQuery } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react';
import { client } from '../../api/client.ts';
import { Button } from '../../kit/button.tsx';
import { Section } from '../../kit/page.tsx';
import { ErrorState, SkeletonRows } from '../../kit/states.tsx';
import { Ago } from '../../kit/time.tsx';
import { doctorQuery, healthQuery } from './settings-queries.ts';

const marks = {
  ok: { icon: CircleCheck, className: 'text-live', word: 'good' },
  warn: { icon: TriangleAlert, className: 'text-wait', word: 'warning' },
  fail: { icon: CircleAlert, className: 'text-gone', word: 'failed' },
} as const;

/** Which codepiper this is, and whether it is well. */
export function AboutSection() {
  const health = useQuery(healthQuery);
  const version = useQuery({
    queryKey: ['daemon', 'version'],
    queryFn: ({ signal }) => client.request('GET', '/version', { signal }),
  });
  const doctor = useQuery(doctorQuery);
  return (
    <>
      <Section title="This daemon">
        {health.error && <ErrorState error={health.error} onRetry={() => void health.refetch()} />}
        {health.data && (
          <dl className="grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1.5 text-sm">
            <Fact name="Version">{health.data.version}</Fact>
            <Fact name="Started">
              <Ago time={health.data.startedAt} suffix=" ago" />
            </Fact>
            <Fact name="Home">{health.data.home}</Fact>
            <Fact name="Socket">{health.data.socket}</Fact>
            <Fact name="tmux">
              {health.data.tmux.version ?? 'unknown'} on socket {health.data.tmux.socket}
            </Fact>
            <Fact name="Node">{version.data?.node}</Fact>
          </dl>
        )}
      </Section>
      <Section
        title="Doctor"
        actions={
          <Button size="small" isBusy={doctor.isFetching} onClick={() => void doctor.refetch()}>
            Look again
          </Button>
        }
      >
        {doctor.error && <ErrorState error={doctor.error} onRetry={() => void doctor.refetch()} />}
        {doctor.isPending && <SkeletonRows />}
        <ul className="divide-y divide-line">
          {doctor.data?.map(({ id, title, status, detail, fix }) => {
            const { icon: Icon, className, word } = marks[status];
            return (
              <li key={id} className="flex gap-3 py-2 text-sm">
                <Icon aria-label={word} className={`mt-0.5 size-4 shrink-0 ${className}`} />
                <div className="min-w-0">
                  <p>
                    <span className="font-medium">{title}</span> <span className="text-quiet">{detail}</span>
                  </p>
                  {fix && <p className="text-wait">{fix}</p>}
                </div>
              </li>
            );
          })}
        </ul>
      </Section>
    </>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt className="text-quiet">{name}</dt>
      <dd className="min-w-0 break-all">{children}</dd>
    </>
  );
}
