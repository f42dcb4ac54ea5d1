import type { Capabilities } from '@codepiper/core/providers/provider.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { CircleStop, Ellipsis, OctagonX, Play } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { nameOf } from '../../../api/session-words.ts';
import { Button, IconButton } from '../../../kit/button.tsx';
import { ConfirmDialog } from '../../../kit/dialog.tsx';
import { Menu, type MenuItem } from '../../../kit/menu.tsx';
import { SessionNotifications } from '../../../notify/session-notifications.tsx';
import type { SessionActions } from '../use-session-actions.ts';
import { ForkDialog } from './fork-dialog.tsx';
import { lossOf } from './loss.ts';

interface Props {
  session: Session;
  capabilities: Capabilities | undefined;
  actions: SessionActions;
  onRename(): void;
}

type Asked = 'stop' | 'kill' | 'remove' | 'fork' | 'notifications' | null;

/** What can be done with the session as it is now; what loses something asks first. */
export function Controls({ session, capabilities, actions, onRename }: Props) {
  const [asked, setAsked] = useState<Asked>(null);
  const close = () => setAsked(null);
  const { attachCommand } = session;
  const isLive = session.status !== 'stopped' && session.status !== 'crashed';
  const isBusy = session.status === 'running' && session.activity === 'busy';
  const canResume = capabilities?.supportsResume ?? false;
  const andClose = async (done: Promise<boolean>) => {
    if (await done) close();
  };
  const copyAttach = async () => {
    if (attachCommand === null) return;
    await navigator.clipboard.writeText(attachCommand);
    toast('Copied: the command that attaches with plain tmux.');
  };
  const items: (MenuItem | null | false)[] = [
    { label: 'Rename', onSelect: onRename },
    attachCommand !== null && { label: 'Copy attach command', onSelect: () => void copyAttach() },
    { label: 'Notifications…', onSelect: () => setAsked('notifications') },
    isLive && { label: 'Press Escape', onSelect: () => void actions.escape() },
    isLive &&
      (capabilities?.nativeHooks ?? false) && {
        label: 'Interrupt',
        onSelect: () => void actions.interrupt(),
      },
    capabilities?.supportsFork === true && { label: 'Fork…', onSelect: () => setAsked('fork') },
    isLive && { label: 'Recover', onSelect: () => void actions.recover() },
    null,
    isLive && { label: 'Stop', onSelect: () => (canResume ? void actions.stop() : setAsked('stop')) },
    isLive && { label: 'Kill…', tone: 'danger', onSelect: () => setAsked('kill') },
    !isLive && { label: 'Remove from the list…', tone: 'danger', onSelect: () => setAsked('remove') },
  ];
  return (
    <div className="flex shrink-0 items-center gap-1.5">
      {isBusy && (
        <Button size="small" isBusy={actions.busy === 'interrupt'} onClick={() => void actions.interrupt()}>
          <CircleStop aria-hidden="true" className="size-4" />
          <span className="sr-only sm:not-sr-only">Interrupt</span>
        </Button>
      )}
      {isLive && (
        <Button
          size="small"
          className="hidden md:inline-flex"
          isBusy={actions.busy === 'stop'}
          onClick={() => (canResume ? void actions.stop() : setAsked('stop'))}
        >
          <OctagonX aria-hidden="true" className="size-4" />
          Stop
        </Button>
      )}
      {!isLive && (
        <Button
          tone="primary"
          size="small"
          isBusy={actions.busy === 'resume'}
          onClick={() => void actions.resume()}
        >
          <Play aria-hidden="true" className="size-4" />
          <span className="sr-only sm:not-sr-only">{canResume ? 'Resume' : 'Start again'}</span>
        </Button>
      )}
      <Menu
        trigger={
          <IconButton label="More" size="small">
            <Ellipsis aria-hidden="true" className="size-4" />
          </IconButton>
        }
        items={items.filter((item) => item !== false)}
      />
      <ConfirmDialog
        isOpen={asked === 'stop'}
        title={`Stop ${nameOf(session)}?`}
        description={lossOf(session, { canResume })}
        action="Stop session"
        isBusy={actions.busy === 'stop'}
        onConfirm={() => void andClose(actions.stop())}
        onClose={close}
      />
      <ConfirmDialog
        isOpen={asked === 'kill'}
        title={`Kill ${nameOf(session)}?`}
        description={`All its processes end at once, unasked. ${lossOf(session, { canResume })}`}
        action="Kill session"
        isBusy={actions.busy === 'kill'}
        onConfirm={() => void andClose(actions.kill())}
        onClose={close}
      />
      <ConfirmDialog
        isOpen={asked === 'remove'}
        title={`Remove ${nameOf(session)}?`}
        description="codepiper forgets the session: its events, recording and images. The agent’s own transcript stays where it is."
        action="Remove session"
        isBusy={actions.busy === 'remove'}
        onConfirm={() => void andClose(actions.remove())}
        onClose={close}
      />
      {asked === 'notifications' && <SessionNotifications session={session} onClose={close} />}
      {asked === 'fork' && <ForkDialog session={session} actions={actions} onClose={close} />}
    </div>
  );
}
