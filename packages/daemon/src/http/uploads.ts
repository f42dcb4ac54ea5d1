import { createHash, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Upload } from '@codepiper/core/endpoint.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { fastifyMultipart, Multipart, MultipartFile } from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { asStorageError } from '../db/errors.ts';
import { ensurePrivateDirectory } from '../platform/files.ts';

/** A file that was sent, whole, in a place of its own until the request is answered. Move it away to keep it. */
export interface ReceivedFile {
  path: string;
  /** As the sender calls it; any text. */
  name: string;
  /** As the sender says; any text in lower case, without parameters. */
  mediaType: string;
  bytes: number;
  /** Hexadecimal, of the content. */
  sha256: string;
  /** The first bytes, at most 64. */
  head: Buffer;
}

/** Files that come at the same time, at most. */
const maxAtOnce = 8;
/** How long nothing may come of a file that is being sent, in milliseconds: it keeps others waiting. */
const usualStallMs = 30_000;
/** Headers and boundaries around a file. */
const aroundFile = 64 * 1024;
const headLength = 64;

/** Where files of requests are written while they come: `<home>/uploads`. What a daemon left there when it died goes. */
export class UploadFolder {
  readonly #path: string;
  readonly #stallMs: number;
  #coming = 0;

  /** @param stallMs test seam */
  constructor(path: string, stallMs = usualStallMs) {
    this.#path = path;
    this.#stallMs = stallMs;
    rmSync(path, { recursive: true, force: true });
  }

  /**
   * Takes the one file of a request and hands it to `use`; afterwards what is left of it is removed.
   *
   * @throws CodepiperError `invalid_request`, `body_too_large`, `too_many_requests` or `storage_full`
   */
  async receive<T>(
    request: FastifyRequest,
    upload: Upload,
    use: (file: ReceivedFile) => Promise<T>,
  ): Promise<T> {
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > upload.maxBytes + aroundFile) throw tooLarge(upload, declared);
    if (this.#coming >= maxAtOnce) {
      throw new CodepiperError(
        'too_many_requests',
        `${maxAtOnce} files are being sent already: send it again.`,
      );
    }
    this.#coming += 1;
    const path = join(this.#path, randomUUID());
    try {
      ensurePrivateDirectory(this.#path);
      return await use(await this.#whileItComes(request, () => receiveFile(request, upload, path)));
    } finally {
      this.#coming -= 1;
      await rm(path, { force: true });
    }
  }

  /** Hangs up on a sender that has fallen silent. On the Unix socket nobody else does. */
  async #whileItComes<T>({ raw }: FastifyRequest, receive: () => Promise<T>): Promise<T> {
    const { socket } = raw;
    const before = socket.timeout ?? 0;
    const hangUp = () => void socket.destroy();
    socket.setTimeout(this.#stallMs, hangUp);
    try {
      return await receive();
    } finally {
      socket.removeListener('timeout', hangUp);
      socket.setTimeout(before);
    }
  }
}

/** Mounts routes that take `multipart/form-data`, and nothing else, in a scope of their own. */
export function mountMultipart(app: FastifyInstance, routes: readonly RouteOptions[]): void {
  // It takes 3 ms to load. The scope is opened when the server listens; until then the daemon waits for tmux as a rule.
  const loading = import('@fastify/multipart');
  loading.catch(() => undefined);
  app.register(async (scope) => {
    await takeMultipart(scope, (await loading).default);
    for (const route of routes) scope.route(route);
  });
}

async function takeMultipart(scope: FastifyInstance, multipart: typeof fastifyMultipart): Promise<void> {
  scope.removeAllContentTypeParsers();
  // Called, not registered: that would have Fastify read the versions it is made for, which takes 5 ms of a start.
  await new Promise<void>((resolve, reject) => {
    multipart(scope, { throwFileSizeLimit: false }, (error) => (error ? reject(error) : resolve()));
  });
  scope.addContentTypeParser('*', (_request, _body, done) => done(null));
  // What comes after a refusal is read and thrown away: the connection is used again, and one that is cut could take
  // the answer along.
  scope.addHook('onResponse', async ({ raw }) => {
    raw.unpipe();
    raw.resume();
  });
}

async function receiveFile(request: FastifyRequest, upload: Upload, path: string): Promise<ReceivedFile> {
  const { field } = upload;
  if (!request.isMultipart()) {
    throw new CodepiperError(
      'invalid_request',
      `Send ${upload.what} as multipart/form-data, in the field "${field}".`,
    );
  }
  let file: ReceivedFile | null = null;
  // One byte more than may be: a file that was cut off is known by it.
  const limits = { parts: 10, files: 2, fields: 2, fieldSize: 1024, fileSize: upload.maxBytes + 1 };
  try {
    for await (const part of request.parts({ limits })) {
      if (file !== null || part.type !== 'file' || part.fieldname !== field) throw unknownPart(part, field);
      file = await writePart(part, upload, path);
    }
  } catch (error) {
    throw asRefusal(error);
  }
  if (file === null) {
    throw new CodepiperError('invalid_request', `There is no file in the field "${field}".`);
  }
  if (file.bytes === 0) throw new CodepiperError('media_refused', `The file "${shown(file.name)}" is empty.`);
  return file;
}

async function writePart(part: MultipartFile, upload: Upload, path: string): Promise<ReceivedFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  let head = Buffer.alloc(0);
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of part.file as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > upload.maxBytes) throw tooLarge(upload, null);
      if (head.length < headLength) head = Buffer.concat([head, chunk]).subarray(0, headLength);
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
  const mediaType = part.mimetype.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return { path, name: part.filename ?? '', mediaType, bytes, sha256: hash.digest('hex'), head };
}

/** @param bytes of the whole body; null when nobody said how many there are */
function tooLarge(upload: Upload, bytes: number | null): CodepiperError {
  const size = bytes === null ? `more than ${megabytes(upload.maxBytes)}` : megabytes(bytes);
  const message = `The file has ${size}; ${upload.what} may have ${megabytes(upload.maxBytes)}.`;
  return new CodepiperError('body_too_large', message, { maxBytes: upload.maxBytes });
}

function megabytes(bytes: number): string {
  return `${Math.round((bytes / 1024 / 1024) * 10) / 10} MB`;
}

function unknownPart(part: Multipart, field: string): CodepiperError {
  return new CodepiperError(
    'invalid_request',
    `The form has a part "${shown(part.fieldname)}"; it must have one file, in the field "${field}".`,
  );
}

/** Faults of our own disk stay what they are; everything else the parser says is about what was sent. */
function asRefusal(error: unknown): unknown {
  if (error instanceof CodepiperError || asStorageError(error)) return error;
  if (!(error instanceof Error) || 'syscall' in error) return error;
  return new CodepiperError('invalid_request', `The form cannot be read: ${shown(error.message)}`);
}

function shown(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
