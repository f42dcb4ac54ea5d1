import type { Entry } from '@codepiper/core/transcripts/conversation.ts';
import {
  Bot,
  BrainCircuit,
  CircleAlert,
  CircleStop,
  Info,
  MessagesSquare,
  Paperclip,
  Shuffle,
} from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { cx } from '../../../kit/cx.ts';
import { Clock, EntryActions } from './entry-parts.tsx';
import { Fold } from './fold.tsx';
import type { Row, RowContext } from './rows.ts';
import { Answer, PlainText } from './texts.tsx';
import { ToolRow } from './tool-row.tsx';

interface Props {
  row: Row;
  context: RowContext;
  isOpen: boolean;
  /** The address names it. */
  isTarget: boolean;
  onToggle(key: string): void;
}

export const RowView = memo(function RowView({ row, context, isOpen, isTarget, onToggle }: Props) {
  const toggle = () => onToggle(row.key);
  return (
    <div
      className={cx(
        'mx-auto w-full max-w-4xl px-3 py-1 sm:px-6',
        'depth' in row && row.depth > 0 && 'pl-8 sm:pl-12',
        isTarget && 'bg-accent/10 outline-2 outline-accent/40 -outline-offset-2',
      )}
    >
      <Content row={row} context={context} isOpen={isOpen} onToggle={toggle} />
    </div>
  );
});

function Content({
  row,
  context,
  isOpen,
  onToggle,
}: Omit<Props, 'isTarget' | 'onToggle'> & { onToggle(): void }) {
  switch (row.kind) {
    case 'tool':
      return <ToolRow row={row} context={context} isOpen={isOpen} onToggle={onToggle} />;
    case 'agent':
      return (
        <Fold
          icon={<Bot aria-hidden="true" className="size-4 shrink-0 text-accent" />}
          label="Sub-agent"
          text={`${row.title} · ${row.entries.length} ${row.entries.length === 1 ? 'entry' : 'entries'}`}
          isOpen={row.isOpen}
          onToggle={onToggle}
        />
      );
    case 'model':
      return (
        <Mark icon={<Shuffle aria-hidden="true" className="size-3.5" />}>
          Model: {row.from === null ? '' : `${row.from} → `}
          {row.to ?? 'unknown'} <Clock at={row.at} />
        </Mark>
      );
    case 'interruption':
      return (
        <Mark icon={<CircleStop aria-hidden="true" className="size-3.5 text-wait" />}>
          <span className="font-semibold text-wait">Interrupted</span> <Clock at={row.entry.at} />
        </Mark>
      );
    case 'conversation':
      return (
        <Mark icon={<MessagesSquare aria-hidden="true" className="size-3.5" />}>
          Another conversation{row.conversation.title === null ? '' : `: ${row.conversation.title}`}
        </Mark>
      );
    case 'entry':
      return <EntryContent entry={row.entry} context={context} isOpen={isOpen} onToggle={onToggle} />;
  }
}

function EntryContent({
  entry,
  context,
  isOpen,
  onToggle,
}: {
  entry: Entry;
  context: RowContext;
  isOpen: boolean;
  onToggle(): void;
}) {
  const actions = <EntryActions entry={entry} session={context.session} />;
  switch (entry.kind) {
    case 'prompt':
      return (
        <article
          aria-label="Prompt"
          className="group mt-3 rounded-lg border border-line bg-panel px-3.5 py-2.5"
        >
          <header className="flex h-5 items-center gap-2 text-quiet text-xs">
            <span className="font-semibold text-accent">Prompt</span>
            <Clock at={entry.at} />
            <span className="flex-1" />
            {actions}
          </header>
          <PlainText entry={entry} className="text-sm" />
        </article>
      );
    case 'answer':
      return (
        <article aria-label="Answer" className="group relative py-1 pointer-coarse:pr-8">
          <Answer entry={entry} />
          <div className="absolute -top-3 right-0 flex items-center gap-2 rounded-md border border-line bg-raised pl-2 focus-within:opacity-100 pointer-coarse:top-0 pointer-coarse:border-0 pointer-coarse:bg-transparent pointer-fine:opacity-0 group-hover:opacity-100">
            <span className="pointer-coarse:hidden">
              <Clock at={entry.at} />
            </span>
            {actions}
          </div>
        </article>
      );
    case 'thinking':
      return (
        <Fold
          icon={<BrainCircuit aria-hidden="true" className="size-4 shrink-0" />}
          label="Thinking"
          text={entry.text.split('\n')[0] ?? ''}
          isOpen={isOpen}
          onToggle={onToggle}
        >
          <PlainText entry={entry} className="border-line border-l-2 pl-3 text-quiet text-sm italic" />
        </Fold>
      );
    case 'compaction':
      return (
        <Fold
          icon={<Shuffle aria-hidden="true" className="size-4 shrink-0 text-wait" />}
          label="Compaction"
          text="What came before was summed up"
          isOpen={isOpen}
          onToggle={onToggle}
        >
          <PlainText entry={entry} className="border-line border-l-2 pl-3 text-quiet text-sm" />
        </Fold>
      );
    case 'error':
      return (
        <div className="group flex items-start gap-2 rounded-md border border-gone/40 bg-gone/10 px-3 py-2 text-sm">
          <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-gone" />
          <PlainText entry={entry} className="min-w-0 flex-1" label="Error: " />
          {actions}
        </div>
      );
    case 'attachment':
      return (
        <Mark icon={<Paperclip aria-hidden="true" className="size-3.5 shrink-0" />}>
          <span className="truncate">{entry.text || 'Attachment'}</span>
        </Mark>
      );
    default:
      return (
        <div className="group flex items-start gap-2 py-0.5 text-quiet text-sm">
          <Info aria-hidden="true" className="mt-0.5 size-3.5 shrink-0" />
          <PlainText
            entry={entry}
            className="min-w-0 flex-1"
            label={entry.kind === 'tool_result' ? 'Result: ' : ''}
          />
          <Clock at={entry.at} />
        </div>
      );
  }
}

function Mark({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <p className="flex items-center gap-2 py-1 text-quiet text-xs">
      {icon}
      {children}
      <span aria-hidden="true" className="h-px flex-1 bg-line" />
    </p>
  );
}
