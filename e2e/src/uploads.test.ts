import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { UploadedImage } from '@codepiper/core/attachments/attachment.ts';
import { createDashboard, type DashboardHouse, type Visitor } from '@codepiper/testkit/dashboard-house.ts';
import { openOnTinyDisk } from '@codepiper/testkit/faults/tiny-disk.ts';
import { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { png } from './pictures.ts';

describe('uploads', () => {
  let house: House;
  let id: string;
  beforeAll(async () => {
    house = await House.open({
      env: {
        CODEPIPER_STT_COMMAND_JSON: JSON.stringify([
          'sh',
          '-c',
          'echo "$2 $(cat "$1")"',
          'sh',
          '{input}',
          '{mime}',
        ]),
      },
    });
    id = (await house.create({ provider: 'shell', args: ['bash', '--norc'] })).id;
    await house.until(id, 'running', ({ status }) => status === 'running');
  });
  afterAll(async () => house[Symbol.asyncDispose]());

  const post = async (path: string, field: string, file: File, headers = {}) => {
    const { body, type } = await encode(field, file);
    return house.http('POST', `/sessions/${id}/${path}`, body, { 'content-type': type, ...headers });
  };
  const image = (content: Buffer<ArrayBuffer> | string, name = 'a.png') =>
    post('upload-image', 'image', new File([content], name, { type: 'image/png' }));

  it('of a shell are named as a word of it', async () => {
    const content = png();
    const path = join(await house.workDirectory(), 'a b.png');
    await writeFile(path, content);
    await house.run('send', id, 'wc -c <', '-i', path);
    await waitFor('the shell to read it', async () =>
      (await house.screen(id)).includes(`\n${content.length}\n`),
    );
  });

  it('are refused with what is allowed, and leave nothing', async () => {
    expect(await image('<svg xmlns="http://www.w3.org/2000/svg"/>', 'logo.svg')).toMatchObject({
      status: 415,
      body: { code: 'media_refused', error: expect.stringMatching(/SVG.*PNG, JPEG, GIF and WebP/) },
    });
    expect(await image(Buffer.concat([png(), Buffer.alloc(10 * 1024 * 1024)]))).toMatchObject({
      status: 413,
      body: { code: 'body_too_large', error: expect.stringMatching(/10 MB/) },
    });
    expect(await readdir(join(house.home, 'uploads'))).toEqual([]);
  });

  it('that a killed daemon was reading leave no half image', async () => {
    const kept = await image(png());
    expect(kept.status).toBe(201);
    const { path } = kept.body as UploadedImage;
    const before = await readdir(join(path, '..'));
    const uploads = join(house.home, 'uploads');
    const half = connect(house.socket);
    half.on('error', () => undefined);
    half.write(
      [
        `POST /sessions/${id}/upload-image HTTP/1.1`,
        'Host: localhost',
        'Content-Type: multipart/form-data; boundary=b',
        'Content-Length: 100000',
        '',
        '--b',
        'Content-Disposition: form-data; name="image"; filename="a.png"',
        '',
        png().toString('latin1'),
      ].join('\r\n'),
    );
    await waitFor('the daemon to read', async () => (await readdir(uploads)).length === 1);
    await house.halt('SIGKILL');
    expect(await readdir(uploads)).toHaveLength(1);
    await house.start();
    expect(await readdir(join(path, '..'))).toEqual(before);
    expect(await readdir(uploads).catch(() => [])).toEqual([]);
    expect((await image(png())).status).toBe(201);
  });

  it('of speech become text by the command that is set, and are gone', async () => {
    const said = new File(['what was said'], 'blob', { type: 'audio/webm;codecs=opus' });
    expect((await house.http('GET', '/voice')).body).toEqual({ configured: true, timeoutMs: 45_000 });
    expect(await post('terminal/transcribe', 'audio', said)).toMatchObject({
      status: 200,
      body: { text: 'audio/webm what was said' },
    });
    expect(await readdir(join(house.home, 'uploads'))).toEqual([]);
  });

  it('are not made from inside a session where only a person speaks', async () => {
    const environment = await readFile(join(house.home, 'sessions', id, 'launch'), 'utf8');
    // The launch file is emptied by the wrapper: the token is asked of the shell itself.
    expect(environment).toBe('');
    await house.run('send', id, 'echo "token=$CODEPIPER_TOKEN="');
    const token = await waitFor(
      'the token',
      async () => /token=([^=$"]+)=/.exec((await house.screen(id)).replaceAll('\n', ''))?.[1],
    );
    const said = new File(['x'], 'blob', { type: 'audio/webm' });
    expect(
      await post('terminal/transcribe', 'audio', said, { authorization: `Bearer ${token}` }),
    ).toMatchObject({ status: 403 });
  });
});

describe('uploads on a full disk', () => {
  it('say so, leave nothing, and work again when there is room', async () => {
    await using disk = await openOnTinyDisk();
    const { house } = disk;
    const { id } = await house.create({
      provider: 'shell',
      cwd: disk.elsewhere,
      args: ['bash', '--norc'],
    });
    await house.until(id, 'running', ({ status }) => status === 'running');
    // The first makes the folders: what is full later is the file's own place.
    const send = async (content: Buffer<ArrayBuffer>) => {
      const { body, type } = await encode('image', new File([content], 'a.png'));
      return house.http('POST', `/sessions/${id}/upload-image`, body, { 'content-type': type });
    };
    const first = await send(png());
    expect(first.status).toBe(201);
    const folder = join((first.body as UploadedImage).path, '..');
    await disk.fill();
    const large = png(300);
    expect(await send(large)).toMatchObject({
      status: 507,
      body: { code: 'storage_full', error: expect.stringMatching(/full|may not grow/) },
    });
    expect(await readdir(folder)).toHaveLength(1);
    expect(await readdir(join(house.home, 'uploads'))).toEqual([]);
    await disk.free();
    expect(await send(large)).toMatchObject({ status: 201, body: { bytes: large.length } });
  });
});

describe('uploads of a browser', () => {
  let dashboard: DashboardHouse;
  let address: string;
  let id: string;
  beforeAll(async () => {
    dashboard = await createDashboard();
    const { house } = dashboard;
    id = (await house.create({ provider: 'shell', args: ['bash', '--norc'] })).id;
    await house.until(id, 'running', ({ status }) => status === 'running');
    address = `/api/sessions/${id}/upload-image`;
  });
  afterAll(async () => dashboard[Symbol.asyncDispose]());

  const upload = async (visitor: Visitor, path: string, headers = {}) => {
    const content = png();
    const { body, type } = await encode('image', new File([content], 'a.png', { type: 'image/png' }));
    const reply = await visitor.call(path, {
      method: 'POST',
      raw: body,
      headers: { 'content-type': type, ...headers },
    });
    return { content, reply };
  };

  it('are kept for whoever is signed in, byte for byte', async () => {
    const { content, reply } = await upload(dashboard.owner, address);
    expect(reply).toMatchObject({ status: 201, body: { mediaType: 'image/png', bytes: content.length } });
    expect(await readFile(reply.body.path)).toEqual(content);
  });

  it('are refused to everybody else, to other pages, and without the key', async () => {
    const kept = () => readdir(join(dashboard.house.home, 'sessions', id, 'images'));
    const before = await kept();
    const { owner } = dashboard;
    expect((await upload(dashboard.visitor(), address)).reply.status).toBe(401);
    expect((await upload(owner, address, { 'x-codepiper-key': undefined })).reply.status).toBe(401);
    expect((await upload(owner, address, { origin: 'https://evil.example' })).reply.status).toBe(403);
    expect((await upload(owner, address, { 'sec-fetch-site': 'cross-site' })).reply.status).toBe(403);
    expect(await kept()).toEqual(before);
  });

  it('say what to set where speech has no command, before any is read', async () => {
    const reply = await upload(dashboard.owner, `/api/sessions/${id}/terminal/transcribe`);
    expect(reply.reply).toMatchObject({
      status: 503,
      body: { code: 'voice_not_configured', error: expect.stringContaining('CODEPIPER_STT_COMMAND') },
    });
    expect((await dashboard.owner.get('/voice')).body).toMatchObject({ configured: false });
  });
});

/** A form as browsers write it. */
async function encode(field: string, file: File): Promise<{ body: Buffer; type: string }> {
  const form = new FormData();
  form.append(field, file);
  const encoded = new Response(form);
  const type = encoded.headers.get('content-type') ?? '';
  return { body: Buffer.from(await encoded.arrayBuffer()), type };
}
