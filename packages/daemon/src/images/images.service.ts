import { existsSync } from 'node:fs';
import { readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { UploadedImage } from '@codepiper/core/attachments/attachment.ts';
import { type ImageType, imageLimits } from '@codepiper/core/attachments/images.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { ReceivedFile } from '../http/uploads.ts';
import { ensurePrivateDirectory } from '../platform/files.ts';
import { KeyedQueue } from '../platform/keyed-queue.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import { describeOther, extensions, imageTypeOf } from './image-type.ts';

export interface ImagesOptions {
  sessions: Pick<SessionsService, 'getLive' | 'providerOf'>;
  /** The private folder of a session. */
  folderOf(sessionId: string): string;
}

/** Reads a file, and has it until the work is done. */
type Receive = (use: (file: ReceivedFile) => Promise<UploadedImage>) => Promise<UploadedImage>;

const megabyte = 1024 * 1024;

/** Images that people give to agents: in the session's folder, and gone with it. */
export class ImagesService {
  readonly #o: ImagesOptions;
  /** Counting and adding are one step. */
  readonly #adding = new KeyedQueue();

  constructor(options: ImagesOptions) {
    this.#o = options;
  }

  /**
   * Keeps an image that comes. The same one twice is one file with one name, so that a text that names it is the same
   * text when it is sent again.
   *
   * @throws CodepiperError `media_refused`, `images_full`, `session_ended`, `folder_blocked`
   */
  async keep(ref: string, receive: Receive): Promise<UploadedImage> {
    const { record } = await this.#o.sessions.getLive(ref);
    return receive(async (file) => {
      const mediaType = requireImage(file);
      const filename = storedName(file, mediaType);
      const path = await this.#adding.run(record.id, () => this.#add(record.id, filename, file));
      const mention = this.#o.sessions.providerOf(record).input.mention(path);
      return { path, filename, mediaType, bytes: file.bytes, mention };
    });
  }

  async #add(sessionId: string, filename: string, file: ReceivedFile): Promise<string> {
    const folder = this.#o.folderOf(sessionId);
    const images = join(folder, 'images');
    const path = join(images, filename);
    // The session may have been removed meanwhile: its folder is not made again.
    if (!existsSync(folder)) throw gone(sessionId);
    ensurePrivateDirectory(images);
    const kept = await readdir(images);
    if (kept.includes(filename)) return path;
    await requireRoom(images, kept, file.bytes);
    await rename(file.path, path).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? gone(sessionId) : error;
    });
    return path;
  }
}

function gone(sessionId: string): CodepiperError {
  return new CodepiperError('session_ended', `Session ${sessionId.slice(0, 8)} has been removed.`);
}

function requireImage({ name, mediaType, head }: ReceivedFile): ImageType {
  const type = imageTypeOf(head);
  if (type) return type;
  const what = describeOther(head) ?? `no image that is known (it was sent as ${mediaType || 'nothing'})`;
  const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name;
  throw new CodepiperError(
    'media_refused',
    `"${shown}" is ${what}. Sessions take PNG, JPEG, GIF and WebP images.`,
    { allowed: Object.keys(extensions) },
  );
}

async function requireRoom(folder: string, kept: readonly string[], bytes: number): Promise<void> {
  const { sessionBytes, sessionFiles } = imageLimits;
  const sizes = await Promise.all(
    kept.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        // An agent may clear up in its own folder.
        () => 0,
      ),
    ),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (kept.length < sessionFiles && total + bytes <= sessionBytes) return;
  throw new CodepiperError(
    'images_full',
    `The session keeps ${kept.length} images with ${Math.ceil(total / megabyte)} MB; it may keep ${sessionFiles} with ${sessionBytes / megabyte} MB. Remove some from ${folder}.`,
  );
}

/** The sender's name without what a shell, an agent or a person could stumble over, and a part of the content's hash. */
function storedName({ name, sha256 }: ReceivedFile, type: ImageType): string {
  const stem = name
    .slice(0, 400)
    .replace(/^.*[/\\]/s, '')
    .replace(/\.[^.]*$/, '')
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  return `${stem || 'image'}-${sha256.slice(0, 12)}.${extensions[type]}`;
}
