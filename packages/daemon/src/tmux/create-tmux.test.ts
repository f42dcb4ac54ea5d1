import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ControlClient } from './control-client.ts';
import { createTmux } from './create-tmux.ts';
import type { TmuxOptions } from './keeper.ts';
import { quote, unescapeDollars } from './quote.ts';
import type { PaneInfo, Tmux, TypeRequest } from './tmux.ts';
import { tmuxFeatures } from './version.ts';

const log: TmuxOptions['log'] = { debug() {}, info() {}, warn() {}, error() {} };

let stack: AsyncDisposableStack;
let server: ReturnType<typeof scratchTmux>;
let home: string;
let tmux: Tmux;

function driver(atHome = home): Promise<Tmux> {
  return createTmux({ socketName: server.socketName, home: atHome, env: process.env, log });
}

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  home = stack.use(await makeTempDir()).path;
  server = stack.use(scratchTmux());
  tmux = stack.use(await driver());
});

afterEach(async () => {
  await stack.disposeAsync();
  expect(await controlClients()).toEqual([]);
});

/** Pids of `tmux -C` processes of this test's server. */
async function controlClients(): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (args.includes('-C') && args.includes(server.socketName)) found.push(Number(pid));
  }
  return found;
}

let count = 0;

function start(argv: readonly string[], size = { cols: 100, rows: 30 }): Promise<PaneInfo> {
  return tmux.createPane({ sessionName: `codepiper-t${count++}`, ...size, argv });
}

/** A pane whose program writes to a file exactly what it is given. */
async function startSink(name = 'typed'): Promise<{ pane: PaneInfo; read(): Promise<Buffer> }> {
  const file = join(home, name);
  const pane = await start(['sh', '-c', 'stty raw -echo; : >"$0"; exec cat >>"$0"', file]);
  await waitFor('the program to listen', () => existsSync(file));
  return { pane, read: () => readFile(file) };
}

/** A pane that shows a text and then writes what it is given to a file. */
async function startScreen(text: string): Promise<{ pane: PaneInfo; read(): Promise<Buffer> }> {
  const file = join(home, 'typed');
  const pane = await start([
    'sh',
    '-c',
    'stty raw -echo; printf %s "$1"; : >"$0"; exec cat >>"$0"',
    file,
    text,
  ]);
  await server.waitForText(pane.paneId, new RegExp(text.slice(0, 5)));
  await waitFor('the program to listen', () => existsSync(file));
  return { pane, read: () => readFile(file) };
}

function typing(pane: PaneInfo, change: Partial<TypeRequest>): TypeRequest {
  return {
    paneId: pane.paneId,
    chunks: [],
    bracketed: false,
    enter: false,
    mark: null,
    guards: [],
    ...change,
  };
}

async function typedMark(pane: PaneInfo): Promise<string | undefined> {
  return (await tmux.listPanes()).find(({ paneId }) => paneId === pane.paneId)?.typed;
}

