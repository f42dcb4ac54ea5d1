import type { InputRules } from '../provider.ts';
import { defuseStart, isSamePrompt, pieces, plainText, withoutInvisible } from '../text.ts';
import { guards } from './screen.ts';

// Measured: a paste of 801 characters or of 4 lines reaches the model wrapped as "pasted content", which it is told
// need not be the person's own words. Smaller pastes one after the other arrive as typed.
const pieceLength = 700;
const pieceLines = 2;

/**
 * Pieces that are worth their time: about 7 ms each, so 3 s. Longer text (some 280,000 characters, or 800 lines) goes
 * in one paste: it arrives whole, wrapped as pasted content, which is what it is.
 */
const maxPieces = 400;

/**
 * A first word that may name a command. White space before it does not help: Claude runs the command all the same.
 * (`/usr/bin is …` is no command, and `/foo` with a space before it none that Claude knows.)
 */
const command = /^\s*\/[\p{L}\p{N}_:.-]*(?:\s|$)/u;

/** Line ends that make one paste of a text too long to be shown as typed: as pasted content nothing in it is run. */
const padding = '\n'.repeat(10);

const wrapper = /\n{0,2}<pasted_content id="[^"]*">\n([\s\S]*?)\n<\/pasted_content id="[^"]*">\n?/g;

export const input: InputRules = {
  bracketed: true,
  defuse(text) {
    if (command.test(text)) return `${text}${padding}`;
    // A backslash before Enter would make a new line of it.
    return defuseStart(text.endsWith('\\') ? `${text} ` : text);
  },
  chunk(text) {
    // Claude drops control characters and escape sequences from a paste and makes four spaces of a tab. When it drops
    // invisible characters it wants a second Enter: they must not get there.
    const plain = withoutInvisible(plainText(text)).replaceAll('\t', '    ');
    if (plain.endsWith(padding) && command.test(plain)) return [plain];
    const cut = pieces(plain, pieceLength, pieceLines);
    return cut.length > maxPieces ? [plain] : cut;
  },
  guards,
  matches: (sent, seen) => isSamePrompt(unwrap(sent), unwrap(seen)),
  interrupt: ['Escape'],
};

function unwrap(text: string): string {
  return text.replace(wrapper, '$1');
}
