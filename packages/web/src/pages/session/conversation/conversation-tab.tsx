import type { Session } from '@codepiper/core/sessions/session.ts';
import { useQuery } from '@tanstack/react-query';
import { useCard } from '../../../api/fleet-store.ts';
import { Dot } from '../../../kit/badge.tsx';
import { Ago } from '../../../kit/time.tsx';
import { Composer } from '../composer/composer.tsx';
import { modelSwitchesQuery } from '../session-queries.ts';
import { EntryList } from './entry-list.tsx';

interface Props {
  session: Session;
  /** The entry that the address names. */
  entry: number | null;
  supportsSlash: boolean;
}

/** What was said and done, as it happens, and the place to say more. */
export function ConversationTab({ session, entry, supportsSlash }: Props) {
  const { data: switches } = useQuery(modelSwitchesQuery(session.id));
  return (
    <div className="flex h-full min-h-0 flex-col">
      <EntryList session={session} entry={entry} modelSwitches={switches} />
      <Working session={session} />
      <Composer session={session} supportsSlash={supportsSlash} />
    </div>
  );
}

/** What the agent does now: its words come when they are whole. */
function Working({ session }: { session: Session }) {
  const card = useCard(session.id);
  if (session.status !== 'running' || session.activity !== 'busy') return null;
  const { doing, turn } = card ?? {};
  return (
    <p className="mx-auto flex w-full max-w-4xl shrink-0 items-center gap-2 px-5 py-1.5 text-quiet text-xs sm:px-8">
      <Dot tone="live" isPulsing />
      <span className="shrink-0">
        Working
        {turn && (
          <>
            {' · '}
            <Ago time={turn.startedAt} className="tabular-nums" />
          </>
        )}
      </span>
      {doing && doing.kind !== 'prompt' && <span className="truncate">· {doing.text}</span>}
    </p>
  );
}
