import { createTwoFilesPatch } from 'diff';
import { useMemo } from 'react';
import { cx } from '../../../kit/cx.ts';
import { DiffView } from '../../../kit/diff-view.tsx';
import { type Change, diffOfPatch, shortPath } from './call-text.ts';

/** Where in the file it stands is not known: no numbers, and no head of the only hunk. */
const unnumbered = '[&_td:nth-child(-n+2)]:hidden';
const unheaded = '[&_tr.text-quiet]:hidden';

interface Props {
  changes: readonly Change[];
  /** The call's text, where it is a patch. */
  patch: string;
  /** Paths below it are shown from there. */
  cwd: string;
}

/** What a call changes, line by line. */
export function DiffOfCall({ changes, patch, cwd }: Props) {
  const diff = useMemo(() => {
    const parts = changes.map(({ path, before, after }) =>
      createTwoFilesPatch('', shortPath(path, cwd), ended(before), ended(after), undefined, undefined, {
        context: 3,
      })
        .split('\n')
        // One line says which file it is; the hunk's place is not that in the file.
        .filter((line) => !/^(?:={3,}|--- |\\)/.test(line))
        .map((line) => line.replace(/^\+\+\+ /, ''))
        .join('\n'),
    );
    return changes.length > 0 ? parts.join('') : diffOfPatch(patch);
  }, [changes, patch, cwd]);
  if (diff === null) return null;
  const isOneHunk = diff.split('\n').filter((line) => line.startsWith('@@ ')).length === 1;
  return <DiffView diff={diff} className={cx('max-h-96 overflow-auto', unnumbered, isOneHunk && unheaded)} />;
}

/** A last line without its end is no change. */
function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
