import type { PartTrace } from '@codepiper/core/policies/verdict.ts';
import { CopyButton } from '../../../kit/copy-button.tsx';
import { cx } from '../../../kit/cx.ts';
import { actionWords } from '../../shared/verdict/actions.ts';
import { piecesOf } from './pieces.ts';

const looks: Readonly<Record<PartTrace['action'], string>> = {
  allow: 'decoration-live',
  ask: 'bg-wait/15 decoration-wait',
  deny: 'bg-gone/15 decoration-gone',
  agent: 'decoration-edge',
  none: 'decoration-edge',
};

/** A command line, its parts marked by what the rules say of each. */
export function CommandView({ command, parts }: { command: string; parts: readonly PartTrace[] }) {
  return (
    <div className="relative rounded-md border border-line bg-panel">
      <pre className="max-h-[50vh] overflow-y-auto whitespace-pre-wrap break-words px-3 py-3 pr-12 font-mono text-sm leading-6">
        {piecesOf(command, parts).map(({ text, action }, index) =>
          action === null ? (
            text
          ) : (
            <mark
              key={index}
              title={actionWords[action].word}
              className={cx(
                'rounded-sm bg-transparent text-text underline decoration-2 underline-offset-4',
                looks[action],
              )}
            >
              {text}
            </mark>
          ),
        )}
      </pre>
      <div className="absolute top-1 right-1">
        <CopyButton text={command} label="Copy the command" />
      </div>
    </div>
  );
}
