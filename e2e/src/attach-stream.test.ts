import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { builtCli, House } from '@codepiper/testkit/house.ts';
import { type Person, sitDown } from '@codepiper/testkit/person.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let house: House;
let work: string;
beforeAll(async () => {
  house = await House.open();
  work = await house.workDirectory();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

async function startShell(name: string, ...argv: string[]): Promise<string> {
  const id = await house.run('start', '-p', 'shell', '-d', work, '--name', name, '--', ...argv);
  await house.until(id, 'running', ({ status, pid }) => status === 'running' && pid !== null);
  return id;
}

/** A person whose shell runs the command, so that what the terminal shows before and after it can be seen. */
function sit(args: string, size: { cols?: number; rows?: number } = {}): Person {
  const command = `sh -c 'echo $$ > attach.pid; exec "${process.execPath}" "${builtCli}" ${args}'`;
  return sitDown(
    [
      'bash',
      '-c',
      `echo before; ${command}; echo "after $?"; stty -a | grep -oE -- '-?icanon'; read -r line; echo "line $line"`,
    ],
    {
      cwd: work,
      env: house.env,
      ...size,
    },
  );
}

const capture = (id: string) => house.tmux('capture-pane', '-p', '-t', `=codepiper-${id}:`);
const sizeOf = (id: string) =>
  house.tmux('display-message', '-p', '-t', `=codepiper-${id}:`, '#{pane_width}x#{pane_height}');
const untilSize = (id: string, size: string) =>
  waitFor(
    `the pane to be ${size}`,
    async () => (await sizeOf(id)) === size || Promise.reject(new Error(await sizeOf(id))),
  );

/** Waits until both show the same, and the text that is looked for. */
const untilSame = (id: string, person: Person, pattern: RegExp) =>
  waitFor(`${pattern} here and in tmux`, async () => {
    const [there, here] = [tidy(await capture(id)), tidy(person.screen())];
    if (there === here && pattern.test(here)) return true;
    throw new Error(`here\n${here}\nin tmux\n${there}`);
  });

function tidy(screen: string): string {
  return screen
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd();
}

describe('attach --stream', () => {
  it('is the terminal of the session: typing, size, detaching, and finding it again', async () => {
    const id = await startShell('vim', 'vim', '-u', 'NONE', '-N', '-i', 'NONE', 'text');
    await using person = sit('attach vim --stream', { cols: 100, rows: 30 });
    await untilSize(id, '100x30');
    person.type('ihello from here: ä 漢字 🎉');
    person.press('escape');
    person.type(':set number\r');
    await untilSame(id, person, /1 hello from here: ä 漢字 🎉/);
    for (const [cols, rows] of [
      [70, 20],
      [120, 35],
    ] as const) {
      person.resize(cols, rows);
      await untilSize(id, `${cols}x${rows}`);
      await untilSame(id, person, /hello from here/);
    }
    person.press('ctrl-b');
    person.type('d');
    await person.waitForText(/^before\n\[detached from vim\]\nafter 0$/m);
    // Echo and line editing are back.
    await person.waitForText(/^icanon$/m);
    person.type('typed\r');
    await person.waitForText(/^line typed$/m);
    expect((await person.exit).code).toBe(0);

    await using again = sit('attach vim --stream', { cols: 90, rows: 25 });
    await untilSize(id, '90x25');
    await untilSame(id, again, /hello from here/);
    again.type(':q!\r');
    await again.waitForText(/^before\n\[vim: stopped\]\nafter 0$/m);
  });

  it('sends Ctrl+B, pastes whole, and answers no query a second time', async () => {
    const id = await startShell('bash', 'bash', '--norc', '--noprofile');
    await using person = sit('attach bash --stream');
    await untilSize(id, '120x40');
    person.type("PS1='$ '; clear\r");
    await untilSame(id, person, /^\$$/m);
    person.type('echo ac');
    person.press('ctrl-b', 'ctrl-b');
    person.type('b\r');
    await untilSame(id, person, /^abc$/m);
    person.type('echo reading; cat -v\r');
    await untilSame(id, person, /^reading$/m);
    person.type('\0\r');
    await untilSame(id, person, /^\^@\n\^@$/m);
    person.press('ctrl-d');
    person.type('clear; seq 300000; echo flooded\r');
    await untilSame(id, person, /^300000\nflooded$/m);
    const lines = Array.from({ length: 3000 }, (_, i) => `line ${i} with some words: ä€🎉`);
    person.type('cat > pasted\r');
    await untilSame(id, person, /cat > pasted$/m);
    person.type(`\x1b[200~${lines.join('\r')}\r\x1b[201~`);
    const file = join(work, 'pasted');
    await waitFor('the paste', async () =>
      (await readFile(file, 'utf8').catch(() => '')).includes('line 2999'),
    );
    person.press('ctrl-d');
    await waitFor('the end of it', async () => (await readFile(file, 'utf8')) === `${lines.join('\n')}\n`);

    await writeFile(
      join(work, 'asks.sh'),
      "stty raw -echo min 0 time 10; printf '\\033[c\\033[6n'; answers=$(dd bs=200 count=1 2>/dev/null; dd bs=200 count=1 2>/dev/null); stty sane; printf '%s' \"$answers\" | od -c | grep -o '[cR]' | tr -d '\\n'; echo ' answered'\n",
    );
    person.type('clear; sh asks.sh\r');
    await untilSame(id, person, /^cR answered$/m);
    await house.run('kill', id);
    await person.waitForText(/^after 0$/m);
  });

  it('shows a pane of another size cut off, and takes the size when the person types', async () => {
    const id = await startShell('shared', 'bash', '--norc', '--noprofile');
    await using first = sit('attach shared --stream', { cols: 100, rows: 30 });
    await untilSize(id, '100x30');
    first.type("PS1='$ '; clear; echo 'in sight'\r");
    await untilSame(id, first, /^in sight$/m);
    await using second = sit('attach shared --stream', { cols: 60, rows: 12 });
    await second.waitForText(/in sight[\s\S]*100x30: another viewer decides/);
    expect(await sizeOf(id)).toBe('100x30');
    await using watcher = sit('attach shared --stream --read-only', { cols: 60, rows: 12 });
    await watcher.waitForText(/in sight/);
    watcher.type('echo never\r');
    second.type('echo typed\r');
    await untilSize(id, '60x12');
    await untilSame(id, second, /^typed$/m);
    expect(second.screen()).not.toContain('never');
    await using taker = sit('attach shared --stream --take', { cols: 80, rows: 20 });
    await untilSize(id, '80x20');
    await untilSame(id, taker, /^typed$/m);
    for (const person of [first, second, watcher, taker]) {
      person.press('ctrl-b');
      person.type('d');
      await person.waitForText(/^after 0$/m);
    }
    await house.run('kill', id);
  });

  it('finds its way back when the daemon was killed', async () => {
    const id = await startShell('lasting', 'bash', '--norc', '--noprofile');
    await using person = sit('attach lasting --stream', { cols: 80, rows: 20 });
    await untilSize(id, '80x20');
    person.type("PS1='$ '; clear; echo first\r");
    await untilSame(id, person, /^first$/m);
    await house.halt('SIGKILL');
    await person.waitForText(/No connection .*trying again/);
    person.type('echo typed meanwhile\r');
    await house.start();
    await untilSame(id, person, /^typed meanwhile$/m);
    person.press('ctrl-b');
    person.type('d');
    await person.waitForText(/^after 0$/m);
    await house.run('kill', id);
  });

  it('works over a forwarded socket that breaks, and loses nothing', async () => {
    const id = await startShell('far', 'bash', '--norc', '--noprofile');
    const cables = new Set<Socket>();
    const forward = createServer((near) => {
      const far = connect(house.socket);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        cables.add(one);
        one.pipe(other);
        one.on('error', () => {});
        one.on('close', () => other.destroy());
      }
    });
    const path = join(work, 'forwarded');
    await new Promise<void>((resolve) => forward.listen(path, resolve));
    try {
      await using person = sit(`attach far --stream --socket ${path}`, { cols: 80, rows: 20 });
      await untilSize(id, '80x20');
      person.type('clear; for i in 1 2 3 4; do echo ready; read -r x; echo "$i: $x"; done\r');
      await untilSame(id, person, /^ready$/m);
      for (const word of ['one', 'two', 'three', 'four']) {
        person.type(word.slice(0, 1));
        for (const cable of cables) cable.destroy();
        cables.clear();
        person.type(`${word.slice(1)}\r`);
      }
      await untilSame(id, person, /^1: one[\s\S]*^2: two[\s\S]*^3: three[\s\S]*^4: four$/m);
      person.press('ctrl-b');
      person.type('d');
      await person.waitForText(/^after 0$/m);
    } finally {
      forward.close();
      for (const cable of cables) cable.destroy();
    }
    await house.run('kill', id);
  });

  it('is named where tmux is not there, or does not find the session', async () => {
    const id = await startShell('unseen', 'sleep', '1000');
    const bin = join(work, 'bin');
    await mkdir(bin);
    const attach = () =>
      sitDown([process.execPath, builtCli, 'attach', 'unseen'], {
        cwd: work,
        env: { ...house.env, PATH: bin },
        cols: 200,
      });
    await using without = attach();
    await without.waitForText(/install tmux, or check PATH\. Without tmux: codepiper attach unseen --stream/);
    expect((await without.exit).code).toBe(1);
    await writeFile(join(bin, 'tmux'), '#!/bin/sh\nexit 1\n');
    await chmod(join(bin, 'tmux'), 0o755);
    await using blind = attach();
    await blind.waitForText(/another machine, its tmux is there: codepiper attach unseen --stream/);
    await house.run('kill', id);
  });

  it('says why when the daemon does not let it', async () => {
    const id = await startShell('inside', 'bash', '--norc', '--noprofile');
    await house.run('send', id, 'codepiper attach inside --stream; echo code $?');
    await waitFor('the refusal', async () => /Only a person[\s\S]*^code 1$/m.test(await house.screen(id)));
    await house.run('kill', id);
  });

  it('gives the terminal back when it is told to end', async () => {
    const id = await startShell('ended', 'bash', '--norc', '--noprofile');
    await using person = sit('attach ended --stream');
    await untilSize(id, '120x40');
    person.type('top\r');
    const pid = Number(await readFile(join(work, 'attach.pid'), 'utf8'));
    process.kill(pid, 'SIGTERM');
    await person.waitForText(/^before\nafter 143$/m);
    await person.waitForText(/^icanon$/m);
    await house.run('kill', id);
  });
});
