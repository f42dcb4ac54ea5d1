import type { Capabilities } from '@codepiper/core/providers/provider.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { Eye, GitBranch, ShieldAlert } from 'lucide-react';
import { useState } from 'react';
import { useCard } from '../../../api/fleet-store.ts';
import { agentNames } from '../../../api/session-words.ts';
import { Badge } from '../../../kit/badge.tsx';
import { Skeleton } from '../../../kit/states.tsx';
import { ContextUsed, Cost } from '../../shared/figures.tsx';
import { useSessionActions } from '../use-session-actions.ts';
import { Controls } from './controls.tsx';
import { ModelSwitch } from './model-switch.tsx';
import { SessionName } from './session-name.tsx';
import { StateBadge } from './state-badge.tsx';

interface Props {
  session: Session;
  capabilities: Capabilities | undefined;
  /** Others that look at the terminal. */
  watchers: readonly string[];
}

/** Which session this is, how it is, and what can be done with it. */
export function SessionHeader({ session, capabilities, watchers }: Props) {
  const card = useCard(session.id);
  const actions = useSessionActions(session);
  const [isRenaming, setRenaming] = useState(false);
  const { dangerousMode, codexHostAccessProfileEnabled } = session.metadata.security;
  const { repository } = card ?? {};
  const place = repository?.name ?? session.cwd;
  return (
    <header className="shrink-0 px-4 pt-2.5 sm:px-6 short:pt-1">
      <div className="flex items-center gap-2 sm:gap-3">
        <SessionName
          session={session}
          isEdited={isRenaming}
          onEdit={setRenaming}
          onRename={(name) => actions.rename(name)}
        />
        <StateBadge session={session} since={card?.statusSince ?? null} />
        <div className="flex-1" />
        <Controls
          session={session}
          capabilities={capabilities}
          actions={actions}
          onRename={() => setRenaming(true)}
        />
      </div>
      <div className="relative mt-1 flex min-h-6 items-center gap-x-3 overflow-x-auto whitespace-nowrap pb-1.5 text-quiet text-sm short:hidden *:shrink-0">
        {dangerousMode && (
          <Badge tone="gone">
            <ShieldAlert aria-hidden="true" className="size-3.5" />
            Dangerous mode<span className="hidden sm:inline">: tools run unasked</span>
          </Badge>
        )}
        {codexHostAccessProfileEnabled && (
          <Badge tone="gone">
            <ShieldAlert aria-hidden="true" className="size-3.5" />
            Without a sandbox
          </Badge>
        )}
        <span>{agentNames[session.provider]}</span>
        <ModelSwitch
          session={session}
          isPossible={capabilities?.supportsModelSwitch ?? false}
          actions={actions}
        />
        <span title={session.cwd} className="max-w-72 truncate">
          {place}
        </span>
        {repository?.branch && (
          <span className="flex items-center gap-1">
            <GitBranch aria-hidden="true" className="size-3.5" />
            <span className="sr-only">branch </span>
            {repository.branch}
            {repository.isWorktree && ' (worktree)'}
          </span>
        )}
        <Cost cost={card?.cost ?? null} />
        <ContextUsed context={card?.context ?? null} />
        {watchers.length > 0 && (
          <span className="flex items-center gap-1" title={`Also here: ${watchers.join(', ')}`}>
            <Eye aria-hidden="true" className="size-3.5" />
            {watchers.length === 1 ? watchers[0] : `${watchers.length} others here`}
          </span>
        )}
      </div>
    </header>
  );
}

/** Its shape, until the session is known. */
export function HeaderSkeleton() {
  return (
    <div aria-hidden="true" className="flex shrink-0 flex-col gap-2.5 px-4 pt-4 pb-2.5 sm:px-6">
      <Skeleton className="h-5 w-48" />
      <Skeleton className="h-3.5 w-72" />
    </div>
  );
}
