/** Made when it is first needed: its tables take 10 ms to load. */
let graphemes: Intl.Segmenter | null = null;

// Escape sequences (CSI, OSC) and the control characters a terminal acts on; tab and line feed are text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const escapeSequences = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controlCharacters = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const pasteEnd = /(?:\x1b\[|\x9b)201~/g;

// Characters without a look of their own: format characters (but the joiners of emoji and of Indic and Persian scripts,
// and the tags of flags), fillers, variation selectors of ideographs, and the private use area.
const invisibleCharacters =
  /(?!\u200c|\u200d|[\u{e0020}-\u{e007f}])\p{Cf}|\p{Co}|[\u115f\u1160\u3164\uffa0]|\u034f|[\u{e0100}-\u{e01ef}]/gu;

/** Line ends of every kind as `\n`. */
export function unixLines(text: string): string {
  return text.replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n');
}

/** Text as an agent takes it from a paste: line ends as `\n`, no escape sequences, no control characters but tabs. */
export function plainText(text: string): string {
  return unixLines(text).replace(escapeSequences, '').replace(controlCharacters, '');
}

/** Text without characters that nobody would see. */
export function withoutInvisible(text: string): string {
  return text.replace(invisibleCharacters, '');
}

/** Takes out what would end a bracketed paste early and let the rest arrive as keystrokes. */
export function withoutPasteEnd(text: string): string {
  let last = text;
  // Taking one out can bring the halves of another together.
  for (let next = last.replace(pasteEnd, ''); next !== last; next = last.replace(pasteEnd, '')) last = next;
  return last;
}

/** Puts one space before text that begins with one of the characters an agent takes for the start of a command. */
export function defuseStart(text: string): string {
  return /^[/!]/.test(text) ? ` ${text}` : text;
}

/**
 * Cuts text into pieces of at most `maxLength` UTF-16 code units and `maxLines` line ends each. A piece ends between
 * graphemes; inside one only where it is itself longer than a piece, and then between code points.
 */
export function pieces(text: string, maxLength: number, maxLines: number): string[] {
  const found: string[] = [];
  let start = 0;
  while (start < text.length) {
    const end = Math.min(endOfLines(text, start, maxLines), start + graphemeCut(text, start, maxLength));
    found.push(text.slice(start, end));
    start = end;
  }
  return found;
}

function endOfLines(text: string, start: number, maxLines: number): number {
  let end = start;
  for (let line = 0; line < maxLines; line++) {
    const next = text.indexOf('\n', end);
    if (next === -1) return text.length;
    end = next + 1;
  }
  return end;
}

/** Length of the longest piece from `start` that is not too long and cuts nothing apart. */
function graphemeCut(text: string, start: number, maxLength: number): number {
  if (text.length - start <= maxLength) return text.length - start;
  // Whether there is a boundary at `maxLength` depends on what comes before it and on one code point after it.
  const window = text.slice(start, start + maxLength + 2);
  graphemes ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const cut = graphemes.segment(window).containing(maxLength)?.index ?? maxLength;
  if (cut > 0) return cut;
  const isLowHalf = /[\udc00-\udfff]/.test(text.charAt(start + maxLength));
  const isHighHalf = /[\ud800-\udbff]/.test(text.charAt(start + maxLength - 1));
  return isLowHalf && isHighHalf ? maxLength - 1 : maxLength;
}

/** Below this length a prompt's end is no proof: too many other texts end in the same way. */
const provingLength = 8;

/**
 * Whether the prompt an agent reports is the text that was sent, whatever the way through the terminal did to white
 * space and control characters. Also true when the prompt holds the text among others: prompts that waited together
 * become one turn (whole lines), and text pasted behind a person's draft follows it directly (its end).
 */
export function isSamePrompt(sent: string, seen: string): boolean {
  const want = comparable(sent);
  const have = comparable(seen);
  if (want === '') return have === '';
  if (`\n${have}\n`.includes(`\n${want}\n`)) return true;
  return want.length >= provingLength && have.endsWith(want);
}

function comparable(text: string): string {
  // Claude composes characters (NFC); the wider form also takes look-alikes for the same.
  const lines = withoutInvisible(plainText(text).normalize('NFKC'))
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim());
  return lines.join('\n').trim();
}

/** Text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
