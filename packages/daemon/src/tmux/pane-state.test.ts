import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PaneTerminal } from '../../test/pane-terminal.ts';
import { createTmux } from './create-tmux.ts';
import { type PaneState, paneStateFormat, parsePaneState } from './pane-state.ts';
import type { PaneInfo, Tmux } from './tmux.ts';
import { tmuxFeatures } from './version.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

let stack: AsyncDisposableStack;
let server: ReturnType<typeof scratchTmux>;
let folder: string;
let tmux: Tmux;
let count: number;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  folder = stack.use(await makeTempDir()).path;
  server = stack.use(scratchTmux());
  tmux = stack.use(await createTmux({ socketName: server.socketName, home: folder, env: process.env, log }));
  count = 0;
});

afterEach(() => stack.disposeAsync());

/** A program that prints each piece when a key comes, in a terminal that changes no byte. */
async function startPrinter(pieces: readonly string[], size = { cols: 40, rows: 8 }): Promise<PaneInfo> {
  const sessionName = `codepiper-p${count++}`;
  const files = pieces.map((_, index) => join(folder, `${sessionName}-${index}`));
  await Promise.all(pieces.map((piece, index) => writeFile(files[index] ?? '', piece, 'latin1')));
  const script = 'stty raw -echo; : >"$0"; for f; do head -c1 >/dev/null; cat "$f"; done; exec sleep 1000';
  return tmux.createPane({
    sessionName,
    ...size,
    argv: ['sh', '-c', script, join(folder, `${sessionName}-ready`), ...files],
  });
}

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

async function pictureOf(pane: PaneInfo, history = 0): Promise<PaneState> {
  await using stream = tmux.stream(pane.paneId, { history });
  for await (const event of stream) if (event.type === 'rebuilt') return event.state;
  throw new Error('no picture');
}

/** Prints the next piece and waits until a terminal that follows has it. */
async function printed(pieces: readonly string[], size = { cols: 40, rows: 8 }) {
  const pane = await startPrinter(pieces, size);
  const terminal = stack.use(new PaneTerminal());
  const stream = stack.use(tmux.stream(pane.paneId, { history: 0 }));
  let length = 0;
  let isReady = false;
  void (async () => {
    for await (const event of stream) {
      await terminal.take(event);
      isReady = true;
      if (event.type === 'bytes') length += event.bytes.length;
    }
  })();
  await waitFor('the first picture', () => isReady);
  await waitFor('the program to listen', () => existsSync(join(folder, `${pane.sessionName}-ready`)));
  let expected = 0;
  return {
    pane,
    terminal,
    async next(piece: number) {
      expected += pieces[piece]?.length ?? 0;
      await tmux.pressKeys(pane.paneId, ['x']);
      await waitFor('the piece', () => length >= expected);
    },
  };
}

async function rebuilt(pane: PaneInfo, history = 0): Promise<PaneTerminal> {
  const terminal = stack.use(new PaneTerminal());
  await terminal.take({ type: 'rebuilt', state: await pictureOf(pane, history) });
  return terminal;
}

