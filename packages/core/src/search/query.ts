import { indexTerms } from './terms.ts';

/** Words in a row, as the index has them; the last may be the beginning of one. */
export interface SearchPhrase {
  words: readonly string[];
  isPrefix: boolean;
  /** The same in one word, for an identifier of several parts. */
  name: string | null;
}

/** What is looked for. */
export type SearchNode =
  | { type: 'phrase'; phrase: SearchPhrase }
  | { type: 'or'; nodes: readonly SearchNode[] }
  /** All of the first and none of the second. */
  | { type: 'and'; nodes: readonly SearchNode[]; without: readonly SearchNode[] };

export interface SearchQuery {
  root: SearchNode;
  /** What a hit is marked by: every phrase that is not asked to be absent. */
  phrases: readonly SearchPhrase[];
}

/** What is wrong with the words somebody searches for, and where. */
export class SearchQueryError extends Error {}

/** A page of names would otherwise be one question. */
const mostWords = 64;
const deepest = 8;
const shortestPrefix = 3;

/**
 * Reads what somebody searches for:
 *
 * - words: all of them. `fooBar`, `foo_bar`, `foo.bar` and `src/foo` are their parts in a row.
 * - `"…"`: words in a row, whatever stands in the quotes.
 * - `-word`, `-"…"`, `-(…)`: without it. Two hyphens are an option of a program, and just words.
 * - `word*`: words that begin so, from three letters on.
 * - `one OR other`, in capitals; it binds less than words side by side.
 * - `(…)` at the beginning of a word groups.
 *
 * Punctuation counts for nothing.
 *
 * @throws SearchQueryError
 */
export function parseSearch(text: string): SearchQuery {
  const parser = new Parser(text);
  const root = parser.read();
  if (root === null) throw new SearchQueryError(parser.whyNothing());
  return { root, phrases: positives(root) };
}

function positives(node: SearchNode): SearchPhrase[] {
  return node.type === 'phrase' ? [node.phrase] : node.nodes.flatMap(positives);
}

/** Null: only punctuation. */
type Found = SearchNode | null;

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #words = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Found {
    return this.#readAlternatives();
  }

  whyNothing(): string {
    return `"${shorten(this.#text)}" has no word to look for; a word is letters and digits, at most 64 in a row.`;
  }

  #readAlternatives(): Found {
    const nodes: SearchNode[] = [];
    let isOpen = false;
    let orAt = -1;
    for (;;) {
      const from = this.#at;
      const found = this.#readAll();
      if (found.node) nodes.push(found.node);
      else if (found.without > 0) throw this.#wrong(`there is nothing but words to do without`, from);
      else if (isOpen) throw this.#wrong('OR has nothing to look for behind it', orAt);
      if (!this.#takeOr()) break;
      orAt = this.#at - 2;
      if (!found.node) throw this.#wrong('OR has nothing to look for before it', orAt);
      isOpen = true;
    }
    const [first] = nodes;
    return nodes.length > 1 ? { type: 'or', nodes } : (first ?? null);
  }

  /** Everything up to an OR, a closing parenthesis or the end. */
  #readAll(): { node: Found; without: number } {
    const nodes: SearchNode[] = [];
    const without: SearchNode[] = [];
    for (;;) {
      this.#skipBlanks();
      if (this.#isAtEnd() || (this.#depth > 0 && this.#next() === ')') || this.#seesOr()) break;
      const isWithout = this.#takeHyphen();
      const node = this.#readOne();
      if (node) (isWithout ? without : nodes).push(node);
    }
    const [first] = nodes;
    if (!first) return { node: null, without: without.length };
    const node: SearchNode =
      nodes.length === 1 && without.length === 0 ? first : { type: 'and', nodes, without };
    return { node, without: without.length };
  }

  #readOne(): Found {
    const next = this.#next();
    if (next === '(') return this.#readGroup();
    return next === '"' ? this.#readQuoted() : this.#readWord();
  }

  #readGroup(): Found {
    const from = this.#at;
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > deepest)
      throw this.#wrong(`parentheses may be ${deepest} deep, this is one more`, from);
    const node = this.#readAlternatives();
    if (this.#next() !== ')') {
      throw this.#wrong('the parenthesis is not closed; put "…" around it to look for it', from);
    }
    this.#at += 1;
    this.#depth -= 1;
    return node;
  }

  #readQuoted(): Found {
    const from = this.#at;
    const end = this.#text.indexOf('"', from + 1);
    if (end < 0) throw this.#wrong('the quote is not closed', from);
    this.#at = end + 1;
    return this.#phrase(this.#text.slice(from + 1, end), this.#takeStar(), from);
  }

  #readWord(): Found {
    const from = this.#at;
    let open = 0;
    while (!this.#isAtEnd()) {
      const next = this.#next();
      if (next === '"' || isBlank(next)) break;
      if (next === '(') open += 1;
      if (next === ')') {
        if (open === 0 && this.#depth > 0) break;
        open -= 1;
      }
      this.#at += 1;
    }
    const word = this.#text.slice(from, this.#at);
    return word.endsWith('*') ? this.#phrase(word.slice(0, -1), true, from) : this.#phrase(word, false, from);
  }

  #phrase(text: string, isPrefix: boolean, from: number): Found {
    const terms = indexTerms(text);
    if (terms.words === '') return null;
    const words = terms.words.split(' ');
    this.#words += words.length;
    if (this.#words > mostWords) throw this.#wrong(`more than ${mostWords} words are too many`, from);
    const last = words.at(-1) ?? '';
    if (isPrefix && last.length < shortestPrefix && /^[a-z0-9]*$/.test(last)) {
      throw this.#wrong(`"${last}*" fits too much: ${shortestPrefix} letters are needed before the *`, from);
    }
    const name = words.length > 1 && terms.names === words.join('') ? terms.names : null;
    return { type: 'phrase', phrase: { words, isPrefix, name } };
  }

  #takeOr(): boolean {
    if (!this.#seesOr()) return false;
    this.#at += 2;
    return true;
  }

  #seesOr(): boolean {
    const behind = this.#text[this.#at + 2];
    return this.#text.startsWith('OR', this.#at) && (behind === undefined || isBlank(behind));
  }

  /** One hyphen before something. */
  #takeHyphen(): boolean {
    const behind = this.#text[this.#at + 1];
    if (this.#next() !== '-' || behind === undefined || behind === '-' || isBlank(behind)) return false;
    this.#at += 1;
    return true;
  }

  #takeStar(): boolean {
    if (this.#next() !== '*') return false;
    this.#at += 1;
    return true;
  }

  #skipBlanks(): void {
    while (isBlank(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  #next(): string {
    return this.#text[this.#at] ?? '';
  }

  #wrong(what: string, at: number): SearchQueryError {
    const place = this.#text.slice(at).trimStart();
    return new SearchQueryError(
      `The search cannot be read at character ${at + 1}, "${shorten(place)}": ${what}.`,
    );
  }
}

function isBlank(character: string): boolean {
  return character !== '' && character.trim() === '';
}

function shorten(text: string): string {
  const characters = [...text.replace(/\p{Cc}+/gu, ' ')];
  return characters.length > 40 ? `${characters.slice(0, 40).join('')}…` : characters.join('');
}
