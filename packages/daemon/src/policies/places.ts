import { nearest } from '../platform/nearest.ts';

/** Lists whose items people count. */
const nouns: Readonly<Record<string, string>> = {
  policies: 'policy',
  rules: 'rule',
  cases: 'case',
  sets: 'set',
  policyIds: 'policy',
};

/** A place in policies as people name it, counted from 1: `policy 2, rule 1: action`; empty for the whole. */
export function placeText(path: readonly PropertyKey[]): string {
  const items: string[] = [];
  let at = 0;
  for (; at + 1 < path.length; at += 2) {
    const noun = Object.hasOwn(nouns, String(path[at])) ? nouns[String(path[at])] : undefined;
    const index = String(path[at + 1]);
    if (noun === undefined || !/^\d+$/.test(index)) break;
    items.push(`${noun} ${Number(index) + 1}`);
  }
  const field = path.slice(at).map(String).join('.');
  return [items.join(', '), field].filter((text) => text !== '').join(': ');
}

/** What is wrong with a value: for a word that is none of a few, which ones they are and the nearest. */
export function valueProblem(message: string, value: unknown): string {
  const options = /^Invalid option: expected one of (.+)$/.exec(message)?.[1];
  if (options === undefined) return message;
  const known = options.split('|').map((option) => option.replaceAll('"', ''));
  const list = known.join(', ');
  if (typeof value !== 'string') return `must be one of ${list}`;
  const near = nearest(value, known);
  return `"${value.slice(0, 80)}" is none of ${list}${near ? `; did you mean "${near}"?` : ''}`;
}
