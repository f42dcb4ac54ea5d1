import type { Entry } from '@codepiper/core/transcripts/conversation.ts';
import { FilePen, Globe, Search, SquareTerminal, Wrench } from 'lucide-react';
import { Suspense } from 'react';
import { Badge, type Tone } from '../../../kit/badge.tsx';
import { CodeBlock } from '../../../kit/code.tsx';
import { lazyPart } from '../../../kit/load-part.ts';
import { Skeleton } from '../../../kit/states.tsx';
import { AuditLink } from './audit-link.tsx';
import { callSummary, changesIn } from './call-text.ts';
import { Clock, EntryActions } from './entry-parts.tsx';
import { Fold } from './fold.tsx';
import type { Row, RowContext } from './rows.ts';
import { Whole } from './texts.tsx';

const DiffOfCall = lazyPart(async () => (await import('./diff-of-call.tsx')).DiffOfCall);

type Outcome = NonNullable<Entry['outcome']> | 'none';
const outcomes: Record<Outcome, { word: string; tone: Tone }> = {
  running: { word: 'running', tone: 'live' },
  ok: { word: 'ok', tone: 'quiet' },
  error: { word: 'failed', tone: 'gone' },
  denied: { word: 'denied', tone: 'gone' },
  none: { word: 'no result', tone: 'quiet' },
};

interface Props {
  row: Extract<Row, { kind: 'tool' }>;
  context: RowContext;
  isOpen: boolean;
  onToggle(): void;
}

/** A tool call: which, what of, and how it ended; its input and result when opened. */
export function ToolRow({ row: { entry, result }, context, isOpen, onToggle }: Props) {
  const { word, tone } = outcomes[outcomeOf(entry, result, context.isBusy)];
  const durationMs = result?.durationMs ?? entry.durationMs;
  return (
    <div className="group">
      <Fold
        icon={<ToolIcon tool={entry.tool ?? ''} />}
        label={entry.tool ?? 'Tool'}
        text={callSummary(entry, context.cwd)}
        aside={
          <>
            {durationMs !== null && (
              <span className="hidden text-quiet text-xs tabular-nums sm:inline">{duration(durationMs)}</span>
            )}
            <Badge tone={tone}>{word}</Badge>
          </>
        }
        isOpen={isOpen}
        onToggle={onToggle}
      >
        <div className="flex flex-col gap-2">
          <Input entry={entry} cwd={context.cwd} />
          {result && result.text !== '' && (
            <Whole entry={result}>{(text) => <CodeBlock text={text} />}</Whole>
          )}
          <div className="flex items-center gap-3 text-quiet text-xs">
            <Clock at={entry.at} />
            {entry.callId !== null && <AuditLink callId={entry.callId} />}
            <span className="flex-1" />
            <EntryActions entry={entry} session={context.session} />
          </div>
        </div>
      </Fold>
    </div>
  );
}

function Input({ entry, cwd }: { entry: Entry; cwd: string }) {
  return (
    <Whole entry={entry}>
      {(text) => {
        const changes = changesIn({ ...entry, text });
        const isPatch = text.includes('*** Begin Patch');
        if (changes.length === 0 && !isPatch) return <CodeBlock text={text} />;
        return (
          <Suspense fallback={<Skeleton className="h-24" />}>
            <DiffOfCall changes={changes} patch={text} cwd={cwd} />
          </Suspense>
        );
      }}
    </Whole>
  );
}

function ToolIcon({ tool }: { tool: string }) {
  const Icon = iconOf(tool);
  return <Icon aria-hidden="true" className="size-4 shrink-0" />;
}

/** By the words that agents use in the names of their tools. */
function iconOf(tool: string) {
  if (/bash|shell|exec|command/i.test(tool)) return SquareTerminal;
  if (/edit|write|patch/i.test(tool)) return FilePen;
  if (/fetch|web/i.test(tool)) return Globe;
  if (/grep|glob|search|read|\bls\b/i.test(tool)) return Search;
  return Wrench;
}

function outcomeOf(call: Entry, result: Entry | null, isBusy: boolean): Outcome {
  const known = result?.outcome ?? call.outcome;
  if (known !== null && known !== 'running') return known;
  if (result) return result.isError ? 'error' : 'ok';
  return isBusy ? 'running' : 'none';
}

function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}
