import type { SearchPhrase } from './query.ts';
import { locateTerms, type TermSpan } from './spans.ts';
import { indexTerms } from './terms.ts';

/** As much of an entry's text as is indexed, in UTF-16 code units. */
const indexedLength = 262_144;
/** The text is looked through in passages of this length, each beginning with the end of the one before. */
const passageLength = 1000;
const passageOverlap = 200;

interface Hit {
  start: number;
  end: number;
  phrase: SearchPhrase;
}

/**
 * What stands around the hits in a text, about `length` characters on one line, without control characters. Odd pieces
 * are hits: before, hit, between, hit, …, behind. Without a hit it is the text's beginning.
 */
export function snippetOf(text: string, phrases: readonly SearchPhrase[], length = 160): string[] {
  const { start: from, end } = bestPassage(text.slice(0, indexedLength), phrases);
  const passage = text.slice(from, end);
  const hits = hitsIn(passage, phrases);
  const window = bestWindow(hits, length);
  const shown = around(passage, window, length);
  const pieces: string[] = [];
  let at = shown.start;
  for (const { start, end: hitEnd } of hits) {
    if (start < at || hitEnd > shown.end) continue;
    pieces.push(passage.slice(at, start), passage.slice(start, hitEnd));
    at = hitEnd;
  }
  pieces.push(passage.slice(at, shown.end));
  const plain = pieces.map(plainText);
  const last = plain.length - 1;
  plain[0] = (plain[0] ?? '').trimStart();
  plain[last] = (plain[last] ?? '').trimEnd();
  if (from + shown.start > 0) plain[0] = `…${plain[0]}`;
  if (from + shown.end < text.length) plain[last] = `${plain[last]}…`;
  return plain;
}

/** The first passage with the most of the phrases. */
function bestPassage(text: string, phrases: readonly SearchPhrase[]): { start: number; end: number } {
  let best = { start: 0, end: Math.min(text.length, passageLength) };
  let most = 0;
  for (let start = 0; start < text.length; ) {
    const end = start + passageLength < text.length ? wordEnd(text, start + passageLength) : text.length;
    const { words, names } = indexTerms(text.slice(start, end));
    const spaced = { words: ` ${words} `, names: ` ${names} ` };
    const count = phrases.filter((phrase) => isIn(spaced, phrase)).length;
    if (count > most) {
      best = { start, end };
      most = count;
    }
    if (most === phrases.length || end === text.length) break;
    start = Math.max(start + 1, wordEnd(text, end - passageOverlap));
  }
  return best;
}

/** Where the word at a place ends; the place itself when it goes on for too long. */
function wordEnd(text: string, place: number): number {
  const blank = text.slice(place, place + 100).search(/\s/);
  if (blank >= 0) return place + blank;
  return isHighHalf(text.charCodeAt(place - 1)) ? place - 1 : place;
}

function isHighHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isIn(text: { words: string; names: string }, { words, isPrefix, name }: SearchPhrase): boolean {
  const end = isPrefix ? '' : ' ';
  const inRow = ` ${words.join(' ')}${end}`;
  if (text.words.includes(inRow)) return true;
  if (words.length === 1) return text.names.includes(inRow);
  return name !== null && (text.words.includes(` ${name}${end}`) || text.names.includes(` ${name}${end}`));
}

/** Hits in their order; those that overlap are one. */
function hitsIn(passage: string, phrases: readonly SearchPhrase[]): Hit[] {
  const { words, names } = locateTerms(passage);
  const hits: Hit[] = [];
  for (const phrase of phrases) {
    for (let at = 0; at < words.length; at += 1) {
      const hit = hitAt(words, at, phrase.words, phrase);
      if (hit) hits.push(hit);
    }
    const whole = phrase.words.length === 1 ? phrase.words : phrase.name === null ? [] : [phrase.name];
    const places = phrase.words.length === 1 ? names : [...names, ...words];
    for (let at = 0; whole.length > 0 && at < places.length; at += 1) {
      const hit = hitAt(places, at, whole, phrase);
      if (hit) hits.push(hit);
    }
  }
  hits.sort((one, other) => one.start - other.start || other.end - one.end);
  const apart: Hit[] = [];
  for (const hit of hits) {
    const before = apart.at(-1);
    if (before && hit.start < before.end) before.end = Math.max(before.end, hit.end);
    else apart.push(hit);
  }
  return apart;
}

function hitAt(
  spans: readonly TermSpan[],
  at: number,
  words: readonly string[],
  phrase: SearchPhrase,
): Hit | null {
  const last = words.length - 1;
  for (const [index, word] of words.entries()) {
    const term = spans[at + index]?.term;
    const isBeginning = phrase.isPrefix && index === last;
    if (!(isBeginning ? term?.startsWith(word) : term === word)) return null;
  }
  const [first, end] = [spans[at], spans[at + last]];
  return first && end ? { start: first.start, end: end.end, phrase } : null;
}

/** The first stretch that holds the most different phrases, of those the most hits. */
function bestWindow(hits: readonly Hit[], length: number): { start: number; end: number } {
  let best = { start: 0, end: 0 };
  let most = 0;
  for (const [index, { start, end: firstEnd }] of hits.entries()) {
    const phrases = new Set<SearchPhrase>();
    let count = 0;
    let end = firstEnd;
    for (let at = index; at < hits.length; at += 1) {
      const hit = hits[at];
      if (!hit || (at > index && hit.end - start > length)) break;
      phrases.add(hit.phrase);
      count += 1;
      end = hit.end;
    }
    const worth = phrases.size * 1000 + count;
    if (worth > most) {
      best = { start, end };
      most = worth;
    }
  }
  return best;
}

/** The stretch and what stands around it, cut between words where there are any. */
function around(
  passage: string,
  { start, end }: { start: number; end: number },
  length: number,
): { start: number; end: number } {
  const spare = Math.max(0, length - (end - start));
  const before = Math.max(0, start - Math.floor(spare / 3));
  const from = before === 0 ? 0 : Math.min(start, wordEnd(passage, before));
  const behind = Math.min(passage.length, from + Math.max(length, end - from));
  if (behind === passage.length) return { start: from, end: behind };
  const blank = passage.lastIndexOf(' ', behind);
  const to = blank >= end && blank > behind - 40 ? blank : wordEnd(passage, behind);
  return { start: from, end: Math.max(end, Math.min(to, behind + 40)) };
}

/** On one line, and with nothing that a terminal would obey or that turns the direction of writing. */
function plainText(text: string): string {
  return text
    .replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '')
    .toWellFormed();
}
