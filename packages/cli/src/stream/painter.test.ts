import { looksOf } from '@codepiper/daemon/terminals/screen/attributes.ts';
import { lookAt, textAt, widthAt } from '@codepiper/daemon/terminals/screen/row.ts';
import { Screen } from '@codepiper/daemon/terminals/screen/screen.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { enter, leave, Painter, type ViewSize } from './painter.ts';

const esc = '\x1b';

/** A terminal that shows what is painted, and what it shows. */
function wall(size: ViewSize) {
  const terminal = new Screen({ ...size, scrollback: 0 });
  terminal.write(Buffer.from(enter));
  const painter = new Painter();
  return {
    terminal,
    painter,
    show: (pane: Screen, notice: string | null = null) =>
      terminal.write(Buffer.from(painter.paint(pane.core, size, notice))),
    cells: () => cellsOf(terminal, size, 0, 0),
  };
}

/** Text, width and look of every cell of a part of a screen; cells outside it are blank. */
function cellsOf({ core }: Screen, { cols, rows }: ViewSize, left: number, top: number): string[] {
  const { active } = core.buffers;
  return Array.from({ length: rows }, (_, row) => {
    const line = row + top < core.rows ? active.lines.get(active.ybase + row + top) : undefined;
    return Array.from({ length: cols }, (_, col) => {
      if (!line || col + left >= core.cols) return ' /\x1b[m';
      const { fg, bg, extended } = lookAt(line, col + left);
      const isTail = widthAt(line, col + left) === 0;
      const text = textAt(line, col + left) || (isTail ? '' : ' ');
      return `${text}/${looksOf(fg, bg & ~0x20000000, extended._ext)}`;
    }).join(' ');
  });
}

function pane(size: ViewSize, text: string): Screen {
  const screen = new Screen({ ...size, scrollback: 10 });
  screen.write(Buffer.from(text));
  return screen;
}

