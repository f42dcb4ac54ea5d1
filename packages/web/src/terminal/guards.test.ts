import xterm from '@xterm/headless';
import type { Terminal } from '@xterm/xterm';
import { describe, expect, it } from 'vitest';
import { guardErase } from './guard-erase.ts';
import { ownerOf } from './keyboard.ts';
import { pictureOf } from './picture.ts';
import { isReport, swallowQueries } from './swallow-queries.ts';
import { wrapPlainly } from './wrap-plainly.ts';

/** The emulator without its glass; its parser is the one of the browser. */
function emulator(scrollback = 0): Terminal {
  const terminal = new xterm.Terminal({ cols: 10, rows: 4, scrollback, allowProposedApi: true });
  return terminal as unknown as Terminal;
}

const write = (terminal: Terminal, data: string | Uint8Array) =>
  new Promise<void>((resolve) => terminal.write(data, resolve));

const text = ({ buffer: { active } }: Terminal) =>
  Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true));

describe('erasing up to the last cell', () => {
  it.each(['\x1b[1J', '\x1b[?1J'])('%j empties the screen and the emulator goes on', async (erase) => {
    const terminal = emulator();
    guardErase(terminal);
    await write(terminal, `first\x1b[4;10Hx${erase}`);
    expect(text(terminal)).toEqual(['', '', '', '']);
    await write(terminal, '\x1b[Hafter');
    expect(text(terminal)[0]).toBe('after');
  });

  it('leaves every other erase to the emulator', async () => {
    const terminal = emulator(100);
    guardErase(terminal);
    await write(terminal, 'a\r\nb\r\nc\r\nd\r\ne\x1b[2;1H\x1b[1J');
    expect(text(terminal)).toEqual(['a', '', ' ', 'd', 'e'].map((line) => line.trimEnd()));
  });
});

describe('a line that wraps at the bottom', () => {
  const background = (terminal: Terminal, col: number) =>
    terminal.buffer.active
      .getLine(terminal.buffer.active.length - 1)
      ?.getCell(col)
      ?.getBgColor();

  it('goes on in a line without the background of the pen', async () => {
    const [plain, other] = [emulator(), emulator()];
    wrapPlainly(plain);
    for (const terminal of [plain, other]) await write(terminal, '\x1b[4;1H\x1b[44m0123456789ab');
    expect([background(plain, 1), background(plain, 5)]).toEqual([4, -1]);
    // What it is there for: without it the rest of the line is blue.
    expect(background(other, 5)).toBe(4);
  });

  it('and a line feed in one with it', async () => {
    const terminal = emulator();
    wrapPlainly(terminal);
    await write(terminal, '\x1b[4;1H\x1b[44m\n');
    expect(background(terminal, 5)).toBe(4);
  });
});

describe('what a program asks', () => {
  const questions = [
    '\x1b[c',
    '\x1b[>c',
    '\x1b[=c',
    '\x1b[>q',
    '\x1b[5n',
    '\x1b[6n',
    '\x1b[?6n',
    '\x1b[20$p',
    '\x1b[?2004$p',
    '\x1b[?u',
    '\x1b[18t',
    '\x1bP$qm\x1b\\',
    '\x1bP+q544e\x1b\\',
    '\x1b]4;1;?\x07',
    '\x1b]10;?\x07',
    '\x1b]11;?\x1b\\',
    '\x1b]12;?\x07',
    '\x1b]52;c;?\x07',
  ];

  it.each(questions)('%j is answered by nobody here, and prints nothing', async (question) => {
    const terminal = emulator();
    swallowQueries(terminal);
    const answers: string[] = [];
    terminal.onData((data) => answers.push(data));
    await write(terminal, `${question}ok`);
    expect(answers).toEqual([]);
    expect(text(terminal)[0]).toBe('ok');
  });

  it('is not mixed up with what it sets', async () => {
    const terminal = emulator();
    swallowQueries(terminal);
    await write(terminal, '\x1b]2;a title\x07\x1b[31mred\x1b[2 q\x1b[?2004h');
    expect(terminal.modes.bracketedPasteMode).toBe(true);
    expect(terminal.buffer.active.getLine(0)?.getCell(0)?.getFgColor()).toBe(1);
  });
});

describe('reports of the emulator', () => {
  it.each(['\x1b[I', '\x1b[O', '\x1b[?1;2c', '\x1b[3;4R', '\x1b[0n', '\x1b[?2004;1$y', '\x1bP1$r0m\x1b\\'])(
    '%j is one',
    (data) => expect(isReport(data)).toBe(true),
  );
  it.each([
    'a',
    '\x1b',
    '\x1b[A',
    '\x1bOA',
    '\x1b[1;5C',
    '\x1b[15~',
    '\x1b[200~',
    'ä',
    '\r',
    '\x1bb',
    '\x1b[Z',
  ])('%j is a key', (data) => expect(isReport(data)).toBe(false));
});

describe('a picture', () => {
  it('is drawn on a used terminal as on a fresh one', async () => {
    const snapshot = new TextEncoder().encode('\x1b[1mhello\x1b[m\r\n漢字 world\x1b[2;3H');
    const used = emulator(50);
    await write(
      used,
      'x\r\n'.repeat(20) +
        '\x1b[?1049h\x1b[41m\x1b[?25l\x1b[20h\x1b[4h\x1b[2;3r\x1b[?6h\x1b(0\x1b[?1003h\x1b[?2026hq',
    );
    await write(used, pictureOf([snapshot.subarray(0, 9), snapshot.subarray(9, 16), snapshot.subarray(16)]));
    const fresh = emulator(50);
    await write(fresh, snapshot);
    for (const terminal of [used, fresh]) await write(terminal, 'q\n!');
    expect(text(used)).toEqual(text(fresh));
    expect(used.modes).toEqual(fresh.modes);
    expect(used.buffer.active.type).toBe('normal');
    const { isCursorHidden } = (used as unknown as { _core: { coreService: { isCursorHidden: boolean } } })
      ._core.coreService;
    expect(isCursorHidden).toBe(false);
  });
});

describe('a key', () => {
  const none = { ctrlKey: false, shiftKey: false, altKey: false, metaKey: false };
  it.each([
    ['c', { ctrlKey: true }, 'program'],
    ['C', { ctrlKey: true, shiftKey: true }, 'copy'],
    ['V', { ctrlKey: true, shiftKey: true }, 'browser'],
    ['v', { ctrlKey: true }, 'program'],
    ['F', { ctrlKey: true, shiftKey: true }, 'search'],
    ['F', { ctrlKey: true, shiftKey: true, altKey: true }, 'program'],
    ['Insert', { shiftKey: true }, 'browser'],
    ['Tab', { shiftKey: true }, 'program'],
    ['c', { metaKey: true }, 'program'],
  ] as const)('%s with %j: %s', (key, held, owner) => {
    expect(ownerOf({ key, ...none, ...held })).toBe(owner);
  });
});
