/**
 * Key names people type (`ctrl+c`, `shift+tab`, `f5`, `enter`, a single character) and the names tmux knows.
 * Names in words, plus tmux's own spelling for those who know it (`C-c`, `M-x`, `BSpace`).
 */
const named: ReadonlyMap<string, string> = new Map(
  Object.entries({
    enter: 'Enter',
    return: 'Enter',
    escape: 'Escape',
    esc: 'Escape',
    tab: 'Tab',
    space: 'Space',
    backspace: 'BSpace',
    bspace: 'BSpace',
    delete: 'DC',
    insert: 'IC',
    up: 'Up',
    down: 'Down',
    left: 'Left',
    right: 'Right',
    home: 'Home',
    end: 'End',
    pageup: 'PPage',
    pagedown: 'NPage',
  }),
);

const modifiers: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ctrl: 'C',
    c: 'C',
    control: 'C',
    alt: 'M',
    m: 'M',
    meta: 'M',
    shift: 'S',
    s: 'S',
  }),
);

/** tmux's name of a key, or undefined when no such key exists. */
export function toTmuxKey(name: string): string | undefined {
  if ([...name].length === 1) return isPrintable(name) ? name : undefined;
  const parts = name.split(/[+-](?=.)/u);
  const base = parts.pop();
  if (base === undefined) return undefined;
  const prefixes: string[] = [];
  for (const part of parts) {
    const modifier = modifiers.get(part.toLowerCase());
    if (!modifier || prefixes.includes(modifier)) return undefined;
    prefixes.push(modifier);
  }
  const key = baseKey(base, prefixes.length > 0);
  if (key === undefined) return undefined;
  if (key === 'Tab' && prefixes.length === 1 && prefixes[0] === 'S') return 'BTab';
  return [...prefixes, key].join('-');
}

function baseKey(base: string, modified: boolean): string | undefined {
  const lower = base.toLowerCase();
  const known = named.get(lower);
  if (known) return known;
  if (/^f([1-9]|1[0-2])$/.test(lower)) return lower.toUpperCase();
  if ([...base].length === 1 && isPrintable(base)) return modified ? lower : base;
  return undefined;
}

function isPrintable(character: string): boolean {
  return !/[\p{Cc}\p{Cs}]/u.test(character);
}

/** The named keys, for help and error messages. */
export const keyNames: readonly string[] = [...named.keys(), 'f1…f12', 'ctrl+x', 'alt+x', 'shift+tab'];
