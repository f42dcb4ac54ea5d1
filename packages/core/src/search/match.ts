import type { SearchNode, SearchPhrase } from './query.ts';

/** Marks of the index, see marks.ts: one of each list. */
export type MarkFilter = readonly (readonly string[])[];

/** Words of the index that begin so; null when there are too many to name. */
export type Beginnings = (beginning: string) => readonly string[] | null;

export interface Match {
  /** What FTS5 is asked. It is made of terms alone: nothing somebody typed has a meaning in it. */
  text: string;
  /** How many phrases are looked for; infinite where a beginning fits too many words. */
  phrases: number;
  /** Words in a row are looked for: they are found by going through all that one of them has. */
  hasRows: boolean;
}

/** @param filter none of its lists may be empty */
export function toMatch(root: SearchNode, filter: MarkFilter, beginnings: Beginnings): Match {
  const marks = filter.map((one) => `marks : (${one.map((mark) => `"${mark}"`).join(' OR ')})`);
  let phrases = filter.flat().length;
  let hasRows = false;

  function nodeText(node: SearchNode): string {
    if (node.type === 'phrase') return phraseText(node.phrase);
    if (node.type === 'or') return group(node.nodes, 'OR');
    const all = group(node.nodes, 'AND');
    return node.without.length === 0 ? all : `(${all} NOT ${group(node.without, 'OR')})`;
  }

  function group(nodes: readonly SearchNode[], operator: 'AND' | 'OR'): string {
    return `(${nodes.map(nodeText).join(` ${operator} `)})`;
  }

  function phraseText({ words, isPrefix, name }: SearchPhrase): string {
    if (words.length === 1) return inRow('{words names}', words, isPrefix);
    const phrase = inRow('words', words, isPrefix);
    return name === null ? phrase : `(${phrase} OR ${inRow('{words names}', [name], isPrefix)})`;
  }

  function inRow(columns: string, words: readonly string[], isPrefix: boolean): string {
    const last = words.at(-1) ?? '';
    hasRows ||= words.length > 1;
    const endings = isPrefix ? beginnings(last) : [last];
    phrases += endings?.length ?? Number.POSITIVE_INFINITY;
    if (endings === null) return `${columns} : "${words.join(' ')}" *`;
    // A beginning no word has is a word no text has.
    const phrase = (ending: string) => `"${[...words.slice(0, -1), ending].join(' ')}"`;
    return `${columns} : (${(endings.length === 0 ? [last] : endings).map(phrase).join(' OR ')})`;
  }

  return { text: [nodeText(root), ...marks].join(' AND '), phrases, hasRows };
}
