import type { EvidenceSource, Session } from '@codepiper/core/sessions/session.ts';
import { Popover } from 'radix-ui';
import { stateOf } from '../../../api/session-words.ts';
import { Dot } from '../../../kit/badge.tsx';
import { cx } from '../../../kit/cx.ts';
import { Ago } from '../../../kit/time.tsx';

/** Where a state was seen. */
const sources: Record<EvidenceSource, string> = {
  hook: 'the agent said so by a hook',
  registry: 'the agent’s own registry of its sessions',
  title: 'the title of its terminal',
  screen: 'what its screen shows',
  transcript: 'its transcript',
  approval: 'an approval',
  exit: 'how its program ended',
  tmux: 'tmux',
  user: 'a person',
  daemon: 'the daemon',
};
const tones = { wait: 'text-wait', live: 'text-live', quiet: 'text-quiet', gone: 'text-gone' } as const;

/** How the session is, for how long, and how that is known. */
export function StateBadge({ session, since }: { session: Session; since: string | null }) {
  const { word, tone } = stateOf(session);
  const { evidence, exitCode, signal, endedAt, queued } = session;
  const why = `Known by ${sources[evidence.source]}: ${evidence.detail}`;
  return (
    <Popover.Root>
      <Popover.Trigger
        title={why}
        className={cx(
          'flex h-8 shrink-0 items-center gap-1.5 rounded-md px-2 font-medium text-sm hover:bg-raised pointer-coarse:h-10',
          tones[tone],
        )}
      >
        <Dot tone={tone} isPulsing={word === 'busy'} />
        <span data-testid="state">{word}</span>
        {since && <Ago time={since} className="font-normal text-quiet tabular-nums" />}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          className="z-50 max-w-sm rounded-lg border border-line bg-raised p-3 text-sm shadow-xl"
        >
          <p className="font-medium first-letter:uppercase">{word}</p>
          <p className="mt-1 text-quiet">
            Known by {sources[evidence.source]}: <span className="text-text">{evidence.detail}</span>
          </p>
          <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 text-quiet [&>dd]:text-text">
            {since && (
              <>
                <dt>Since</dt>
                <dd>{new Date(since).toLocaleString()}</dd>
              </>
            )}
            {exitCode !== null && (
              <>
                <dt>Exit code</dt>
                <dd>{exitCode}</dd>
              </>
            )}
            {signal !== null && (
              <>
                <dt>Signal</dt>
                <dd>{signal}</dd>
              </>
            )}
            {endedAt !== null && (
              <>
                <dt>Ended</dt>
                <dd>{new Date(endedAt).toLocaleString()}</dd>
              </>
            )}
            {queued > 0 && (
              <>
                <dt>Queued</dt>
                <dd>{queued}</dd>
              </>
            )}
          </dl>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
