import { decodeViewerFrame, encodeFrame, maxPasteBytes } from '@codepiper/core/terminals/frames.ts';
import { heldBy, usePool } from '@codepiper/testkit/held.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InputConnection, InputDedupe, type InputFrame, type TypedInput } from './input-dedupe.ts';

const input = (n: number, content: string | Uint8Array): InputFrame => ({
  type: 'input',
  channel: 1,
  n,
  bytes: typeof content === 'string' ? Buffer.from(content) : content,
});
const keys = (n: number, ...names: string[]): InputFrame => ({ type: 'keys', channel: 1, n, keys: names });
const paste = (n: number, content: string | Uint8Array, last = true): InputFrame => ({
  type: 'paste',
  channel: 1,
  n,
  last,
  bytes: typeof content === 'string' ? Buffer.from(content) : content,
});

const bytesOf = (content: string | Uint8Array): TypedInput['input'] => ({
  type: 'bytes',
  bytes: Buffer.from(content as string),
});

/** One connection of a client, with what it was told. */
class Person {
  readonly connection: InputConnection;
  readonly told: string[] = [];
  settled = 0;

  constructor(dedupe: InputDedupe, client = 'client-1', now = 0) {
    this.connection = dedupe.open(
      client,
      {
        settled: (n) => {
          this.settled = n;
          this.told.push(`settled ${n}`);
        },
        refused: (n, reason, again) => this.told.push(`${again ? 'again' : 'refused'} ${n}: ${reason}`),
      },
      now,
    );
  }

  send(frame: InputFrame): TypedInput | null {
    const sent = decodeViewerFrame(encodeFrame(frame));
    return sent.type === 'ack' ? null : this.connection.receive(sent, 0);
  }
}

/** Sends, and types at once. */
function type(dedupe: InputDedupe, person: Person, ...frames: InputFrame[]): TypedInput['input'][] {
  return frames.flatMap((frame) => {
    const typed = person.send(frame);
    if (!typed) return [];
    dedupe.settle(typed, null);
    return [typed.input];
  });
}

