import { unknownText } from './parts.ts';

/** What a placeholder in a pattern may name. */
export const placeNames = ['workspace', 'cwd', 'home', 'tmp'] as const;
export type PlaceName = (typeof placeNames)[number];

/** First and last code point, both in it. */
type CharRange = readonly [number, number];

/** One element of a pattern whose braces are expanded. */
export type GlobToken =
  | { type: 'text'; text: string }
  | { type: 'any' }
  | { type: 'class'; negated: boolean; ranges: readonly CharRange[] }
  /** A run of stars; `isDouble` with two or more. */
  | { type: 'star'; isDouble: boolean }
  /** A `~` at the beginning, alone or before a slash: the home directory in paths. */
  | { type: 'tilde' }
  | { type: 'place'; name: PlaceName };

export interface ParsedGlob {
  isNegated: boolean;
  /** One list of tokens for each way through the braces. */
  alternatives: readonly (readonly GlobToken[])[];
}

/** How many texts the braces of one pattern may stand for. */
const maxAlternatives = 500;
/** How many tokens all of them may have together: what a pattern costs in memory. */
const maxTokens = 20_000;

/** What is wrong with a pattern, as the end of a sentence: `the pattern "[" has a [ without its ]`. */
export class GlobProblem extends Error {}

/** A pattern taken apart; throws `GlobProblem`. */
export function parseGlob(pattern: string): ParsedGlob {
  if (pattern.includes(unknownText))
    throw new GlobProblem('has the character U+F8FF, which stands for unknown');
  const isNegated = pattern.startsWith('!');
  const source = isNegated ? pattern.slice(1) : pattern;
  if (source === '') throw new GlobProblem('has nothing after its !');
  const reader = new GlobReader(source);
  return { isNegated, alternatives: reader.sequence(false) };
}

class GlobReader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Everything up to the end, or up to the `,` or `}` that ends it inside braces. */
  sequence(isInBraces: boolean): GlobToken[][] {
    let found: GlobToken[][] = [[]];
    const add = (token: GlobToken): void => {
      for (const tokens of found) append(tokens, token);
    };
    if (/^~(?:[/,}]|$)/u.test(this.#source.slice(this.#at, this.#at + 2))) {
      add({ type: 'tilde' });
      this.#at += 1;
    }
    while (this.#at < this.#source.length) {
      const char = this.#source[this.#at];
      if (isInBraces && (char === ',' || char === '}')) break;
      if (char === '{' && this.#opensAlternatives()) {
        found = product(found, this.#alternatives());
        continue;
      }
      add(this.#token(char ?? ''));
    }
    return found;
  }

  #alternatives(): GlobToken[][] {
    const found: GlobToken[][] = [];
    do {
      this.#at += 1;
      found.push(...this.sequence(true));
      checkSize(found);
    } while (this.#source[this.#at] === ',');
    this.#at += 1;
    return found;
  }

  #token(char: string): GlobToken {
    const from = this.#at;
    this.#at += 1;
    switch (char) {
      case '*':
        while (this.#source[this.#at] === '*') this.#at += 1;
        return { type: 'star', isDouble: this.#at - from > 1 };
      case '?':
        return { type: 'any' };
      case '[':
        return this.#class();
      case '\\': {
        const escaped = this.#source[this.#at];
        if (escaped === undefined) throw new GlobProblem('ends with a \\ that escapes nothing');
        this.#at += 1;
        return { type: 'text', text: escaped };
      }
      case '$':
        return this.#source[this.#at] === '{' ? this.#place() : { type: 'text', text: '$' };
      default:
        return { type: 'text', text: char };
    }
  }

  #place(): GlobToken {
    const end = this.#source.indexOf('}', this.#at);
    const name = this.#source.slice(this.#at + 1, end < 0 ? undefined : end);
    const known = placeNames.find((one) => one === name);
    if (end < 0 || !known) {
      const names = placeNames.map((one) => `\${${one}}`).join(', ');
      throw new GlobProblem(`has \${${name}}, which is none of ${names}; write \\\${ for the characters`);
    }
    this.#at = end + 1;
    return { type: 'place', name: known };
  }

  #class(): GlobToken {
    const first = this.#source[this.#at];
    const negated = first === '!' || first === '^';
    if (negated) this.#at += 1;
    const ranges: CharRange[] = [];
    for (let isFirst = true; ; isFirst = false) {
      if (this.#source[this.#at] === ']' && !isFirst) break;
      if (this.#source.startsWith('[:', this.#at)) {
        throw new GlobProblem('has a class like [:alpha:], which is not known here: write [a-zA-Z]');
      }
      const low = this.#classChar();
      const isRange = this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']';
      if (isRange) this.#at += 1;
      const high = isRange ? this.#classChar() : low;
      if (high < low) throw new GlobProblem('has a range in [ ] that runs backwards');
      ranges.push([low, high]);
    }
    this.#at += 1;
    return { type: 'class', negated, ranges };
  }

  #classChar(): number {
    if (this.#source[this.#at] === '\\') this.#at += 1;
    const code = this.#source.codePointAt(this.#at);
    if (code === undefined) throw new GlobProblem('has a [ without its ]: write \\[ for the character');
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  /** Whether the `{` here has a `,` of its own before its `}`; without one it is a character, as in a shell. */
  #opensAlternatives(): boolean {
    let depth = 0;
    let hasComma = false;
    for (let at = this.#at; at < this.#source.length; at += 1) {
      const char = this.#source[at];
      if (char === '\\') at += 1;
      else if (char === '{') depth += 1;
      else if (char === ',' && depth === 1) hasComma = true;
      else if (char === '}') {
        depth -= 1;
        if (depth === 0) return hasComma;
      }
    }
    throw new GlobProblem('has a { without its }: write \\{ for the character');
  }
}

function append(tokens: GlobToken[], token: GlobToken): void {
  const last = tokens.at(-1);
  if (token.type === 'text' && last?.type === 'text') {
    tokens[tokens.length - 1] = { type: 'text', text: last.text + token.text };
  } else if (token.type === 'star' && last?.type === 'star') {
    tokens[tokens.length - 1] = { type: 'star', isDouble: true };
  } else tokens.push(token);
}

function product(heads: GlobToken[][], tails: GlobToken[][]): GlobToken[][] {
  if (heads.length * tails.length > maxAlternatives) throw tooMany();
  const found = heads.flatMap((head) =>
    tails.map((tail) => {
      const tokens = [...head];
      for (const token of tail) append(tokens, token);
      return tokens;
    }),
  );
  checkSize(found);
  return found;
}

function checkSize(found: readonly GlobToken[][]): void {
  const tokens = found.reduce((sum, one) => sum + one.length, 0);
  if (found.length > maxAlternatives || tokens > maxTokens) throw tooMany();
}

function tooMany(): GlobProblem {
  return new GlobProblem(`stands for more than ${maxAlternatives} texts by its { }: write several patterns`);
}
