import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Suspense, useState } from 'react';
import { providersQuery, sessionQuery } from '../../api/queries.ts';
import { nameOf } from '../../api/session-words.ts';
import { buttonClass } from '../../kit/button.tsx';
import { lazyPart } from '../../kit/load-part.ts';
import { useTitle } from '../../kit/page.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../kit/states.tsx';
import { HeaderSkeleton, SessionHeader } from './header/session-header.tsx';
import { Needs } from './needs.tsx';
import { SessionTabs } from './session-tabs.tsx';
import { usualTab } from './usual-tab.ts';

const route = getRouteApi('/gate/sessions/$session');
const TerminalTab = lazyPart(async () => (await import('./terminal/terminal-tab.tsx')).TerminalTab);
const ConversationTab = lazyPart(
  async () => (await import('./conversation/conversation-tab.tsx')).ConversationTab,
);
const EventsTab = lazyPart(async () => (await import('./events/events-tab.tsx')).EventsTab);
const PoliciesTab = lazyPart(async () => (await import('./policies/policies-tab.tsx')).PoliciesTab);

function lifeOf({ status }: Session): 'live' | 'ended' {
  return status === 'stopped' || status === 'crashed' ? 'ended' : 'live';
}

/** One session: how it is, and its terminal, conversation, events and policies. */
export function SessionPage() {
  const { session: ref } = route.useParams();
  // Another session begins with nothing of this one.
  return <OneSession key={ref} sessionRef={ref} />;
}

function OneSession({ sessionRef }: { sessionRef: string }) {
  const { tab, entry } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: session, error, refetch } = useQuery(sessionQuery(sessionRef));
  const { data: providers } = useQuery(providersQuery);
  const [watchers, setWatchers] = useState<readonly string[]>([]);
  const [first] = useState(() => (entry === undefined ? usualTab() : 'conversation'));
  const capabilities = providers?.find(({ id }) => id === session?.provider)?.capabilities;
  const hasConversation = capabilities?.supportsTranscriptTailing ?? session?.provider !== 'shell';
  const asked = tab ?? first;
  const shown = asked === 'conversation' && !hasConversation ? 'terminal' : asked;
  useTitle(session ? nameOf(session) : 'Session');

  if (error && !session) {
    const isGone = error instanceof CodepiperError && error.code === 'session_not_found';
    if (!isGone) return <ErrorState error={error} onRetry={() => void refetch()} />;
    return (
      <EmptyState
        title="There is no such session"
        action={
          <Link to="/" className={buttonClass()}>
            To the fleet
          </Link>
        }
      >
        It was removed, or the address is of another daemon. Its conversation can still be found by search.
      </EmptyState>
    );
  }
  const pending = <Skeleton className="m-4 h-40" />;
  const label = session ? nameOf(session) : sessionRef.slice(0, 8);
  return (
    <div className="flex h-full min-h-0 flex-col">
      {session ? (
        <SessionHeader session={session} capabilities={capabilities} watchers={watchers} />
      ) : (
        <HeaderSkeleton />
      )}
      {session && (
        <Needs
          session={session}
          isTerminalShown={shown === 'terminal'}
          onTerminal={() => void navigate({ search: { tab: 'terminal' } })}
        />
      )}
      <SessionTabs
        value={shown}
        onChange={(next) => void navigate({ search: { tab: next }, replace: true })}
        tabs={[
          {
            value: 'terminal',
            label: 'Terminal',
            // What was typed half and scrolled back is there again when a person comes back to it.
            isKept: true,
            content: (isShown) => (
              <Suspense fallback={pending}>
                <TerminalTab
                  session={session?.id ?? sessionRef}
                  label={label}
                  life={session ? lifeOf(session) : 'unknown'}
                  isShown={isShown}
                  onWatchers={setWatchers}
                />
              </Suspense>
            ),
          },
          hasConversation && {
            value: 'conversation',
            label: 'Conversation',
            content: () =>
              session && (
                <Suspense fallback={pending}>
                  <ConversationTab
                    session={session}
                    entry={entry ?? null}
                    supportsSlash={capabilities?.supportsSlashCommands ?? false}
                  />
                </Suspense>
              ),
          },
          {
            value: 'events',
            label: 'Events',
            content: () =>
              session && (
                <Suspense fallback={pending}>
                  <EventsTab session={session} hasTranscript={hasConversation} />
                </Suspense>
              ),
          },
          capabilities?.policyChannel !== 'none' && {
            value: 'policies',
            label: 'Policies',
            content: () =>
              session && (
                <Suspense fallback={pending}>
                  <PoliciesTab session={session} />
                </Suspense>
              ),
          },
        ]}
      />
    </div>
  );
}
