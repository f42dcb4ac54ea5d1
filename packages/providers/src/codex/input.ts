import { cutAtImages, mentionImage, withoutImages } from '../images.ts';
import type { InputRules } from '../provider.ts';
import { defuseStart, isSamePrompt, plainText } from '../text.ts';
import { guards } from './screen.ts';

export const input: InputRules = {
  bracketed: true,
  defuse: (text) => afterMention(defuseStart(text)),
  // One paste, whatever its size: 51,200 characters and 2,000 lines arrived as they were sent. A paste that is the path
  // of an image and nothing else, quoted as for a shell, becomes the image, at once; where there is no such file it stays text.
  chunk: (text) => cutAtImages(plainText(text), (part) => [part]),
  mention: mentionImage,
  settling: null,
  guards,
  matches: (sent, seen) => isSamePrompt(withoutImages(sent), withoutImages(seen)),
  interrupt: ['Escape'],
};

/**
 * A name after `@` or `$` at the very end has a list of completions open, from which Enter would choose. A space closes
 * it; this one and the one before a command are trimmed again before the model sees the text.
 */
function afterMention(text: string): string {
  return /(?:^|\s)[@$]\S*$/.test(text) ? `${text} ` : text;
}
