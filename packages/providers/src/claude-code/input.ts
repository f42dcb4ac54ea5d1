import { cutAtImages, imagesFirst, isImageChunk, mentionImage, withoutImages } from '../images.ts';
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

/**
 * The name of a file at the very end has a list of completions open, and Enter chooses from it instead of sending. White
 * space behind it does not help; quotes around it and a space do. (With a full stop behind it, it is no file's name.)
 */
const lastMention = /(^|\s)@(?:"([^"\n]+)"|([^\s"]*[^\s".,;:!?)]))\s*$/;

const wrapper = /\n{0,2}<pasted_content id="[^"]*">\n([\s\S]*?)\n<\/pasted_content id="[^"]*">\n?/g;

export const input: InputRules = {
  bracketed: true,
  defuse(text) {
    if (command.test(text)) return imagesFirst(text) ?? `${text}${padding}`;
    if (lastMention.test(text)) return defuseStart(text.replace(lastMention, '$1@"$2$3" '));
    // A backslash before Enter would make a new line of it.
    return defuseStart(text.endsWith('\\') ? `${text} ` : text);
  },
  chunk(text) {
    // Claude drops control characters and escape sequences from a paste and makes four spaces of a tab. When it drops
    // invisible characters it wants a second Enter: they must not get there.
    const typed = withoutInvisible(plainText(text)).replaceAll('\t', '    ');
    if (typed.endsWith(padding) && command.test(typed)) return [typed];
    return cutAtImages(typed, (part) => {
      const cut = pieces(part, pieceLength, pieceLines);
      return cut.length > maxPieces ? [part] : cut;
    });
  },
  // `@path` in a prompt attaches small images only, and says nothing of larger ones. The path on its own, pasted, becomes
  // an image of any size, but a moment later: an Enter right behind it would leave it to the next prompt.
  mention: mentionImage,
  settling: { isSlow: isImageChunk, countTaken: imagesInComposer },
  guards,
  matches: (sent, seen) => isSamePrompt(plain(sent), plain(seen)),
  interrupt: ['Escape'],
};

function plain(text: string): string {
  return withoutImages(text.replace(wrapper, '$1')).replace(/@"([^"\n]+)"/g, '@$1');
}

/** The composer stands between the last two rules; what it wraps may be cut anywhere. */
function imagesInComposer(screen: string): number {
  const parts = screen.split(/^\s*─{10,}.*$/m);
  const composer = (parts.at(-2) ?? '').replace(/\s+/g, '');
  return composer.match(/\[Image#\d+\]/g)?.length ?? 0;
}
