import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Client } from '@codepiper/client/client.ts';
import { imageLimits, withMentions } from '@codepiper/core/attachments/images.ts';
import { UsageError } from './usage-error.ts';

/** How long an image may take to be stored, in milliseconds. */
const uploadMs = 120_000;

/**
 * The text with images behind it, as the session's agent takes them. Every file is read before the first is sent.
 *
 * @throws UsageError for a file that cannot be sent
 */
export async function withImages(
  client: Client,
  session: string,
  text: string,
  images: { paths: readonly string[]; cwd: string },
): Promise<string> {
  const files: File[] = [];
  for (const path of images.paths) files.push(await readImage(path, images.cwd));
  const mentions: string[] = [];
  for (const image of files) {
    const kept = await client.request('POST', '/sessions/:id/upload-image', {
      params: { id: session },
      form: { image },
      timeoutMs: uploadMs,
    });
    mentions.push(kept.mention);
  }
  return withMentions(text, mentions);
}

async function readImage(path: string, cwd: string): Promise<File> {
  const whole = resolve(cwd, path);
  try {
    const found = await stat(whole);
    if (!found.isFile()) throw new UsageError(`--image is "${path}"; it must be a file.`);
    if (found.size > imageLimits.bytes) {
      const size = Math.ceil((found.size / 1024 / 1024) * 10) / 10;
      throw new UsageError(`--image is "${path}" with ${size} MB; an image may have 10 MB.`);
    }
    return new File([await readFile(whole)], basename(whole));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UsageError(`--image: there is no file "${path}".`);
    if (code === 'EACCES' || code === 'EPERM') throw new UsageError(`--image: "${path}" may not be read.`);
    throw error;
  }
}
