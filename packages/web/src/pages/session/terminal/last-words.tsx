import { useQuery } from '@tanstack/react-query';
import type { ITheme } from '@xterm/xterm';
import { CopyButton } from '../../../kit/copy-button.tsx';
import { ErrorState, SkeletonRows } from '../../../kit/states.tsx';
import { lastWordsQuery } from '../session-queries.ts';

interface Props {
  session: string;
  label: string;
  theme: ITheme;
}

/** What a program left on its terminal when it ended. */
export function LastWords({ session, label, theme }: Props) {
  const { data, error, refetch } = useQuery(lastWordsQuery(session));
  return (
    <section aria-label={`Terminal of ${label}`} className="flex h-full min-h-0 flex-col bg-ground">
      <header className="flex min-h-11 items-center gap-2 border-line border-b bg-panel px-2 py-1 text-sm">
        <output className="rounded bg-raised px-1.5 py-0.5 font-medium text-quiet text-xs">ended</output>
        <p className="min-w-0 flex-1 truncate text-quiet text-xs">
          The program has ended; this is what it left.
        </p>
        {data && <CopyButton text={data.output} label="Copy the screen" />}
      </header>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <SkeletonRows />
      ) : (
        <pre
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by the arrow keys too
          tabIndex={0}
          className="min-h-0 flex-1 overflow-auto p-3 font-mono text-sm"
          // It is a terminal's text, in the terminal's colours.
          style={{ backgroundColor: theme.background, color: theme.foreground }}
        >
          {data.output.trimEnd() || 'It left nothing.'}
        </pre>
      )}
    </section>
  );
}