describe('the picture of a pane', () => {
  it('has every attribute of every cell', async () => {
    const attributes = [
      1,
      2,
      3,
      4,
      5,
      7,
      8,
      9,
      31,
      45,
      97,
      // Up to 3.1 tmux does not tell of bright backgrounds.
      ...(tmuxFeatures(tmux.version ?? '').clientFlags ? [102] : []),
      '38;5;200',
      '48;5;17',
      '38;2;1;2;3',
      '48;2;9;8;7',
      '53',
    ];
    const screen = [
      ...attributes.map((sgr) => `\x1b[${sgr}m${sgr}\x1b[0m `),
      '\r\n\x1b[4;31munder \x1b[24;44mblue  \x1b[49m \x1b[7minverse   \x1b[0m\r\n',
      '你好 wide ⏺ é e\u0301 ─ \x1b(0lqk\x1b(B \\ \x1b[1;32mgreen',
      '\r\nlast\x1b[44m   \x1b[m',
    ]
      .map(utf8)
      .join('');
    const { pane, terminal, next } = await printed([screen]);
    await next(0);
    const again = await rebuilt(pane);
    expect(again.cells()).toEqual(terminal.cells());
    expect(again.cursor).toEqual(terminal.cursor);
    expect(again.text().join('\n')).toContain('┌─┐');
  });

  it('has history, with the lines that go on', async () => {
    const lines = Array.from({ length: 30 }, (_, line) => `${line} ${'abcdefghi '.repeat(line % 9)}你`);
    const { pane, terminal, next } = await printed([utf8(lines.join('\r\n'))], { cols: 31, rows: 6 });
    await next(0);
    const again = await rebuilt(pane, 1_000);
    expect(again.history()).toEqual(terminal.history());
    expect(again.text()).toEqual(terminal.text());
    const state = await pictureOf(pane, 5);
    expect(state.history).toHaveLength(5);
    const whole = [...state.history, ...state.main];
    const joined = whole.map(({ text, wrapped }) => (wrapped ? text : `${text}\n`)).join('');
    expect(
      joined.endsWith(
        `${lines
          .slice(-2)
          .map((line) => line.trimEnd())
          .join('\n')}\n`,
      ),
    ).toBe(true);
    expect((await pictureOf(pane)).history).toEqual([]);
  });

  it('has the alternate screen, and the main one behind it', async () => {
    const main = utf8('\x1b[31mone\r\n\x1b[0mtwo \x1b[7mx');
    const { pane, terminal, next } = await printed([
      main,
      '\x1b[m\x1b[?1049h\x1b[3;5H\x1b[1mfull',
      '\x1b[?1049l',
    ]);
    await next(0);
    await next(1);
    const state = await pictureOf(pane);
    expect(state.alternate?.savedCursor).toEqual({ x: 5, y: 1 });
    // Where a style ends is told differently by each version; that it is the same is told by the cells.
    expect(state.main.map(({ text }) => stripVTControlCharacters(text)).slice(0, 3)).toEqual([
      'one',
      'two x',
      '',
    ]);
    const again = await rebuilt(pane);
    expect(again.cells()).toEqual(terminal.cells());
    await next(2);
    await again.take({ type: 'bytes', bytes: Buffer.from('\x1b[?1049l') });
    expect(again.cells()).toEqual(terminal.cells());
  });

  it('has modes, scroll region, tab stops and title', async () => {
    const { pane, next } = await printed([
      '',
      '\x1b[?25l\x1b[4h\x1b[?6h\x1b[?7l\x1b[?1h\x1b=\x1b[?1003h\x1b[?1006h\x1b[3;6r\x1b[3g\x1b[1;5H\x1bH\x1b]2;a title\x07',
      '\x1b[?1003l\x1b[?1002h\x1b[?1006l\x1b[?1005h',
      '\x1b[?1002l\x1b[?1000h\x1b[?1005l',
    ]);
    await next(0);
    const plain = await pictureOf(pane);
    expect(plain).toMatchObject({
      cols: 40,
      rows: 8,
      cursor: { x: 0, y: 0 },
      region: { top: 0, bottom: 7 },
      tabs: [8, 16, 24, 32],
      alternate: null,
      modes: {
        cursorVisible: true,
        insert: false,
        origin: false,
        wraparound: true,
        applicationCursorKeys: false,
        applicationKeypad: false,
        mouse: 'none',
        mouseEncoding: 'default',
      },
    });
    await next(1);
    expect(await pictureOf(pane)).toMatchObject({
      title: 'a title',
      region: { top: 2, bottom: 5 },
      tabs: [4],
      modes: {
        cursorVisible: false,
        insert: true,
        origin: true,
        wraparound: false,
        applicationCursorKeys: true,
        applicationKeypad: true,
        mouse: 'move',
        mouseEncoding: 'sgr',
      },
    });
    await next(2);
    expect((await pictureOf(pane)).modes).toMatchObject({ mouse: 'drag', mouseEncoding: 'utf8' });
    await next(3);
    expect((await pictureOf(pane)).modes).toMatchObject({ mouse: 'press', mouseEncoding: 'default' });
  });

  it('has the cursor behind the last column, where the next character wraps', async () => {
    const { pane, terminal, next } = await printed(['a'.repeat(40), 'b']);
    await next(0);
    const state = await pictureOf(pane);
    expect(state.cursor).toEqual({ x: 40, y: 0 });
    const again = await rebuilt(pane);
    await next(1);
    await again.take({ type: 'bytes', bytes: Buffer.from('b') });
    expect(again.text()).toEqual(terminal.text());
    expect(terminal.text()[1]).toBe('b');
  });

  it.each([
    ['a control sequence', 'a\x1b[3', '1mred'],
    ['a title', 'a\x1b]2;some', ' title\x07b'],
    ['a character', 'a\xe4\xbd', '\xa0b'],
  ])('is exact in the middle of %s', async (_, first, second) => {
    const { pane, terminal, next } = await printed([first, second]);
    await next(0);
    const again = stack.use(new PaneTerminal());
    const stream = stack.use(tmux.stream(pane.paneId, { history: 0 }));
    let pictures = 0;
    void (async () => {
      for await (const event of stream) {
        await again.take(event);
        if (event.type === 'rebuilt') pictures++;
      }
    })();
    await waitFor('the picture', () => pictures > 0);
    await next(1);
    await waitFor('the same', () => JSON.stringify(again.cells()) === JSON.stringify(terminal.cells()));
    expect(terminal.text()[0]).toMatch(/^a(red|b|你b)$/);
  });

  it('leaves nothing behind, in tmux or in the folder', async () => {
    const { pane, next } = await printed([utf8('\x1b[31mäöü line\x1b[0m of some length\r\n'.repeat(3_000))]);
    await next(0);
    const pid = await server.run('display-message', '-p', '#{pid}');
    const memory = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    await pictureOf(pane, 3_000);
    const before = memory();
    for (let times = 0; times < 40; times++)
      expect((await pictureOf(pane, 3_000)).history.length).toBeGreaterThan(2_900);
    // 40 pictures have 9 MB.
    expect(memory() - before).toBeLessThan(2_000);
    expect(await server.run('list-buffers')).toBe('');
    expect(await readdir(join(folder, 'run'))).toEqual([]);
  });

  it('is taken where the path of the home means something to tmux', async () => {
    const odd = join(folder, 'we ird#{pid} %Y \'"$x;');
    await mkdir(odd);
    await using other = await createTmux({ socketName: server.socketName, home: odd, env: process.env, log });
    const argv = ['sh', '-c', 'printf seen; exec cat'];
    const pane = await other.createPane({ sessionName: 'codepiper-odd', cols: 20, rows: 5, argv });
    await server.waitForText(pane.paneId, /seen/);
    await using stream = other.stream(pane.paneId, { history: 10 });
    for await (const event of stream) {
      expect(event).toMatchObject({ type: 'rebuilt', state: { history: [] } });
      if (event.type === 'rebuilt') expect(event.state.main[0]?.text).toBe('seen');
      break;
    }
  });
});

