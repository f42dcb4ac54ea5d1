/** Free of zod: the command line and the page need it at run time. */

/** Images a session takes, by what their bytes say. SVG is a program, not a picture. */
export const imageTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const;
export type ImageType = (typeof imageTypes)[number];

const megabyte = 1024 * 1024;

export const imageLimits = {
  /** Of one image. */
  bytes: 10 * megabyte,
  /** Of all images of a session together. */
  sessionBytes: 200 * megabyte,
  sessionFiles: 1000,
  /** That a page takes by one paste, drop or choice. */
  atOnce: 5,
  /** That a page keeps for one prompt. */
  withPrompt: 12,
} as const;

/** A prompt with images: their mentions stand behind the text, as the agent takes them. */
export function withMentions(text: string, mentions: readonly string[]): string {
  return [text.trimEnd(), ...mentions].filter((part) => part !== '').join(' ');
}
