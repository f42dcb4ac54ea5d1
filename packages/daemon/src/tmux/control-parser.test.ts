import { heldBy, usePool } from '@codepiper/testkit/held.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ControlEvent, ControlParser } from './control-parser.ts';

function parse(chunks: readonly Uint8Array[]): ControlEvent[] {
  const events: ControlEvent[] = [];
  const parser = new ControlParser((event) => events.push(event));
  for (const chunk of chunks) parser.push(Buffer.from(chunk));
  return events;
}

const parseText = (text: string): ControlEvent[] => parse([Buffer.from(text)]);

/** As tmux does it. */
function escapeOctal(bytes: Uint8Array): Buffer {
  return Buffer.concat(
    [...bytes].map((byte) =>
      byte < 0x20 || byte === 0x5c
        ? Buffer.from(`\\${byte.toString(8).padStart(3, '0')}`)
        : Buffer.from([byte]),
    ),
  );
}

/** Cuts bytes at random places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length));
}

/** One event for what a pane printed without another event between. */
function mergeOutput(events: readonly ControlEvent[]): ControlEvent[] {
  const merged: ControlEvent[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    if (last?.type === 'output' && event.type === 'output' && last.paneId === event.paneId) {
      last.data = Buffer.concat([last.data, event.data]);
    } else {
      merged.push({ ...event });
    }
  }
  return merged;
}

describe('control mode parser', () => {
  it('gives blocks with their bodies, errors and flags', () => {
    const text = '%begin 1 2 1\na\n\nb\n%end 1 2 1\n%begin 1 3 0\nno such pane\n%error 1 3 0\n';
    expect(parseText(text)).toEqual([
      { type: 'block', ok: true, flags: 1, body: Buffer.from('a\n\nb') },
      { type: 'block', ok: false, flags: 0, body: Buffer.from('no such pane') },
    ]);
  });

  it('takes lines of a block that look like control lines as text', () => {
    const body = '%output %1 x\n%end 1 2 2\n%end 9 9 1\n%exit\n%begin 1 2 1\n%error 1 2 11';
    expect(parseText(`%begin 1 2 1\n${body}\n%end 1 2 1\n`)).toEqual([
      { type: 'block', ok: true, flags: 1, body: Buffer.from(body) },
    ]);
  });

  it('gives notifications', () => {
    const text = [
      '%sessions-changed',
      '%subscription-changed titles $0 - - - : %1\ta : b',
      '%layout-change @1 b25d,80x24,0,0,1 b25d,80x23,0,0,1 *',
      '%pause %4',
      '%continue %4',
      '%window-close @3',
      '%extended-output %7 1500 : a\\015\\012 : b',
      '%session-changed $1 x',
      '%exit server exited',
      '',
    ].join('\n');
    expect(parseText(text)).toEqual([
      { type: 'sessions-changed' },
      { type: 'subscription-changed', name: 'titles', value: '%1\ta : b' },
      { type: 'layout-change', layout: 'b25d,80x24,0,0,1', visible: 'b25d,80x23,0,0,1' },
      { type: 'pause', paneId: '%4' },
      { type: 'continue', paneId: '%4' },
      { type: 'window-close', windowId: '@3' },
      { type: 'output', paneId: '%7', data: Buffer.from('a\r\n : b') },
      { type: 'other', text: '%session-changed $1 x' },
      { type: 'exit', reason: 'server exited' },
    ]);
  });

  it('gives the bytes of any output, however it is cut', () => {
    const output = fc.record({ pane: fc.nat(99), bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }) });
    fc.assert(
      fc.property(
        fc.array(output, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (outputs, places) => {
          const stream = Buffer.concat(
            outputs.flatMap(({ pane, bytes }) => [
              Buffer.from(`%output %${pane} `),
              escapeOctal(bytes),
              Buffer.from('\n'),
            ]),
          );
          expect(mergeOutput(parse(cut(stream, places)))).toEqual(
            mergeOutput(
              outputs.map(({ pane, bytes }) => ({
                type: 'output',
                paneId: `%${pane}`,
                data: Buffer.from(bytes),
              })),
            ),
          );
        },
      ),
    );
  });

  it('keeps the order of output and everything else, and what it told stays as it is', () => {
    const [first, block, second, ...rest] = parseText(
      '%output %1 a\\012\n%output %1 b\n%begin 1 2 1\nx\n%end 1 2 1\n%output %1 c\n%output %2 d\n%pause %1\n',
    );
    expect(first).toEqual({ type: 'output', paneId: '%1', data: Buffer.from('a\nb') });
    expect(block).toMatchObject({ type: 'block', body: Buffer.from('x') });
    expect(second).toEqual({ type: 'output', paneId: '%1', data: Buffer.from('c') });
    expect(rest).toEqual([
      { type: 'output', paneId: '%2', data: Buffer.from('d') },
      { type: 'pause', paneId: '%1' },
    ]);
  });

  it('gives the bytes of any block, however it is cut', () => {
    const line = fc
      .oneof(fc.string(), fc.constantFrom('%output %1 a', '%end 7 8 0', '%begin 7 9 1', '%exit'))
      .filter((text) => !text.includes('\n') && !text.includes('\r'));
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (lines, places) => {
          const stream = Buffer.from(`%begin 7 8 1\n${lines.join('\n')}\n%end 7 8 1\n%sessions-changed\n`);
          expect(parse(cut(stream, places))).toEqual([
            { type: 'block', ok: true, flags: 1, body: Buffer.from(lines.join('\n')) },
            { type: 'sessions-changed' },
          ]);
        },
      ),
    );
  });

  it('keeps nothing of what it has told', async () => {
    const held = await heldBy(() =>
      Array.from({ length: 100 }, () => {
        const parser = new ControlParser(() => undefined);
        parser.push(Buffer.from('%output %1 a\n%begin 1 2 1\na\n%end 1 2 1\n%output %2 b\n'));
        usePool();
        return parser;
      }),
    );
    expect(held).toBeLessThan(100_000);
  });
});