describe('what tmux tells', () => {
  const names = [...paneStateFormat.matchAll(/#\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const none = { rows: '', joined: '' };
  const told = (values: Record<string, string>, screen = none): PaneState | null =>
    parsePaneState('%1', names.map((name) => values[name] ?? '').join('\t'), {
      history: none,
      screen,
      behind: none,
      keepsSpaces: true,
      pending: new Uint8Array(),
    });

  it('is no picture when it is about another pane', () => {
    expect(told({ pane_id: '%2' })).toBeNull();
  });

  it('leaves open what this version does not know', () => {
    expect(told({ pane_id: '%1' })?.modes).toMatchObject({
      cursorShape: null,
      cursorBlinks: null,
      bracketedPaste: null,
      synchronizedOutput: null,
    });
    const newest = {
      cursor_shape: 'bar',
      cursor_blinking: '0',
      bracket_paste_flag: '1',
      synchronized_output_flag: '0',
    };
    expect(told({ pane_id: '%1', ...newest })?.modes).toMatchObject({
      cursorShape: 'bar',
      cursorBlinks: false,
      bracketedPaste: true,
      synchronizedOutput: false,
    });
  });

  it('says which lines go on, also where it joins without the cells that were never written', () => {
    const screen = { rows: 'abc  \nd    \n     \nef   \n', joined: 'abcd\n\nef\n' };
    expect(told({ pane_id: '%1' }, screen)?.main).toEqual([
      { text: 'abc  ', wrapped: true },
      { text: 'd', wrapped: false },
      { text: '', wrapped: false },
      { text: 'ef', wrapped: false },
    ]);
  });
});
