import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LogOptions, openLog } from './log.ts';

let temp: TempDir;
const umask = process.umask();
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => {
  process.umask(umask);
  await temp[Symbol.asyncDispose]();
});

const path = () => join(temp.path, 'logs/daemon.log');
const open = (more: Partial<LogOptions> = {}) =>
  openLog({ home: temp.path, level: 'info', maxBytes: 10_000_000, stderr: terminal().stderr, ...more });

/** Stands in for stderr and keeps what was written. */
function terminal(isTTY = false) {
  let text = '';
  const stderr = {
    isTTY,
    write: (chunk: string | Uint8Array) => {
      text += String(chunk);
      return true;
    },
  } as Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;
  return { stderr, text: () => text };
}

async function lines(
  write: (log: ReturnType<typeof open>['log']) => void,
): Promise<Record<string, unknown>[]> {
  {
    await using opened = open();
    write(opened.log);
  }
  return readFileSync(path(), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the file', () => {
  it('has one JSON object a line, from the level up', async () => {
    const found = await lines((log) => {
      log.debug('too quiet');
      log.child({ room: 'x' }).warn({ n: 1, err: new Error('why') }, 'said');
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ level: 'warn', room: 'x', n: 1, msg: 'said', err: { message: 'why' } });
  });

  it.each([0o000, 0o077])('is rotated by size, five are kept, all 0600 with umask %o', async (mask) => {
    process.umask(mask);
    {
      await using opened = open({ maxBytes: 10_000 });
      for (let n = 0; n < 100; n += 1) opened.log.info({ n, filler: 'x'.repeat(1000) }, 'line');
    }
    const names = readdirSync(join(temp.path, 'logs')).sort();
    expect(names).toEqual(['daemon.log', ...[1, 2, 3, 4, 5].map((n) => `daemon.log.${n}`)]);
    for (const name of names) {
      const { mode, size } = statSync(join(temp.path, 'logs', name));
      expect(mode & 0o777).toBe(0o600);
      expect(size).toBeLessThan(12_000);
    }
    const kept = names.flatMap((name) =>
      [...readFileSync(join(temp.path, 'logs', name), 'utf8').matchAll(/"n":(\d+)/g)].map((match) =>
        Number(match[1]),
      ),
    );
    expect(Math.max(...kept)).toBe(99);
    expect(kept.length).toBeGreaterThan(45);
  });
});

describe('secrets', () => {
  it('are nowhere in the file', async () => {
    const secret = 's3cr3t-value-0123456789';
    const found = await lines((log) => {
      log.info({
        token: secret,
        apiKey: secret,
        nested: { list: [{ password: secret, deep: { client_secret: secret } }] },
      });
      log.info({ headers: { authorization: `Bearer ${secret}`, Cookie: `a=${secret}` } });
      log.info({ env: { ANYTHING: secret }, environment: [`PLAIN=${secret}`] });
      log.info(`sent Authorization: Bearer ${secret} and ANTHROPIC_API_KEY=${secret}`);
      log.child({ accessToken: secret }).info({ text: `CODEPIPER_TOKEN=${secret}` });
      log.error({
        err: Object.assign(new Error(`Bearer ${secret}`), { token: secret, details: { key: secret } }),
      });
      log.info({ argv: ['--header', `Bearer ${secret}`] });
    });
    expect(found).toHaveLength(7);
    expect(JSON.stringify(found)).not.toContain(secret);
  });

  it('leave the rest as it was', async () => {
    const fields = {
      keys: ['C-c'],
      inputTokens: 12,
      monkey: undefined,
      at: null,
      key: true,
      path: '/a=b',
      session: 'x',
    };
    const [line] = await lines((log) => log.info(fields, 'plain'));
    expect(line).toMatchObject({
      keys: ['C-c'],
      inputTokens: 12,
      at: null,
      key: true,
      path: '/a=b',
      session: 'x',
    });
  });

  it('bears what refers to itself', async () => {
    const circle: Record<string, unknown> = { name: 'x' };
    circle.self = circle;
    const [line] = await lines((log) => log.info({ circle }));
    expect(line?.circle).toMatchObject({ name: 'x' });
  });
});

describe('the terminal', () => {
  it('shows one readable line each in the foreground, and nothing that steers it', async () => {
    const shown = terminal(true);
    await using opened = open({ foreground: true, stderr: shown.stderr });
    opened.log.warn({ session: 'abc', token: 'hush-hush' }, 'two\nlines\u001b[2J');
    opened.log.error({ err: new Error('why') }, 'failed');
    const [first, second, rest] = shown.text().split('\n');
    expect(first).toContain('two lines');
    expect(first).toContain('session="abc"');
    expect(first).not.toContain('\u001b[2J');
    expect(first).not.toContain('hush');
    expect(second).toContain('failed (why)');
    expect(rest).toBe('');
  });

  it.each([
    [true, false],
    [false, true],
  ])('is quiet with a terminal %s and foreground %s', async (isTTY, foreground) => {
    const shown = terminal(isTTY);
    await using opened = open({ foreground, stderr: shown.stderr });
    opened.log.error('x');
    expect(shown.text()).toBe('');
  });
});

describe('a disk that fails', () => {
  it('costs lines, is reported once, and is over when it works again', async () => {
    mkdirSync(path(), { recursive: true }); // a directory where the file should be
    const shown = terminal();
    await using opened = open({ stderr: shown.stderr });
    opened.log.info('lost');
    await waitFor('the report', () => shown.text() !== '');
    for (let n = 0; n < 10; n += 1) opened.log.info('lost');
    expect(opened.lost).toBeGreaterThanOrEqual(10);
    rmSync(path(), { recursive: true });
    await waitFor('the log to come back', () => {
      opened.log.info('back');
      return readFileSync(path(), 'utf8').includes('back');
    });
    expect(shown.text().trim().split('\n')).toEqual([
      expect.stringContaining(`the log ${path()} cannot be written`),
    ]);
  });

  it.runIf(process.platform === 'linux' && process.getuid?.() === 0)('bears a full disk', async () => {
    mkdirSync(join(temp.path, 'logs'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', join(temp.path, 'logs')]);
    try {
      const shown = terminal();
      await using opened = open({ stderr: shown.stderr });
      writeFileSync(join(temp.path, 'logs/filler'), 'x'.repeat(40_000));
      for (let n = 0; n < 200; n += 1) opened.log.info({ filler: 'x'.repeat(1000) }, 'line');
      await waitFor('the report', () => shown.text().includes('ENOSPC'));
      expect(opened.lost).toBeGreaterThan(0);
      rmSync(join(temp.path, 'logs/filler'));
      await waitFor('the log to come back', () => {
        opened.log.info('back again');
        return readFileSync(path(), 'utf8').includes('back again');
      });
    } finally {
      execFileSync('umount', ['-l', join(temp.path, 'logs')]);
    }
  });
});