describe('panes', () => {
  it('are made with the size, the mark of the home and argv as given', async () => {
    const file = join(home, 'argv');
    const odd = [
      'a b',
      '"q"',
      "it's",
      '$HOME',
      '~',
      '#{pid}',
      ';',
      '{x}',
      'x;',
      '\u001b[1m',
      'zwei\nZeilen',
      'ü😀',
      '%1',
      '',
    ];
    const pane = await start([
      'sh',
      '-c',
      'printf "%s\\0" "$@" >"$0.tmp"; mv "$0.tmp" "$0"; exec cat',
      file,
      ...odd,
    ]);
    expect(pane).toMatchObject({ cols: 100, rows: 30, home, attached: false, typed: '' });
    await waitFor('the arguments', () => existsSync(file));
    expect((await readFile(file, 'utf8')).split('\0').slice(0, -1)).toEqual(odd);
    expect(await server.run('show-options', '-v', '-t', `=${pane.sessionName}:`, '@codepiper_home')).toBe(
      home,
    );
    const [listed, ...others] = await tmux.listPanes();
    expect({ ...listed, title: '' }).toEqual({ ...pane, title: '' });
    expect(others).toEqual([]);
    expect(() => process.kill(pane.pid, 0)).not.toThrow();
  });

  it('may hold a program that ends at once', async () => {
    const pane = await start(['true']);
    expect(pane.paneId).toMatch(/^%\d+$/);
    await waitFor('the pane to be gone', async () => (await tmux.listPanes()).length === 0);
    expect(await tmux.type(typing(pane, { chunks: ['x'] }))).toBe('gone');
  });

  it('are refused with the words of tmux when the name is taken', async () => {
    const pane = await start(['cat']);
    const again = tmux.createPane({ ...pane, argv: ['cat'] });
    await expect(again).rejects.toMatchObject({
      code: 'tmux_failed',
      message: expect.stringMatching(/duplicate/),
    });
  });

  it('end with their session, and ending one twice is no error', async () => {
    const pane = await start(['cat']);
    await tmux.killSession(pane.sessionName);
    await tmux.killSession(pane.sessionName);
    expect(await tmux.listPanes()).toEqual([]);
    await expect(
      tmux.capture(pane.paneId, { history: 0, styles: false, joinWrapped: false }),
    ).rejects.toMatchObject({
      code: 'tmux_failed',
    });
  });

  it('have the options of our own server', async () => {
    const pane = await start(['cat']);
    const shown = await server.run('show-options', '-sv', 'exit-empty');
    expect(shown).toBe('off');
    expect(await server.run('show-options', '-gv', 'status')).toBe('off');
    const { windowSize } = tmuxFeatures(tmux.version ?? '');
    expect(await server.run('show-options', '-gwv', 'window-size')).toBe(windowSize);
    expect(await server.run('display-message', '-p', '-t', pane.paneId, '#{history_limit}')).toBe('10000');
  });

  it('get a new size that is not pinned', async () => {
    const pane = await start(['cat']);
    await tmux.resize(pane.sessionName, 70, 20);
    expect(await tmux.listPanes()).toMatchObject([{ cols: 70, rows: 20 }]);
    expect(await server.run('display-message', '-p', '-t', pane.paneId, '#{window-size}')).toBe(
      tmuxFeatures(tmux.version ?? '').windowSize,
    );
  });

  it('of others are listed without our mark and left alone', async () => {
    await server.start('theirs', ['cat'], { cwd: home, env: {} });
    const before = await server.run('show-options', '-t', '=theirs:');
    await start(['cat']);
    const theirs = (await tmux.listPanes()).find(({ sessionName }) => sessionName === 'theirs');
    expect(theirs?.home).toBe('');
    await tmux[Symbol.asyncDispose]();
    expect(await server.run('list-sessions', '-F', '#{session_name}')).toContain('theirs');
    expect(await server.run('show-options', '-t', '=theirs:')).toBe(before);
  });
});