describe('InputDedupe', () => {
  it('types each input once and in order, whatever is sent again over whatever connection', () => {
    const part = fc.oneof(
      fc
        .string({ unit: 'binary', minLength: 1, maxLength: 8 })
        .map((text) => ({ kind: 'text' as const, text })),
      fc.constantFrom('Enter', 'C-c').map((text) => ({ kind: 'keys' as const, text })),
      fc
        .string({ minLength: 1, maxLength: 40 })
        .map((text) => ({ kind: 'paste' as const, text: `x${text}` })),
    );
    const step = fc.record({
      do: fc.constantFrom('connect', 'close', 'again', 'deliver', 'deliver', 'deliver', 'settle', 'settle'),
      which: fc.nat(1000),
    });
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(1000), { maxLength: 10 }),
        fc.array(step, { maxLength: 120 }),
        (parts, cuts, steps) => {
          const { frames, expected } = script(parts, cuts);
          const dedupe = new InputDedupe();
          const typed: string[] = [];
          const waiting: TypedInput[] = [];
          const links: { person: Person; queue: InputFrame[] }[] = [];
          let settled = 0;
          const connect = () => {
            const person = new Person(dedupe);
            settled = Math.max(settled, person.connection.settled ?? 0);
            links.push({ person, queue: frames.slice(settled).flat() });
          };
          const deliver = (link: (typeof links)[number]) => {
            const frame = link.queue.shift();
            const result = frame ? link.person.send(frame) : null;
            if (result) {
              waiting.push(result);
              typed.push(shown(result.input));
            }
          };
          const settle = () => {
            const done = waiting.shift();
            if (done) dedupe.settle(done, null);
          };
          connect();
          for (const { do: what, which } of steps) {
            const link = links[which % links.length];
            if (what === 'connect') connect();
            else if (what === 'settle') settle();
            else if (what === 'close') link?.person.connection.close(0);
            // A viewer may send anything again, whole, once what it was sending is through.
            else if (what === 'again') link?.queue.push(...(frames[which % frames.length] ?? []));
            else if (link) deliver(link);
          }
          for (const link of links) while (link.queue.length > 0) deliver(link);
          while (waiting.length > 0) settle();
          connect();
          const last = links.at(-1);
          if (!last) throw new Error('never connected');
          while (last.queue.length > 0) deliver(last);
          while (waiting.length > 0) settle();
          // Characters that were cut between inputs are whole again.
          expect(typed.join('')).toBe(expected);
          expect(new Person(dedupe).connection.settled).toBe(frames.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('acknowledges what is typed, again to a connection that asks, and to all of the client', () => {
    const dedupe = new InputDedupe();
    const first = new Person(dedupe);
    expect(first.connection.settled).toBeNull();
    const one = first.send(input(1, 'a'));
    const two = first.send(keys(2, 'Enter'));
    expect(first.told).toEqual([]);
    const second = new Person(dedupe);
    expect(second.connection.settled).toBe(0);
    expect(second.send(input(1, 'a'))).toBeNull();
    if (!one || !two) throw new Error('nothing to type');
    dedupe.settle(one, null);
    dedupe.settle(one, null);
    dedupe.settle(two, null);
    expect([first.told, second.told]).toEqual([
      ['settled 1', 'settled 2'],
      ['settled 1', 'settled 2'],
    ]);
    second.send(input(1, 'a'));
    expect(second.told.at(-1)).toBe('settled 2');
  });

  it('acknowledges nothing beyond what still waits', () => {
    const dedupe = new InputDedupe();
    const person = new Person(dedupe);
    person.send(input(1, 'a'));
    const two = person.send(input(2, 'b'));
    if (two) dedupe.settle(two, null);
    expect(person.told).toEqual(['settled 0']);
  });

  it('does not type what comes after a gap, and says that it is to be sent again', () => {
    const dedupe = new InputDedupe();
    const person = new Person(dedupe);
    expect(person.send(input(2, 'b'))).toBeNull();
    expect(person.told).toEqual(['again 2: Input 2 came before the one that precedes it.', 'settled 0']);
    expect(type(dedupe, person, input(1, 'a'), input(2, 'b'))).toEqual([bytesOf('a'), bytesOf('b')]);
  });

  it('remembers why something was not typed', () => {
    const dedupe = new InputDedupe();
    const person = new Person(dedupe);
    const typed = person.send(input(1, 'a'));
    if (typed) dedupe.settle(typed, 'The session has ended.');
    expect(person.told).toEqual(['refused 1: The session has ended.', 'settled 1']);
    const later = new Person(dedupe);
    expect(later.send(input(1, 'a'))).toBeNull();
    expect(later.told).toEqual(['refused 1: The session has ended.', 'settled 1']);
  });

  it('keeps clients apart', () => {
    const dedupe = new InputDedupe();
    const [one, two] = [new Person(dedupe, 'client-1'), new Person(dedupe, 'client-2')];
    const e = Buffer.from('é');
    expect(type(dedupe, one, input(1, e.subarray(0, 1)))).toEqual([]);
    expect(type(dedupe, two, input(1, 'b'))).toEqual([bytesOf('b')]);
    expect(type(dedupe, one, input(2, e.subarray(1)))).toEqual([bytesOf('é')]);
  });

  it('types no half characters before something else, and whatever else comes', () => {
    const dedupe = new InputDedupe();
    const person = new Person(dedupe);
    const half = Uint8Array.of(0xe2, 0x82);
    expect(type(dedupe, person, input(1, half), keys(2, 'Enter'), input(3, 'x'))).toEqual([
      { type: 'keys', keys: ['Enter'] },
      bytesOf('x'),
    ]);
    // A mouse report of the oldest kind is no UTF-8, and nothing waits for more of it.
    const mouse = Uint8Array.of(0x1b, 0x5b, 0x4d, 0x20, 0xe2, 0xc3);
    expect(type(dedupe, person, input(4, mouse), input(5, 'y'))).toEqual([bytesOf(mouse), bytesOf('y')]);
    expect(type(dedupe, person, paste(6, half), input(7, 'z'))).toEqual([bytesOf('z')]);
    expect(person.told).toContain('refused 6: The paste is not valid UTF-8; it was not typed.');
    expect(person.settled).toBe(7);
  });

  it('refuses more than may wait, and takes it when the program has read', () => {
    const dedupe = new InputDedupe();
    const person = new Person(dedupe);
    const block = 'x'.repeat(200 * 1024);
    const waiting: TypedInput[] = [];
    let n = 1;
    for (; ; n++) {
      const typed = person.send(input(n, block));
      if (!typed) break;
      waiting.push(typed);
    }
    expect(waiting.length).toBe(20);
    expect(person.told).toEqual([`again ${n}: Too much input waits to be typed: the program does not read.`]);
    for (const typed of waiting) dedupe.settle(typed, null);
    expect(person.settled).toBe(n - 1);
    expect(type(dedupe, person, input(n, block))).toHaveLength(1);
  });

  it('refuses more inputs than may wait, however small', () => {
    const person = new Person(new InputDedupe());
    let n = 1;
    while (person.send(input(n, 'x'))) n += 1;
    expect(n).toBe(1001);
  });

  it('forgets a client an hour after its last connection, and many earlier', () => {
    const dedupe = new InputDedupe();
    const hour = 60 * 60_000;
    const visit = (client: string, at: number) => {
      const person = new Person(dedupe, client, at);
      type(dedupe, person, ...(person.connection.settled === null ? [input(1, 'a')] : []));
      person.connection.close(at);
      return person.connection.settled;
    };
    expect([visit('one', 0), visit('one', hour - 1), visit('one', 3 * hour)]).toEqual([null, 1, null]);
    visit('returns', 3 * hour);
    for (let count = 0; count < 500; count++) {
      visit(`many-${count}`, 3 * hour);
      if (count % 100 === 0) expect(visit('returns', 3 * hour)).toBe(1);
    }
    expect(dedupe.size).toBeLessThanOrEqual(201);
    expect([visit('one', 3 * hour), visit('many-499', 3 * hour)]).toEqual([null, 1]);
  });

  it('does not forget a client that is connected or has something to be typed', () => {
    const dedupe = new InputDedupe();
    new Person(dedupe, 'stays', 0);
    const leaves = new Person(dedupe, 'leaves', 0);
    leaves.send(input(1, 'a'));
    leaves.connection.close(0);
    const later = 100 * 60 * 60_000;
    expect(new Person(dedupe, 'stays', later).connection.settled).toBe(0);
    expect(new Person(dedupe, 'leaves', later).connection.settled).toBe(0);
  });

  it('takes nothing from a connection that was closed', () => {
    const person = new Person(new InputDedupe());
    person.connection.close(0);
    expect(person.send(input(1, 'a'))).toBeNull();
  });
});

describe('pastes', () => {
  it('are one paste, however they are cut, without anything that acts on the program', () => {
    const dangerous = fc.constantFrom(
      '\u001b[201~',
      '\u009b201~',
      '\u001b[20',
      '1~',
      '\u001b',
      '\n',
      '\r\n',
      'é',
      '💥',
    );
    const text = fc.array(fc.oneof(dangerous, fc.string({ unit: 'binary', maxLength: 5 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(text, fc.array(fc.nat(1000), { maxLength: 8 }), (parts, cuts) => {
        const dedupe = new InputDedupe();
        const person = new Person(dedupe);
        const whole = `a${parts.join('')}`;
        const typed = type(dedupe, person, ...pasted(1, Buffer.from(whole), cuts));
        expect(typed).toHaveLength(1);
        expect(typed[0]?.type).toBe('paste');
        const got = typed[0] && shown(typed[0]);
        expect(got).not.toMatch(/(?![\t\r])\p{Cc}/u);
        expect(person.settled).toBe(1);
      }),
    );
  });

  it('keep their text, with the line ends that Enter sends', () => {
    const dedupe = new InputDedupe();
    const text = 'if (a) {\n\treturn "ä €  💥";\r\n}\u001b[31mred\u001b[0m\u001b[201~rm -rf x\n';
    expect(type(dedupe, new Person(dedupe), paste(1, text))).toEqual([
      { type: 'paste', text: 'if (a) {\r\treturn "ä €  💥";\r}redrm -rf x\r' },
    ]);
  });

  it('have up to 2 MB, in pieces of any size', () => {
    const dedupe = new InputDedupe();
    const person = new Person(dedupe);
    const half = Buffer.alloc(250 * 1024, 'é');
    const frames: InputFrame[] = [];
    for (let at = 0; at < maxPasteBytes; at += half.length) {
      const bytes = half.subarray(0, Math.min(half.length, maxPasteBytes - at));
      frames.push(paste(1, bytes, at + bytes.length === maxPasteBytes));
    }
    const [typed] = type(dedupe, person, ...frames);
    expect(typed && shown(typed)).toBe('é'.repeat(maxPasteBytes / 2));
    const crumbs = Array.from({ length: 20_000 }, (_, index) => paste(2, 'z', index === 19_999));
    const [small] = type(dedupe, person, ...crumbs);
    expect(small && shown(small)).toBe('z'.repeat(20_000));
  });

  it('of more are refused, and what follows is typed', () => {
    const dedupe = new InputDedupe();
    const person = new Person(dedupe);
    const piece = Buffer.alloc(256 * 1024, 'x');
    const frames = Array.from({ length: 9 }, (_, index) => paste(1, piece, index === 8));
    expect(type(dedupe, person, ...frames, paste(2, 'y'))).toEqual([{ type: 'paste', text: 'y' }]);
    expect(person.told[0]).toBe('refused 1: The paste has 2359296 bytes: at most 2097152 are typed at once.');
    expect(person.settled).toBe(2);
  });

  it('that are cut short by another input are not typed, nor is it', () => {
    const dedupe = new InputDedupe();
    const person = new Person(dedupe);
    expect(type(dedupe, person, paste(1, 'a', false), input(2, 'b'))).toEqual([]);
    expect(person.told[0]).toBe(
      'again 1: The paste was cut short: another input came before its last piece.',
    );
    expect(type(dedupe, person, paste(1, 'a', false), paste(1, 'c'), input(2, 'b'))).toEqual([
      { type: 'paste', text: 'ac' },
      bytesOf('b'),
    ]);
  });

  it('whose beginning came before its turn are not typed without it', () => {
    const dedupe = new InputDedupe();
    const [one, two] = [new Person(dedupe), new Person(dedupe)];
    type(dedupe, one, paste(2, 'a', false));
    type(dedupe, two, input(1, 'x'));
    expect(type(dedupe, one, paste(2, 'b'))).toEqual([]);
    expect(type(dedupe, two, paste(2, 'a', false), paste(2, 'b'))).toEqual([{ type: 'paste', text: 'ab' }]);
  });
});

it('keeps nothing of what clients typed that it remembers', async () => {
  const clients = Array.from({ length: 100 }, (_, index) => `client-${index}`);
  const held = await heldBy(() => {
    const dedupe = new InputDedupe();
    for (const client of clients) {
      const person = new Person(dedupe, client);
      type(dedupe, person, input(1, 'typed'), input(2, Buffer.from('€').subarray(0, 1)));
      person.connection.close(0);
      usePool();
    }
    return dedupe;
  });
  expect(held).toBeLessThan(100_000);
});

const shown = (typed: TypedInput['input']): string =>
  typed.type === 'keys'
    ? `<${typed.keys}>`
    : typed.type === 'paste'
      ? typed.text
      : `${Buffer.from(typed.bytes)}`;

function pasted(n: number, bytes: Uint8Array, cuts: readonly number[]): InputFrame[] {
  const pieces = cut(bytes, cuts);
  return pieces.map((piece, index) => paste(n, piece, index === pieces.length - 1));
}

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [...new Set(cuts.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length));
}

type Part = { kind: 'text' | 'keys' | 'paste'; text: string };

/** The frames of each input, and what is to be typed by all of them. Text is cut anywhere, also inside characters. */
function script(
  parts: readonly Part[],
  cuts: readonly number[],
): { frames: InputFrame[][]; expected: string } {
  const frames: InputFrame[][] = [];
  let expected = '';
  for (const { kind, text } of parts) {
    const n = frames.length + 1;
    if (kind === 'text') {
      frames.push(...cut(Buffer.from(text), cuts).map((bytes, index) => [input(n + index, bytes)]));
      expected += Buffer.from(text).toString();
    } else if (kind === 'keys') {
      frames.push([keys(n, text)]);
      expected += `<${text}>`;
    } else {
      frames.push(pasted(n, Buffer.from(text), cuts));
      expected += text;
    }
  }
  return { frames, expected };
}
