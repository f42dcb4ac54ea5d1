import { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let house: House;
beforeAll(async () => {
  house = await House.open();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

const startShell = async (...args: string[]) =>
  house.run(
    'start',
    '-p',
    'shell',
    '-d',
    await house.workDirectory(),
    ...(args.length > 0 ? ['--', ...args] : []),
  );

describe('a shell session from start to end', () => {
  it('types a prompt, proves it by the echo, and shows what the program answers', async () => {
    const id = await startShell('bash', '--norc');
    const sent = await house.cli(['send', id, 'echo $((20+22))', '--json']);
    expect(sent.code).toBe(0);
    expect(JSON.parse(sent.stdout)).toMatchObject({
      outcome: 'delivered',
      delivery: { evidence: { source: 'screen' } },
    });
    await waitFor('the answer', async () => (await house.screen(id)).split('\n').includes('42'));
  });

  it('keeps exit code, signal and last words', async () => {
    const id = await startShell('sh', '-c', 'echo last words; exit 7');
    const ended = await house.until(id, 'ended', (session) => session.endedAt !== null);
    expect(ended).toMatchObject({
      status: 'crashed',
      exitCode: 7,
      signal: null,
      pid: null,
      attachCommand: null,
    });
    expect(await house.screen(id)).toContain('last words');
    expect(JSON.parse(await house.run('show', id, '--json'))).toMatchObject({
      exitCode: 7,
      status: 'crashed',
    });
    await waitFor('the pane to be given back', async () => !(await house.tmux('ls')).includes(id));
  });

  it('calls a program that ends with 0 stopped', async () => {
    const id = await startShell('true');
    expect(await house.until(id, 'ended', (s) => s.endedAt !== null)).toMatchObject({
      status: 'stopped',
      exitCode: 0,
    });
  });

  it('loses nothing of 200 kB printed right before the end', async () => {
    const id = await startShell(
      'sh',
      '-c',
      'i=0; while [ $i -lt 1900 ]; do printf "%0100d\\n" $i; i=$((i+1)); done; echo THE END',
    );
    await house.until(id, 'ended', (session) => session.endedAt !== null);
    const lines = (await house.run('tail', id, '-n', '1901')).split('\n');
    expect(lines).toHaveLength(1901);
    expect(lines.at(-1)).toBe('THE END');
    expect(lines.slice(0, -1).every((line, i) => Number(line) === i)).toBe(true);
  });

  it('gives the program a clean environment with its own name in it', async () => {
    const id = await startShell('sh', '-c', 'env | sort > env.txt; sleep 1000');
    const { readFile } = await import('node:fs/promises');
    const file = `${await house.workDirectory()}/env.txt`;
    const env = await waitFor('the environment', async () => {
      const text = await readFile(file, 'utf8').catch(() => '');
      return text.includes('TERM=') ? text : '';
    });
    expect(env).toContain(`CODEPIPER_SESSION=${id}\n`);
    expect(env).toContain(`CODEPIPER_SOCKET=${house.socket}\n`);
    expect(env).toMatch(/^CODEPIPER_TOKEN=[\w-]{43}$/m);
    expect(env).toMatch(/^TMUX=/m);
    expect(env).not.toMatch(/^CODEPIPER_(HOME|LOG_LEVEL|TMUX_SOCKET|PANE)=/m);
    await house.run('kill', id);
  });

  it('stops a shell as a closing terminal does', async () => {
    const id = await startShell('bash', '--norc');
    await house.until(id, 'running', (session) => session.status === 'running' && session.pid !== null);
    await house.run('stop', id);
    expect(await house.session(id)).toMatchObject({ status: 'stopped', signal: 'SIGHUP' });
  });

  it('resumes in the same row, with name and environment', async () => {
    const id = await house.run(
      'start',
      '-p',
      'shell',
      '-d',
      await house.workDirectory(),
      '--name',
      'again',
      '--env',
      'WORD=kept',
      '--',
      'sh',
      '-c',
      'echo word=$WORD; exec sleep 1000',
    );
    await waitFor('the first run', async () => (await house.screen(id)).includes('word=kept'));
    await house.run('kill', 'again');
    await house.run('resume', 'again');
    expect(await house.session('again')).toMatchObject({
      id,
      status: 'running',
      name: 'again',
      exitCode: null,
    });
    await waitFor('the second run', async () => (await house.screen(id)).includes('word=kept'));
    await house.run('kill', id);
    await house.run('rm', id);
    expect((await house.cli(['show', id])).code).toBe(4);
  });
});