describe('typing', () => {
  it('gives the program the exact bytes, and Enter as CR', async () => {
    const { pane, read } = await startSink();
    const chunks = ['Grüße 你好 😀 "$HOME" \\ ~ #{x} ; {}', '\ttab\nline\u001b[A', '- dash', ''];
    expect(await tmux.type(typing(pane, { chunks, enter: true, mark: 'd:1' }))).toBe('typed');
    const expected = `${chunks.join('')}\r`;
    await waitFor('the text', async () => (await read()).length >= Buffer.byteLength(expected));
    expect((await read()).toString()).toBe(expected);
    expect(await typedMark(pane)).toBe('d:1');
    expect(await server.run('list-buffers')).toBe('');
  });

  it('brings 1 MB in chunks, whole and in order', async () => {
    const { pane, read } = await startSink();
    const chunks = Array.from({ length: 1_600 }, (_, index) => `${index} ü ${'x'.repeat(640)}\n`);
    const text = chunks.join('');
    const other = tmux.type(typing(pane, { chunks, mark: 'big' }));
    const after = tmux.type(typing(pane, { chunks: ['end'], mark: 'after' }));
    expect(await other).toBe('typed');
    expect(await after).toBe('typed');
    await waitFor('1 MB', async () => (await read()).length >= Buffer.byteLength(text) + 3);
    expect((await read()).equals(Buffer.from(`${text}end`))).toBe(true);
    expect(await typedMark(pane)).toBe('after');
  });

  it('brings any text, property-tested', async () => {
    const { pane, read } = await startSink();
    let all = '';
    const text = fc.string({ unit: 'grapheme', maxLength: 80 }).map((value) => value.replaceAll('\0', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 4 }), async (chunks) => {
        all += chunks.join('');
        expect(await tmux.type(typing(pane, { chunks }))).toBe('typed');
        await waitFor('the text', async () => (await read()).length >= Buffer.byteLength(all));
        expect((await read()).toString()).toBe(all);
      }),
      { numRuns: 40 },
    );
  });

  it('puts brackets round a paste where the program asked for them, without their end inside', async () => {
    const { pane, read } = await startScreen('ready \u001b[?2004h');
    await tmux.type(typing(pane, { chunks: ['a\u001b[201~b'], bracketed: true, enter: true }));
    const expected = '\u001b[200~ab\u001b[201~\r';
    await waitFor('the text', async () => (await read()).length >= expected.length);
    expect((await read()).toString()).toBe(expected);
  });

  it('does nothing when a guard matches the screen', async () => {
    const { pane, read } = await startScreen('Do you want to proceed? 100% #{x}, {1}');
    for (const guard of ['want +to (proceed|go)', '100% #\\{x\\}, ', '\\{1\\}$', '^Do']) {
      expect(
        await tmux.type(typing(pane, { chunks: ['x'], enter: true, mark: 'no', guards: ['zzz', guard] })),
      ).toBe('guarded');
    }
    expect(await tmux.type(typing(pane, { chunks: ['yes'], mark: 'ok', guards: ['want$', '[{]2[}]'] }))).toBe(
      'typed',
    );
    await waitFor('the text', async () => (await read()).length >= 3);
    expect((await read()).toString()).toBe('yes');
    expect(await typedMark(pane)).toBe('ok');
  });

  it('refuses a guard that tmux cannot compile, as it would guard nothing', async () => {
    const { pane, read } = await startSink();
    await expect(tmux.type(typing(pane, { chunks: ['x'], guards: ['a(b'] }))).rejects.toMatchObject({
      code: 'tmux_failed',
    });
    expect((await read()).length).toBe(0);
  });

  it('arrives while a person scrolls in copy mode, keys too', async () => {
    const { pane, read } = await startSink();
    await server.run('copy-mode', '-t', pane.paneId);
    expect(await tmux.type(typing(pane, { chunks: ['hi'], enter: true }))).toBe('typed');
    await tmux.pressKeys(pane.paneId, ['C-c', 'x']);
    await waitFor('the text', async () => (await read()).length >= 5);
    expect((await read()).toString()).toBe('hi\r\u0003x');
  });

  it('into a program that does not read does not hold up others', async () => {
    const deaf = await start(['sh', '-c', 'stty raw -echo; exec sleep 1000']);
    const { pane, read } = await startSink();
    expect(
      await tmux.type(typing(deaf, { chunks: Array.from({ length: 40 }, () => 'y'.repeat(20_000)) })),
    ).toBe('typed');
    expect(await tmux.type(typing(pane, { chunks: ['through'] }))).toBe('typed');
    await waitFor('the text', async () => (await read()).toString() === 'through');
  });

  it('finds a pane gone that never was, or is dead, and leaves no buffer', async () => {
    const pane = await start(['cat']);
    expect(
      await tmux.type(typing({ ...pane, paneId: '%999' }, { chunks: ['x'], mark: 'm', guards: ['a'] })),
    ).toBe('gone');
    await server.run('set-option', '-w', '-t', pane.paneId, 'remain-on-exit', 'on');
    process.kill(pane.pid, 'SIGKILL');
    const dead = ['display-message', '-p', '-t', pane.paneId, '#{pane_dead}'];
    await waitFor('the pane to be dead', async () => (await server.run(...dead)) === '1');
    expect(await tmux.type(typing(pane, { chunks: ['x'], mark: 'm' }))).toBe('gone');
    expect(await server.run('list-buffers')).toBe('');
    expect(await typedMark(pane)).toBe('');
  });
});

