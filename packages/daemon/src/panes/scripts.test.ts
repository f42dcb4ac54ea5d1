import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { type ScratchTmux, scratchTmux } from '@codepiper/testkit/tmux.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launchFile, shellQuote } from './pane-folder.ts';
import { hookScript, paneScript } from './scripts.ts';

let temp: TempDir;
let tmux: ScratchTmux;
let spool: string;
beforeEach(async () => {
  temp = await makeTempDir();
  tmux = scratchTmux();
  spool = join(temp.path, 'spool');
  mkdirSync(spool);
  writeFileSync(join(temp.path, 'pane.sh'), paneScript);
  writeFileSync(join(temp.path, 'hook.sh'), hookScript);
});
afterEach(async () => {
  await tmux[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

async function runPane(argv: string[], env: Record<string, string> = {}): Promise<void> {
  const text = launchFile({ cwd: temp.path, argv, env: { PATH: '/usr/bin:/bin', ...env }, umask: 0o027 });
  writeFileSync(join(temp.path, 'launch'), text);
  await tmux.run(
    'new-session',
    '-d',
    '-s',
    'pane',
    '-x',
    '80',
    '-y',
    '24',
    '--',
    '/bin/sh',
    join(temp.path, 'pane.sh'),
    temp.path,
    spool,
    'key.1',
  );
}
const exitStatus = () =>
  waitFor(
    'the exit status',
    () => existsSync(join(spool, 'key.1.exit')) && readFileSync(join(spool, 'key.1.exit'), 'utf8'),
  );

describe('the wrapper in the pane', () => {
  it('publishes the exit status when everything printed before is on the screen, and holds the pane', async () => {
    await runPane(['sh', '-c', 'i=0; while [ $i -lt 5000 ]; do echo "line $i"; i=$((i+1)); done; exit 9']);
    expect(await exitStatus()).toBe('9\n');
    expect(await tmux.run('capture-pane', '-p', '-t', 'pane')).toContain('line 4999');
  });

  it.each([
    ['a signal', ['sh', '-c', 'kill -9 $$'], '137\n'],
    ['a program that does not exist', ['/no/such/program'], '127\n'],
    [
      'a program that leaves the terminal raw and asks it things',
      ['sh', '-c', "stty raw; printf '\\033[6n\\033[c'; exit 3"],
      '3\n',
    ],
  ])('knows the end by %s', async (_name, argv, status) => {
    await runPane(argv);
    expect(await exitStatus()).toBe(status);
  });

  it('adds nothing to the last words of a program that is killed', async () => {
    await runPane(['sh', '-c', 'echo last words; echo and an error >&2; kill -9 $$']);
    await exitStatus();
    expect(await tmux.run('capture-pane', '-p', '-t', 'pane')).toBe(
      `last words\nand an error${'\n'.repeat(22)}`,
    );
  });

  it('gives the program the three files of a terminal and no other', async () => {
    await runPane(['sh', '-c', 'for fd in 0 1 2 3 4; do [ -t $fd ] && echo "tty $fd"; done']);
    await exitStatus();
    const screen = await tmux.run('capture-pane', '-p', '-t', 'pane');
    expect(screen.trimEnd()).toBe('tty 0\ntty 1\ntty 2');
  });

  it('writes the process id of the program itself', async () => {
    await runPane(['sleep', '1000']);
    const pid = await waitFor(
      'the pid',
      () => existsSync(join(temp.path, 'pid')) && readFileSync(join(temp.path, 'pid'), 'utf8').trim(),
    );
    // The pid is written by the shell that is about to become the program: the name follows a moment later.
    await waitFor(
      'the program itself under that pid',
      () => readFileSync(`/proc/${pid}/cmdline`, 'utf8') === 'sleep\x001000\0',
    );
  });

  it('gives the program its own environment and umask and shows none of it in an argument', async () => {
    await runPane(['sh', '-c', 'env >env.txt; umask >umask.txt; touch done; exec sleep 1000'], {
      SECRET: "s'e\ncret",
    });
    await waitFor('the program', () => existsSync(join(temp.path, 'done')));
    const env = readFileSync(join(temp.path, 'env.txt'), 'utf8');
    expect(env).toContain("SECRET=s'e\ncret\n");
    expect(env).not.toMatch(/^(HOME|pane_|CODEPIPER_PANE)/m);
    expect(readFileSync(join(temp.path, 'umask.txt'), 'utf8').trim()).toMatch(/^0?027$/);
    expect(execFileSync('ps', ['axww', '-o', 'args']).toString()).not.toContain("s'e");
    expect(readFileSync(join(temp.path, 'launch'), 'utf8')).toBe('');
  });

  it('does not outlive its terminal', async () => {
    await runPane(['sleep', '1000']);
    await waitFor('the pid', () => existsSync(join(temp.path, 'pid')));
    const pid = (await tmux.run('display-message', '-p', '-t', 'pane', '#{pane_pid}')).trim();
    await tmux.run('kill-session', '-t', 'pane');
    expect(await exitStatus()).toBe('129\n');
    await waitFor('the wrapper to end', () => !existsSync(`/proc/${pid}`));
  });

  it('says so when the launch file is damaged instead of running half of it', async () => {
    writeFileSync(join(temp.path, 'launch'), "set -- 'touch' 'harm'\n");
    await tmux.run(
      'new-session',
      '-d',
      '-s',
      'pane',
      '--',
      '/bin/sh',
      join(temp.path, 'pane.sh'),
      temp.path,
      spool,
      'key.1',
    );
    expect(await exitStatus()).toBe('126\n');
    expect(await tmux.run('capture-pane', '-p', '-t', 'pane')).toContain('missing or damaged');
    expect(existsSync(join(temp.path, 'harm'))).toBe(false);
  });
});

describe('the hook command', () => {
  it('files what it is given under a name of its own, whole, and prints nothing', () => {
    const payload = JSON.stringify({ hook_event_name: 'Stop', text: 'ä'.repeat(100_000) });
    const printed = [1, 2].map(() =>
      execFileSync('/bin/sh', [join(temp.path, 'hook.sh'), spool, 'key.1'], {
        input: payload,
        stdio: 'pipe',
      }).toString(),
    );
    expect(printed).toEqual(['', '']);
    const files = readdirSync(spool);
    expect(files).toHaveLength(2);
    for (const file of files) expect(readFileSync(join(spool, file), 'utf8')).toBe(payload);
  });

  it('succeeds in silence when there is no spool: an agent must not take our trouble for a decision', () => {
    expect(
      execFileSync('/bin/sh', [join(temp.path, 'hook.sh'), '/no/spool', 'key.1'], {
        input: '{}',
        stdio: 'pipe',
      }).toString(),
    ).toBe('');
  });
});

it('quotes any word for a shell', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }).filter((s) => !s.includes('\0')),
      (word) => {
        expect(execFileSync('/bin/sh', ['-c', `printf %s ${shellQuote(word)}`]).toString()).toBe(word);
      },
    ),
    { numRuns: 50 },
  );
});
