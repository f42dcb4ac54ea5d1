import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { scratchTmux } from '../src/tmux.ts';
import { waitFor } from '../src/wait.ts';

const options = { cwd: tmpdir(), env: { PATH: process.env.PATH, MARK: 'only this' }, cols: 60, rows: 10 };

test('a program sees its own environment, gets pasted lines as they are, and ends with the server', async () => {
  process.env.CODEPIPER_LEAK = 'leaked';
  await using tmux = scratchTmux();
  const pid = await tmux.start(
    'a',
    ['sh', '-c', 'stty -echo; echo "$MARK,$CODEPIPER_LEAK,"; exec cat'],
    options,
  );
  delete process.env.CODEPIPER_LEAK;
  await tmux.waitForText('a', /^only this,,$/m);

  await tmux.paste('a', 'one; "two"\n  three $HOME');
  await tmux.press('a', 'Enter');
  await tmux.waitForText('a', /^one; "two"\n {2}three \$HOME$/m);

  process.kill(pid, 0);
  await tmux[Symbol.asyncDispose]();
  await expect(tmux.run('list-sessions')).rejects.toThrow(/no server running|error connecting/);
});

test('the server outlives its last session and is not the outer one', async () => {
  await using tmux = scratchTmux();
  await tmux.start('a', ['sleep', '60'], options);
  await tmux.run('kill-session', '-t', 'a');
  await tmux.start('b', ['sleep', '60'], options);
  expect(await tmux.run('list-sessions', '-F', '#{session_name}')).toBe('b');
});

test('the server goes with a test run that is killed', async () => {
  const kit = new URL('../src/tmux.ts', import.meta.url);
  const script = `const { scratchTmux } = await import(${JSON.stringify(kit.href)});
    const tmux = scratchTmux();
    await tmux.start('a', ['sleep', '60'], { cwd: '/', env: process.env });
    console.log(tmux.socketName);
    setInterval(() => {}, 1000);`;
  const args = ['--conditions=source', '--experimental-strip-types', '--input-type=module', '-e', script];
  const runner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [name] = await once(runner.stdout.setEncoding('utf8'), 'data');
  const sessions = () => promisify(execFile)('tmux', ['-L', String(name).trim(), 'list-sessions']);
  await sessions();

  runner.kill('SIGKILL');
  await waitFor('the server to be gone', () =>
    sessions().then(
      () => false,
      () => true,
    ),
  );
});