describe('screens', () => {
  it('are read as they are, with history and without', async () => {
    const pane = await start(['sh', '-c', 'seq 1 60; printf "\\033[31mrot\\033[0m 100%% #{pid}"; exec cat'], {
      cols: 40,
      rows: 10,
    });
    const read = (history: number, styles = false): Promise<string> =>
      tmux.capture(pane.paneId, { history, styles, joinWrapped: true });
    await waitFor('the screen', async () => (await read(0)).includes('rot'));
    const lines = (await read(0)).split('\n');
    expect(lines[0]).toBe('52');
    expect(lines[9]).toBe('rot 100% #{pid}');
    expect((await read(500)).split('\n')[0]).toBe('1');
    expect(await read(0, true)).toContain('\u001b[31mrot');
    expect(await readdir(join(home, 'run'))).toEqual([]);
    expect(await server.run('list-buffers')).toBe('');
  });

  it('are kept as they were right before a text, until they are taken', async () => {
    const pane = await start(['cat']);
    const keepScreen = { history: 100, styles: false, joinWrapped: true };
    for (const [text, before] of [
      ['first', ''],
      ['second', 'first\nfirst\n'],
    ] as const) {
      const request = typing(pane, { chunks: [text], enter: true, keepScreen });
      expect(await tmux.type(request)).toBe('typed');
      expect((await tmux.takeKeptScreen(pane.paneId)).trimStart().replace(/\n+$/, '\n')).toBe(before);
      // The terminal echoes it, and the program says it again.
      await server.waitForText(pane.paneId, new RegExp(`${text}\\n${text}`));
    }
    await expect(tmux.takeKeptScreen(pane.paneId)).rejects.toMatchObject({ code: 'tmux_failed' });
    expect(await server.run('list-buffers')).toBe('');
  });

  it('are read where the path of the home means something to tmux', async () => {
    const odd = join(home, 'we ird#{pid} %Y \'"$x;');
    await mkdir(odd);
    await using other = await driver(odd);
    const pane = await other.createPane({
      sessionName: 'codepiper-odd',
      cols: 20,
      rows: 5,
      argv: ['sh', '-c', 'echo seen; exec cat'],
    });
    expect(pane.home).toBe(odd);
    const request = { history: 0, styles: false, joinWrapped: false };
    await waitFor('the screen', async () => (await other.capture(pane.paneId, request)).startsWith('seen'));
    expect((await other.listPanes())[0]?.home).toBe(odd);
  });
});

describe('events', () => {
  it('tell sessions that come and go', async () => {
    let changes = 0;
    const pane = await start(['cat']);
    const stop = tmux.listen({ sessionsChanged: () => changes++ });
    await tmux.killSession(pane.sessionName);
    await waitFor('the change', () => changes > 0);
    stop();
  });

  it('tell titles, odd ones too, of our panes only', async () => {
    const { escapesDollars } = tmuxFeatures(tmux.version ?? '');
    const seen: ReadonlyMap<string, string>[] = [];
    tmux.listen({ titles: (titles) => seen.push(titles) });
    const pane = await start(['cat']);
    await server.start('theirs', ['sh', '-c', "printf '\\033]2;foreign\\007'; exec cat"], {
      cwd: home,
      env: {},
    });
    for (const title of ['✳ Ready | a : b', '%1 #{pid} "x" $HOME ; } { \\', 'tab\there', ' ', 'plain']) {
      await server.run('select-pane', '-t', pane.paneId, '-T', title.replaceAll('#', '##'));
      const printed = await server.run('display-message', '-p', '-t', pane.paneId, '#{pane_title}');
      const real = escapesDollars ? unescapeDollars(printed) : printed;
      await waitFor(`the title ${real}`, () => {
        const last = seen.at(-1)?.get(pane.paneId);
        return last === real || Promise.reject(new Error(`${last}, after ${seen.length} changes`));
      });
      expect([...(seen.at(-1)?.keys() ?? [])]).toEqual([pane.paneId]);
    }
  });

  it('tell once that the server is gone, and a new pane starts another', async () => {
    let gone = 0;
    tmux.listen({ gone: () => gone++ });
    await start(['cat']);
    const pid = Number(await server.run('display-message', '-p', '#{pid}'));
    process.kill(pid, 'SIGKILL');
    await waitFor('the news', () => gone > 0);
    expect(await tmux.listPanes()).toEqual([]);
    expect(await tmux.type(typing({ paneId: '%0' } as PaneInfo, { chunks: ['x'] }))).toBe('gone');
    const pane = await start(['cat']);
    expect((await tmux.listPanes()).map(({ paneId }) => paneId)).toEqual([pane.paneId]);
    expect(gone).toBe(1);
  });
});

