import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../log/log.ts';
import { createTmux } from './create-tmux.ts';
import type { PaneInfo, Tmux } from './tmux.ts';
import { tmuxFeatures } from './version.ts';

let stack: AsyncDisposableStack;
let server: ReturnType<typeof scratchTmux>;
let home: string;
let tmux: Tmux;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  home = stack.use(await makeTempDir()).path;
  server = stack.use(scratchTmux());
  const { socketName } = server;
  tmux = stack.use(await createTmux({ socketName, home, env: process.env, log: silentLog }));
});
afterEach(() => stack.disposeAsync());

/** A pane whose program writes to a file exactly what it is given. */
async function startSink(before = ''): Promise<{ pane: PaneInfo; read(): Promise<Buffer> }> {
  const file = join(home, 'typed');
  const argv = ['sh', '-c', `stty raw -echo; printf '${before}'; : >"$0"; exec cat >>"$0"`, file];
  const pane = await tmux.createPane({ sessionName: 'codepiper-sink', cols: 100, rows: 30, argv });
  await waitFor('the program to listen', () => existsSync(file));
  return { pane, read: () => readFile(file) };
}

const plain = { bracketed: false };

describe('bytes that are typed', () => {
  it.each<[string, Uint8Array]>([
    ['text', Buffer.from('é "$~{}\\;#{pane_id} 日本\r\n\t')],
    ['NUL', Uint8Array.of(0)],
    ['every byte there is', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
    ['an old mouse report', Uint8Array.of(0x1b, 0x5b, 0x4d, 0x20, 0xff, 0x80)],
    ['2 MB', Buffer.alloc(2 * 1024 * 1024, 'some text \x01')],
  ])('arrive as they are: %s', async (_what, bytes) => {
    const { pane, read } = await startSink();
    expect(await tmux.typeBytes(pane.paneId, bytes, plain)).toBe('typed');
    await waitFor('the bytes', async () => (await read()).length >= bytes.length);
    expect((await read()).equals(bytes)).toBe(true);
    expect(await server.run('list-buffers', '-F', '#{buffer_name}')).toBe('');
    expect(await readdir(join(home, 'run'))).toEqual([]);
  });

  it.each([
    ['keys as they always were', ''],
    ['keys in ways of its own', '\\033[>4;2m\\033[?1h\\033='],
  ])('arrive as they are a few at a time, where the program asked for %s', async (_what, asked) => {
    const { pane, read } = await startSink(asked);
    // Up to 3.1 there is no such thing.
    await server.run('set-option', '-s', 'extended-keys', 'on').catch(() => undefined);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    for (let at = 0; at < 256; at += 32)
      expect(await tmux.typeBytes(pane.paneId, bytes.subarray(at, at + 32), plain)).toBe('typed');
    await waitFor('the bytes', async () => (await read()).length >= bytes.length);
    expect((await read()).equals(bytes)).toBe(true);
  });

  it('keep their order, whichever way they go', async () => {
    const { pane, read } = await startSink();
    const parts = ['a', '\0', 'b'.repeat(30_000), 'c', '\0d'];
    await Promise.all(parts.map((part) => tmux.typeBytes(pane.paneId, Buffer.from(part), plain)));
    const all = parts.join('');
    await waitFor('all of it', async () => String(await read()) === all);
  });

  it('arrive while somebody scrolls, and leave the place alone', async () => {
    const { pane, read } = await startSink();
    await server.run('copy-mode', '-t', pane.paneId);
    expect(await tmux.typeBytes(pane.paneId, Buffer.from('a'), plain)).toBe('typed');
    // Up to 3.1 a program that somebody scrolls in neither reads nor prints.
    if (!tmuxFeatures(tmux.version ?? '').clientFlags)
      await server.run('send-keys', '-t', pane.paneId, '-X', 'cancel');
    else {
      const mode = await server.run('display-message', '-p', '-t', pane.paneId, '#{pane_in_mode}');
      expect(mode).toBe('1');
    }
    await waitFor('the byte', async () => String(await read()) === 'a');
  });

  it.each([
    ['\\033[?2004h', 'a', '\x1b[200~a\x1b[201~'],
    ['\\033[?2004h', 'a\x1b[201~b\0', '\x1b[200~ab\0\x1b[201~'],
    ['', 'a', 'a'],
  ])('have brackets where the program asked for them (%j %j)', async (asked, text, arrives) => {
    const { pane, read } = await startSink(asked);
    await tmux.typeBytes(pane.paneId, Buffer.from(text), { bracketed: true });
    await waitFor('the paste', async () => String(await read()) === arrives);
  });

  it.each(['a', '\0'])('go nowhere once the program has ended (%j)', async (text) => {
    const { pane } = await startSink();
    await server.run('set-option', '-p', '-t', pane.paneId, 'remain-on-exit', 'on');
    await server.run('respawn-pane', '-k', '-t', pane.paneId, 'true');
    const isDead = () => server.run('display-message', '-p', '-t', pane.paneId, '#{pane_dead}');
    await waitFor('the program to end', async () => (await isDead()) === '1');
    expect(await tmux.typeBytes(pane.paneId, Buffer.from(text), plain)).toBe('gone');
    await expect(tmux.pressKeys(pane.paneId, ['a'])).rejects.toThrow(/has ended/);
    expect(await isDead()).toBe('1');
    await tmux.killSession(pane.sessionName);
    expect(await tmux.typeBytes(pane.paneId, Buffer.from(text), plain)).toBe('gone');
    await expect(tmux.pressKeys(pane.paneId, ['a'])).rejects.toThrow();
    expect(await readdir(join(home, 'run'))).toEqual([]);
  });
});
