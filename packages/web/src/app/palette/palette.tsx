import { useNavigate } from '@tanstack/react-router';
import { Command as List } from 'cmdk';
import { Dialog as Radix } from 'radix-ui';
import { useMemo, useState } from 'react';
import { useFleet } from '../../api/fleet-store.ts';
import { cx } from '../../kit/cx.ts';
import { type Command, commandsOf, stopCommands } from './commands.tsx';
import { recentCommands, rememberCommand } from './recent.ts';

/** Of each group, before anything is searched for. */
const mostShown = 8;
const groups = ['Needs you', 'Sessions', 'Do', 'Go to', 'Theme'] as const;

/** Sessions and everything there is to do, by a few letters. */
export function Palette({ onClose }: { onClose(): void }) {
  const { entries: live } = useFleet();
  // As they were when it opened: what is chosen is what was read.
  const [entries, setEntries] = useState(live);
  if (entries === null && live !== null) setEntries(live);
  const navigate = useNavigate();
  const [word, setWord] = useState('');
  const [part, setPart] = useState<'all' | 'stop'>('all');
  const [recentIds] = useState(recentCommands);
  const commands = useMemo(
    () => (part === 'stop' ? stopCommands(entries ?? []) : commandsOf(entries ?? [], navigate)),
    [part, entries, navigate],
  );
  const recent =
    word === '' && part === 'all'
      ? recentIds.flatMap((id) => commands.find((command) => command.id === id) ?? [])
      : [];

  const choose = (command: Command) => {
    if (command.opens) {
      setPart(command.opens);
      setWord('');
      return;
    }
    if (!command.isPassing) rememberCommand(command.id);
    onClose();
    command.run();
  };

  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/60" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed inset-x-2 top-2 z-50 mx-auto max-w-xl overflow-hidden rounded-xl border border-line bg-panel shadow-2xl outline-none sm:top-[12dvh]"
        >
          <Radix.Title className="sr-only">{part === 'stop' ? 'Stop a session' : 'Commands'}</Radix.Title>
          <List
            label="Commands"
            loop
            filter={score}
            onKeyDown={(event) => {
              if (event.key !== 'Backspace' || word !== '' || part === 'all') return;
              event.preventDefault();
              setPart('all');
            }}
          >
            <List.Input
              value={word}
              onValueChange={setWord}
              placeholder={part === 'stop' ? 'Which session is to stop?' : 'Search sessions and commands'}
              className="h-12 w-full border-line border-b bg-transparent px-4 text-base outline-none placeholder:text-quiet"
            />
            <List.List className="max-h-[min(26rem,60dvh)] overflow-y-auto overscroll-contain p-1.5">
              <List.Empty className="px-3 py-6 text-center text-quiet text-sm">
                {entries === null && part === 'stop'
                  ? 'The sessions are on their way.'
                  : 'Nothing is called that.'}
              </List.Empty>
              <Group title="Recent" commands={recent} onChoose={choose} prefix="recent " />
              {groups.map((group) => (
                <Group
                  key={group}
                  title={group}
                  commands={commands
                    .filter((command) => command.group === group && !recent.includes(command))
                    .slice(0, word === '' && part === 'all' ? mostShown : undefined)}
                  onChoose={choose}
                />
              ))}
            </List.List>
          </List>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Every word has to be in it; those whose name begins with them come first. */
function score(_id: string, search: string, keywords: string[] = []): number {
  const wanted = search.trim().toLowerCase();
  const label = (keywords[0] ?? '').toLowerCase();
  if (label.startsWith(wanted)) return 1;
  if (label.includes(wanted)) return 0.8;
  const text = keywords.join(' ').toLowerCase();
  return wanted.split(/\s+/).every((word) => text.includes(word)) ? 0.5 : 0;
}

function Group({
  title,
  commands,
  onChoose,
  prefix = '',
}: {
  title: string;
  commands: readonly Command[];
  onChoose(command: Command): void;
  prefix?: string;
}) {
  if (commands.length === 0) return null;
  return (
    <List.Group
      heading={title}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-quiet [&_[cmdk-group-heading]]:text-xs"
    >
      {commands.map((command) => {
        const { icon: Icon } = command;
        return (
          <List.Item
            key={command.id}
            value={prefix + command.id}
            keywords={[command.label, command.note ?? '', ...(command.keywords ?? [])]}
            onSelect={() => onChoose(command)}
            className="flex min-h-10 cursor-default items-center gap-3 rounded-md px-2.5 py-1.5 text-sm data-[selected=true]:bg-raised pointer-coarse:min-h-12"
          >
            <Icon
              aria-hidden="true"
              className={cx('size-4 shrink-0', command.tone === 'wait' ? 'text-wait' : 'text-quiet')}
            />
            <span className="min-w-0 flex-1">
              <span className="block truncate">{command.label}</span>
              {command.note && (
                <span
                  className={cx(
                    'block text-quiet text-xs',
                    command.tone === 'wait' && command.isPassing ? 'font-mono break-words' : 'truncate',
                  )}
                >
                  {command.note}
                </span>
              )}
            </span>
          </List.Item>
        );
      })}
    </List.Group>
  );
}