describe('the connection', () => {
  it('is not made, and no server started, by looking', async () => {
    await tmux.connect();
    expect(await tmux.listPanes()).toEqual([]);
    await tmux.killSession('codepiper-x');
    await expect(server.run('list-sessions')).rejects.toThrow(/no server|No such file/);
  });

  it('is taken up again after its client was killed, and after it was kicked', async () => {
    let gone = 0;
    tmux.listen({ gone: () => gone++ });
    const { pane, read } = await startSink();
    const sessions = (await server.run('list-sessions', '-F', '#{session_name}')).split('\n');
    const keeper = sessions.find((name) => name.startsWith('codepiper-keeper-')) ?? '';
    const ends: (() => unknown)[] = [
      async () => (await controlClients()).map((pid) => process.kill(pid, 'SIGKILL')),
      () => server.run('detach-client', '-s', keeper),
      () => server.run('kill-session', '-t', keeper),
    ];
    for (const end of ends) {
      const [before] = await controlClients();
      await end();
      await waitFor('the client to end', async () => !(await controlClients()).includes(before ?? 0));
      await waitFor('typing to work again', async () => {
        return (await tmux.type(typing(pane, { chunks: ['x'] }))) === 'typed';
      });
    }
    await waitFor('the text', async () => (await read()).toString() === 'xxx');
    expect(gone).toBe(0);
  });

  it('keeps the server alive while streams and sessions come and go at once', async () => {
    const pane = await start(['cat']);
    const pid = await server.run('display-message', '-p', '#{pid}');
    const watch = async (): Promise<void> => {
      for (let round = 0; round < 25; round++) {
        await using stream = tmux.stream(pane.paneId, { history: 0 });
        const { value } = await stream[Symbol.asyncIterator]().next();
        expect(value?.type).toBe('rebuilt');
      }
    };
    const work = async (): Promise<void> => {
      for (let round = 0; round < 25; round++) {
        const { sessionName, paneId } = await start(['cat']);
        const stream = tmux.stream(paneId, { history: 0 });
        await stream[Symbol.asyncIterator]().next();
        await tmux.pressKeys(pane.paneId, ['x']);
        await tmux.killSession(sessionName);
        await stream[Symbol.asyncDispose]();
      }
    };
    await Promise.all([watch(), watch(), work(), work()]);
    expect(await server.run('display-message', '-p', '#{pid}')).toBe(pid);
  }, 60_000);

  it('fails calls in time when the server does not answer', async () => {
    const pane = await start(['cat']);
    const pid = Number(await server.run('display-message', '-p', '#{pid}'));
    process.kill(pid, 'SIGSTOP');
    try {
      await expect(tmux.pressKeys(pane.paneId, ['x'])).rejects.toMatchObject({ code: 'tmux_failed' });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect(await waitFor('an answer', () => tmux.listPanes())).toHaveLength(1);
  });

  it('is let go although the server does not answer', async () => {
    const pane = await start(['cat']);
    const stream = tmux.stream(pane.paneId, { history: 0 });
    await stream[Symbol.asyncIterator]().next();
    const pid = Number(await server.run('display-message', '-p', '#{pid}'));
    process.kill(pid, 'SIGSTOP');
    try {
      await tmux[Symbol.asyncDispose]();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await using next = await driver();
    await waitFor('an answer', async () => (await next.listPanes()).length === 1);
  }, 30_000);

  it('leaves server and sessions running when it is closed, and the next daemon finds them', async () => {
    const pane = await start(['cat']);
    await tmux[Symbol.asyncDispose]();
    expect(await controlClients()).toEqual([]);
    await expect(tmux.listPanes()).rejects.toMatchObject({ code: 'tmux_failed' });
    await using next = await driver();
    await next.connect();
    expect(await controlClients()).toHaveLength(1);
    expect(await next.listPanes()).toMatchObject([{ paneId: pane.paneId, home }]);
  });

  it('ends the control clients of a killed daemon, and nobody else’s', async () => {
    const pane = await start(['sh', '-c', 'while :; do echo 0123456789; done']);
    await tmux[Symbol.asyncDispose]();
    // Does not read what it watches, so that its clients are stuck when it is killed.
    const script = `
      const { createTmux } = await import(${JSON.stringify(join(import.meta.dirname, 'create-tmux.ts'))});
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const tmux = await createTmux({ socketName: ${JSON.stringify(server.socketName)}, home: ${JSON.stringify(home)}, env: process.env, log });
      await tmux.connect();
      const stream = tmux.stream(${JSON.stringify(pane.paneId)}, { history: 0 });
      await stream[Symbol.asyncIterator]().next();
      process.stdout.write('ready');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await firstOutput(child);
    const person = new ControlClient({
      args: ['-u', '-L', server.socketName, '-C', 'attach-session', '-t', pane.sessionName],
      env: process.env,
      onEvent: () => undefined,
    });
    await person.run('display-message -p x');
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    await using next = await driver();
    await next.connect();
    const keeper = (await server.run('list-clients', '-F', '#{client_pid} #{session_name}'))
      .split('\n')
      .find((line) => line.includes('codepiper-keeper'));
    await waitFor('the rest to end', async () => (await controlClients()).length === 2);
    expect(new Set(await controlClients())).toEqual(new Set([person.pid, Number.parseInt(keeper ?? '', 10)]));
    await person.close();
  });
});

describe('the attach command', () => {
  it('names the socket a person needs', async () => {
    const made = (socketName: string, env: NodeJS.ProcessEnv): Promise<Tmux> =>
      createTmux({ socketName, home, env, log });
    expect((await made('codepiper', {})).attachCommand('codepiper-1')).toBe(
      'tmux -L codepiper attach-session -t codepiper-1',
    );
    expect((await made('default', {})).attachCommand('codepiper-1')).toBe(
      'tmux attach-session -t codepiper-1',
    );
    expect((await made('codepiper', { TMUX_TMPDIR: '/run/x y' })).attachCommand('a')).toBe(
      `tmux -S '/run/x y/tmux-${process.getuid?.()}/codepiper' attach-session -t a`,
    );
  });
});

describe('quoting', () => {
  it('gives tmux the exact bytes of any text', async () => {
    await start(['cat']);
    const client = new ControlClient({
      args: ['-u', '-L', server.socketName, '-C', 'attach-session'],
      env: process.env,
      onEvent: () => undefined,
    });
    const file = join(home, 'buffer');
    const special = fc.constantFrom(
      '\n',
      '\r',
      '\u001b',
      '"',
      "'",
      '$',
      '~',
      '#',
      ';',
      '{',
      '}',
      '\\',
      '%',
      ' ',
      '🎉',
      'ß',
    );
    const text = fc
      .oneof(
        fc.string({ unit: 'binary' }),
        fc.array(fc.oneof(special, fc.string())).map((parts) => parts.join('')),
      )
      .map((value) => Buffer.from(value.replaceAll('\0', '')).toString())
      .filter((value) => value !== '');
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        const blocks = await client.run(
          `set-buffer -b q -- ${quote(value)} ; save-buffer -b q ${quote(file)}`,
        );
        expect(blocks.map(({ ok }) => ok)).toEqual([true, true]);
        expect(await readFile(file, 'utf8')).toBe(value);
      }),
      { numRuns: 300 },
    );
    await client.close();
  });
});

function firstOutput(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', () => reject(new Error('the other daemon ended')));
  });
}
