import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aSession, type FakeDaemon, sessionId, startFakeDaemon } from './fake-daemon.ts';
import { cli, type RunOptions } from './harness.ts';

let daemon: FakeDaemon;
let temp: TempDir;
let document: string[];
let isBroken: boolean;
beforeEach(async () => {
  temp = await makeTempDir();
  document = ['# Mend the parser\n', 'Ω…\n'];
  isBroken = false;
  daemon = await startFakeDaemon();
  const answer: Parameters<FakeDaemon['on']>[1] = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/markdown' });
    for (const piece of document) response.write(piece);
    if (isBroken) response.destroy();
    else response.end();
    return undefined;
  };
  daemon
    .on('GET /sessions/review', () => ({ session: aSession({ name: 'review' }) }))
    .on('GET /sessions/0b7c', () => [404, { error: 'Session not found: 0b7c.', code: 'session_not_found' }])
    .on('GET /sessions/zzz', () => [404, { error: 'Session not found: zzz.', code: 'session_not_found' }])
    .on('GET /conversations/zzz', () => [404, { error: 'No conversation.', code: 'conversation_not_found' }])
    .on('GET /conversations/0b7c', () => ({ conversation: {} }))
    .on(`GET /sessions/${sessionId}/export`, answer)
    .on('GET /conversations/0b7c/export', answer);
});
afterEach(async () => {
  await daemon[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

const run = (line: string, options: RunOptions = {}) =>
  cli(line.split(' '), { socket: daemon.socket, cwd: temp.path, ...options });
const asked = () => daemon.asked.at(-1);
const file = (name: string) => readFileSync(join(temp.path, name), 'utf8');

describe('export', () => {
  it('prints a session’s document, Markdown unless told otherwise', async () => {
    expect(await run('export review')).toMatchObject({ code: 0, out: '# Mend the parser\nΩ…\n', err: '' });
    expect(asked()).toMatchObject({
      path: `/sessions/${sessionId}/export`,
      query: { format: 'markdown', redact: 'false' },
    });
    await run('export review --json --redact');
    expect(asked()?.query).toEqual({ format: 'json', redact: 'true' });
  });

  it('takes what is no session for a conversation', async () => {
    expect((await run('export 0b7c -f html')).code).toBe(0);
    expect(asked()).toMatchObject({ path: '/conversations/0b7c/export', query: { format: 'html' } });
    const { code, err } = await run('export zzz');
    expect({ code, err }).toMatchObject({
      code: 4,
      err: expect.stringContaining('Neither a session nor a conversation'),
    });
  });

  it.each([
    ['a.md', 'markdown'],
    ['a.MARKDOWN', 'markdown'],
    ['a.json', 'json'],
    ['a.b.htm', 'html'],
    ['a.html', 'html'],
  ])('writes %s as %s, for its owner only', async (name, format) => {
    const { code, out, err } = await run(`export review -o ${name}`);
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toBe(`Wrote ${join(temp.path, name)} (${Buffer.byteLength(document.join(''))} bytes).\n`);
    expect(asked()?.query.format).toBe(format);
    expect(file(name)).toBe(document.join(''));
    expect(statSync(join(temp.path, name)).mode & 0o777).toBe(0o600);
    expect(readdirSync(temp.path)).toEqual([name]);
  });

  it('leaves a file that is there, unless told to write over it', async () => {
    writeFileSync(join(temp.path, 'a.md'), 'mine');
    chmodSync(join(temp.path, 'a.md'), 0o644);
    const refused = await run('export review -o a.md');
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('is there already') });
    expect(file('a.md')).toBe('mine');
    expect((await run('export review -o a.md --force')).code).toBe(0);
    expect(file('a.md')).toBe(document.join(''));
    expect(statSync(join(temp.path, 'a.md')).mode & 0o777).toBe(0o600);
  });

  it('fails, and leaves no file, when the document breaks off', async () => {
    isBroken = true;
    writeFileSync(join(temp.path, 'b.md'), 'mine');
    for (const line of ['export review', 'export review -o a.md', 'export review -o b.md --force']) {
      const { code, err } = await run(line);
      expect({ line, code, err }).toMatchObject({ line, code: 1, err: expect.stringMatching(/^Error: /) });
    }
    expect(readdirSync(temp.path)).toEqual(['b.md']);
    expect(file('b.md')).toBe('mine');
  });
});
