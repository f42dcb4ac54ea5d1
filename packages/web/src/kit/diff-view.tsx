import { cx } from './cx.ts';

interface Line {
  kind: 'added' | 'removed' | 'same' | 'hunk' | 'file';
  text: string;
  before: number | null;
  after: number | null;
}

const looks: Record<Line['kind'], string> = {
  added: 'bg-added',
  removed: 'bg-removed',
  same: '',
  hunk: 'bg-raised text-quiet',
  file: 'bg-raised font-semibold',
};
const signs: Partial<Record<Line['kind'], string>> = { added: '+', removed: '−' };

/** A unified diff, line by line with its numbers. */
export function DiffView({ diff, className }: { diff: string; className?: string }) {
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by the arrow keys too
      tabIndex={0}
      aria-label="Changes"
      className={cx('overflow-x-auto rounded-md border border-line bg-ground font-mono text-xs', className)}
    >
      <table className="w-full border-collapse">
        <tbody>
          {readDiff(diff).map((line, index) => (
            <tr key={index} className={looks[line.kind]}>
              <td className="w-10 select-none px-1.5 text-right text-quiet">{line.before}</td>
              <td className="w-10 select-none px-1.5 text-right text-quiet">{line.after}</td>
              <td className="w-4 select-none text-center">
                <span className="sr-only">{line.kind === 'same' ? '' : line.kind}</span>
                <span aria-hidden="true">{signs[line.kind]}</span>
              </td>
              <td className="whitespace-pre pr-3">{line.text === '' ? ' ' : line.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function readDiff(diff: string): Line[] {
  let [before, after] = [0, 0];
  let isInHunk = false;
  return diff
    .replace(/\n$/, '')
    .split('\n')
    .flatMap((text): Line[] => {
      const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(text);
      if (hunk) {
        [before, after] = [Number(hunk[1]), Number(hunk[2])];
        isInHunk = true;
        return [{ kind: 'hunk', text, before: null, after: null }];
      }
      if (!isInHunk || /^(?:diff |[Ii]ndex:? |={3,})/.test(text)) {
        isInHunk = false;
        return /^(?:[Ii]ndex:? |={3,})/.test(text) ? [] : [{ kind: 'file', text, before: null, after: null }];
      }
      if (text.startsWith('\\')) return [];
      const rest = text.slice(1);
      if (text.startsWith('+')) return [{ kind: 'added', text: rest, before: null, after: after++ }];
      if (text.startsWith('-')) return [{ kind: 'removed', text: rest, before: before++, after: null }];
      return [{ kind: 'same', text: rest, before: before++, after: after++ }];
    });
}
