import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { codex } from '@codepiper/providers/codex/codex.ts';
import type { Provider } from '@codepiper/providers/provider.ts';
import { shell } from '@codepiper/providers/shell/shell.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceivedFile } from '../http/uploads.ts';
import { ImagesService } from './images.service.ts';

const id = '0f8f0000-0000-4000-8000-000000000001';
const png = Buffer.from('\x89PNG\r\n\x1a\nand what follows', 'latin1');

let temp: TempDir;
let provider: Provider;
let images: ImagesService;
let isLive: boolean;
beforeEach(async () => {
  temp = await makeTempDir();
  provider = shell;
  isLive = true;
  await mkdir(folder(), { recursive: true });
  images = new ImagesService({
    sessions: {
      getLive: async () => {
        if (!isLive) throw new CodepiperError('session_ended', 'It has ended.');
        return { record: { id } } as never;
      },
      providerOf: () => provider,
    },
    folderOf: (session) => join(temp.path, 'my sessions', session),
  });
});
afterEach(() => temp[Symbol.asyncDispose]());

const folder = () => join(temp.path, 'my sessions', id);
const kept = () => readdir(join(folder(), 'images')).catch(() => []);

async function keep(content: Buffer, name = 'shot.png', mediaType = 'image/png') {
  const path = join(temp.path, randomUUID());
  await writeFile(path, content);
  const file: ReceivedFile = {
    path,
    name,
    mediaType,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    head: content.subarray(0, 64),
  };
  return images.keep('ref', (use) => use(file).finally(() => rm(path, { force: true })));
}

it('keeps an image for its owner alone, and says how a prompt names it', async () => {
  const image = await keep(png);
  expect(image).toMatchObject({ mediaType: 'image/png', bytes: png.length });
  expect(image.filename).toMatch(/^shot-[0-9a-f]{12}\.png$/);
  expect(image.path).toBe(join(folder(), 'images', image.filename));
  expect(image.mention).toBe(`'${image.path}'`);
  expect(await readFile(image.path)).toEqual(png);
  expect((await stat(join(folder(), 'images'))).mode & 0o777).toBe(0o700);
  provider = codex;
  expect((await keep(png)).mention).toBe(`@"${image.path}"`);
});

it.each([
  { what: 'is not a directory', make: (path: string) => writeFile(path, 'notes') },
  { what: 'is a link', make: (path: string) => symlink(temp.path, path) },
  { what: 'is a link', make: (path: string) => symlink('nowhere', path) },
])('says what to do where its folder $what', async ({ what, make }) => {
  const path = join(folder(), 'images');
  await make(path);
  const refused = await keep(png).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: 'folder_blocked',
    message: expect.stringContaining(`${path} ${what}`),
  });
  expect(String(refused)).toContain('Move it away');
  await rm(path);
  expect(await keep(png)).toMatchObject({ bytes: png.length });
});

it('keeps the same image once, and two with one name apart', async () => {
  const first = await keep(png);
  expect((await keep(png)).path).toBe(first.path);
  const other = await keep(Buffer.concat([png, png]));
  expect(other.path).not.toBe(first.path);
  expect((await kept()).sort()).toEqual([first.filename, other.filename].sort());
});

it.each([
  ['../../etc/passwd', /^passwd-[0-9a-f]{12}\.png$/],
  ['C:\\Users\\me\\shot one.png', /^shot-one-[0-9a-f]{12}\.png$/],
  ['-rf $(reboot);`x`"\'.png', /^rf-reboot-x-[0-9a-f]{12}\.png$/],
  ['Bildschirmfoto über alles\n\x1b[31m.png', /^[A-Za-z0-9-]+-[0-9a-f]{12}\.png$/],
  ['日本語.png', /^image-[0-9a-f]{12}\.png$/],
  ['', /^image-[0-9a-f]{12}\.png$/],
  ['.png', /^image-[0-9a-f]{12}\.png$/],
  ['x'.repeat(5000), /^x{40}-[0-9a-f]{12}\.png$/],
  ['picture.svg', /^picture-[0-9a-f]{12}\.png$/],
])('makes %j harmless', async (name, stored) => {
  expect((await keep(png, name)).filename).toMatch(stored);
  expect(await kept()).toHaveLength(1);
});

describe('what an image is', () => {
  it.each([
    ['image/png', png, 'png'],
    ['image/jpeg', Buffer.from('\xff\xd8\xff\xe0..JFIF', 'latin1'), 'jpg'],
    ['image/gif', Buffer.from('GIF89a....'), 'gif'],
    ['image/webp', Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1'), 'webp'],
  ])('is said by its bytes: %s', async (mediaType, content, extension) => {
    const image = await keep(content, 'x.txt', 'text/plain');
    expect(image.mediaType).toBe(mediaType);
    expect(image.filename.endsWith(`.${extension}`)).toBe(true);
  });

  it.each([
    ['<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', /SVG/],
    ['\ufeff <?xml version="1.0"?><svg/>', /SVG/],
    ['<!DOCTYPE svg PUBLIC>', /SVG/],
    ['\0\0\0\x20ftypheic\0\0', /HEIC/],
    ['\0\0\0\x20ftypavif\0\0', /AVIF/],
    ['%PDF-1.7', /PDF/],
    ['#!/bin/sh', /no image that is known \(it was sent as image\/png\)/],
    ['RIFF\0\0\0\0WAVEfmt ', /no image/],
    [' \x89PNG\r\n', /no image/],
  ])('%j is refused with what is allowed', async (content, says) => {
    const refused = keep(Buffer.from(content), 'logo.png');
    await expect(refused).rejects.toMatchObject({
      code: 'media_refused',
      message: expect.stringMatching(says),
    });
    await expect(refused).rejects.toThrow(/^"logo\.png" is .*PNG, JPEG, GIF and WebP/);
    expect(await kept()).toEqual([]);
  });
});

it('keeps so many megabytes for a session and no more, also when they come at once', async () => {
  await keep(png);
  const [name = ''] = await kept();
  // 200 MB less one byte, without the bytes.
  await truncate(join(folder(), 'images', name), 200 * 1024 * 1024 - 30);
  const results = await Promise.allSettled([
    keep(Buffer.concat([png, Buffer.from('a')])),
    keep(Buffer.concat([png, Buffer.from('b')])),
  ]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  await expect(keep(Buffer.concat([png, png]))).rejects.toMatchObject({
    code: 'images_full',
    message: expect.stringMatching(/2 images with 200 MB; it may keep 1000 with 200 MB/),
  });
  expect(await kept()).toHaveLength(2);
});

it('keeps a thousand for a session and no more', async () => {
  const directory = join(folder(), 'images');
  await mkdir(directory, { mode: 0o700 });
  await Promise.all(Array.from({ length: 1000 }, (_, i) => writeFile(join(directory, `${i}.png`), '')));
  await expect(keep(png)).rejects.toMatchObject({ code: 'images_full' });
});

it('makes no folder for a session that has ended or is gone', async () => {
  isLive = false;
  await expect(keep(png)).rejects.toMatchObject({ code: 'session_ended' });
  isLive = true;
  await rm(folder(), { recursive: true });
  await expect(keep(png)).rejects.toMatchObject({ code: 'session_ended' });
  expect(await readdir(join(temp.path, 'my sessions'))).toEqual([]);
});

it('closes the folder to others when somebody opened it', async () => {
  const directory = join(folder(), 'images');
  await mkdir(directory);
  await chmod(directory, 0o755);
  await keep(png);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
});