describe('painting a pane', () => {
  test('of the same size gives the same screen: text, colours, looks, cursor', () => {
    const size = { cols: 20, rows: 4 };
    const shown = pane(
      size,
      'one \x1b[1;31mred\x1b[m \x1b[4:3;58;5;9mcurly\x1b[m\r\n\x1b[44mblue\x1b[K\x1b[m\r\n漢字 e\u0301 \x1b[7mx\x1b[m\x1b[2;3H',
    );
    const { terminal, show, cells } = wall(size);
    show(shown);
    expect(cells()).toEqual(cellsOf(shown, size, 0, 0));
    const { x, y } = terminal.core.buffers.active;
    expect([x, y]).toEqual([2, 1]);
  });

  test('whatever was printed, and painted piece by piece', () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom(
        '\r\n',
        '\x1b[H',
        '\x1b[2J',
        '\x1b[31m',
        '\x1b[m',
        '\x1b[7m',
        '\x1b[45m',
        '\x1b[K',
        '漢',
        'é',
        '\x1b[3;5H',
        '\x1b[L',
        '\x1b[P',
        '\x1b[?1049h',
        '\x1b[?1049l',
        '\t',
        '\x1b[48;2;1;2;3m',
        '\x1b[10X',
      ),
    );
    const size = { cols: 16, rows: 5 };
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        const screen = pane(size, '');
        const { show, cells } = wall(size);
        for (const text of pieces) {
          screen.write(Buffer.from(text));
          show(screen);
        }
        expect(cells()).toEqual(cellsOf(screen, size, 0, 0));
      }),
      { numRuns: 300 },
    );
  });

  test('a larger pane is cut off, and the part with the cursor is shown', () => {
    const size = { cols: 10, rows: 3 };
    const shown = pane(
      { cols: 30, rows: 8 },
      Array.from({ length: 8 }, (_, row) => `${row}123456789abcdefghijklmnopqrs`).join('\r\n'),
    );
    const { show, cells } = wall(size);
    shown.write(Buffer.from('\x1b[1;1H'));
    show(shown);
    expect(cells()).toEqual(cellsOf(shown, size, 0, 0));
    shown.write(Buffer.from('\x1b[6;15H'));
    show(shown);
    expect(cells()).toEqual(cellsOf(shown, size, 5, 3));
    shown.write(Buffer.from('\x1b[5;12H'));
    show(shown);
    expect(cells()).toEqual(cellsOf(shown, size, 5, 3));
  });

  test('a wide character at the edge is not drawn by half', () => {
    const size = { cols: 3, rows: 1 };
    const shown = pane({ cols: 10, rows: 1 }, 'ab漢字\x1b[1;1H');
    const { show, cells } = wall(size);
    show(shown);
    expect(cells()[0]).toMatch(/^a\/\S* b\/\S* {2}\//);
  });

  test('a smaller pane leaves the rest empty', () => {
    const size = { cols: 12, rows: 4 };
    const shown = pane({ cols: 5, rows: 2 }, 'abcde\r\nfghij');
    const { show, cells } = wall(size);
    show(pane(size, 'something else\r\nstood here\r\nbefore\r\nthat'));
    show(shown);
    expect(cells()).toEqual(cellsOf(shown, size, 0, 0));
  });

  test('a notice covers the last row, and goes away again', () => {
    const size = { cols: 12, rows: 2 };
    const shown = pane(size, 'one\r\ntwo');
    const { show, cells } = wall(size);
    show(shown, 'a long notice');
    expect(cells()[1]).toMatch(/^ \/\S+ a\S* {2}\/\S+ l/);
    show(shown);
    expect(cells()).toEqual(cellsOf(shown, size, 0, 0));
  });

  test('only what changed is painted', () => {
    const size = { cols: 40, rows: 10 };
    const shown = pane(size, Array.from({ length: 10 }, (_, row) => `line ${row}`).join('\r\n'));
    const painter = new Painter();
    painter.paint(shown.core, size, null);
    shown.write(Buffer.from('!'));
    const out = painter.paint(shown.core, size, null);
    expect(out).toContain('line 9!');
    expect(out).not.toContain('line 8');
  });

  test('the modes of the program are those of the terminal, and none is left behind', () => {
    const size = { cols: 10, rows: 2 };
    const shown = pane(size, '\x1b[?1h\x1b=\x1b[?1002h\x1b[?1006h\x1b[?1004h\x1b[?25l\x1b[5 q');
    const { terminal, show } = wall(size);
    show(shown);
    const { coreService, coreMouseService } = terminal.core;
    const dec = coreService.decPrivateModes;
    expect([dec.applicationCursorKeys, dec.applicationKeypad, dec.sendFocus]).toEqual([true, true, true]);
    expect([coreMouseService.activeProtocol, coreMouseService.activeEncoding]).toEqual(['DRAG', 'SGR']);
    expect(coreService.isCursorHidden).toBe(true);
    terminal.write(Buffer.from(leave));
    expect([dec.applicationCursorKeys, dec.applicationKeypad, dec.sendFocus]).toEqual([false, false, false]);
    expect([coreMouseService.activeProtocol, coreMouseService.activeEncoding]).toEqual(['NONE', 'DEFAULT']);
    expect([coreService.isCursorHidden, dec.bracketedPasteMode, dec.wraparound]).toEqual([
      false,
      false,
      true,
    ]);
    expect(terminal.core.buffers.active).toBe(terminal.core.buffers.normal);
  });

  test('no query of a program is in what is painted', () => {
    const size = { cols: 40, rows: 4 };
    const queries =
      '\x1b[c\x1b[>c\x1b[=c\x1b[6n\x1b[?6n\x1b[5n\x1b[?2026$p\x1b[>q\x1b]10;?\x07\x1b]11;?\x1b\\\x1b[?u\x1b[14t\x1b[18t\x1bP+q544e\x1b\\\x05\x1b]52;c;?\x07\x1b_Gi=1,a=q;AA\x1b\\';
    const out = new Painter().paint(pane(size, `before${queries}after`).core, size, null);
    expect(out).toContain('beforeafter');
    // What is left once the sequences are gone that a painter may use.
    const used = new RegExp(`${esc}(?:\\[[\\d;:]*[HGmKJ]|\\[\\?[\\d;]+[hl]|\\[\\d q|[=>])`, 'g');
    expect(out.replaceAll(used, '')).not.toContain(esc);
  });
});
