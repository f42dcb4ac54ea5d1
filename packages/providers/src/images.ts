import { shellWord } from './text.ts';

/** An image that was kept for a session, and no other file that somebody may write of. */
const mention = /@"(\/[^"\n]*\/sessions\/[0-9a-f-]{36}\/images\/[\w.-]+)"/;
const mentions = new RegExp(`${mention.source} *`, 'g');

/** How prompts name an image of a session, until they are typed. */
export function mentionImage(path: string): string {
  return `@"${path}"`;
}

/**
 * Text as chunks, images in chunks of their own: agents take a paste for an image when it is its path and nothing else,
 * quoted as for a shell.
 *
 * @param cut cuts what is text
 */
export function cutAtImages(text: string, cut: (text: string) => string[]): string[] {
  return text
    .split(mention)
    .flatMap((part, index) => (index % 2 === 1 ? [shellWord(part)] : cut(part)))
    .filter((chunk) => chunk !== '');
}

/** Whether a chunk is an image. */
export function isImageChunk(chunk: string): boolean {
  return mention.test(`@"${chunk.replace(/^'([^']*)'$/, '$1')}"`);
}

/** The same text with its images at the front: what begins with one is no command. Null when it has none. */
export function imagesFirst(text: string): string | null {
  const images = text.match(mentions);
  return images && `${images.map((image) => image.trim()).join(' ')} ${text.replace(mentions, '')}`;
}

/** What a prompt says beside its images, which agents replace by `[Image #1]` where they stand. */
export function withoutImages(text: string): string {
  const rest = text.replace(mentions, ' ').replace(/\[Image #\d+\]/g, ' ');
  return rest.trim() === '' && rest !== text ? '[Image]' : rest;
}
