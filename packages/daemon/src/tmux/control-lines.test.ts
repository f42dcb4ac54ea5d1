import { beforeEach, describe, expect, it } from 'vitest';
import { AttachGate } from './attach-gate.ts';
import { ControlLines, failed } from './control-lines.ts';

let gate: AttachGate;
let lines: ControlLines;
/** Tokens that were asked for and not answered. */
let asked: string[];
/** Commands that were sent, in order. */
let order: string[];
/** Of every write, how many lines it had. */
let writes: number[];
let late: number;
/** Set while no answers are read. */
let onRested: (() => void) | null;

beforeEach(() => {
  [asked, order, writes, late, onRested] = [[], [], [], 0, null];
  gate = new AttachGate();
  lines = makeLines();
});

function makeLines({ escapesDollars = false } = {}): ControlLines {
  return new ControlLines({
    ...{ gate, isAllTold: false, isUnflagged: false, escapesDollars },
    onLate: () => late++,
    rest: (call) => {
      onRested = call;
    },
    goOn,
  });
}

function goOn(): void {
  const call = onRested;
  onRested = null;
  call?.();
}

function open(): void {
  lines.open((text) => {
    const written = text.trimEnd().split('\n');
    writes.push(written.length);
    for (const line of written) {
      const [, token] = /^display-message -p (\S+)$/.exec(line) ?? [];
      if (token === undefined) order.push(line);
      else asked.push(token);
    }
  });
}

/** tmux answers the first line. */
function answer(...words: string[]): void {
  for (const body of [...words, asked.shift() ?? '']) {
    lines.take({ type: 'block', ok: true, flags: 1, body: Buffer.from(body) });
  }
}

describe('lines', () => {
  it('wait for the connection, and are answered in their order', async () => {
    const first = lines.run('one');
    const second = lines.run('two');
    expect(order).toEqual([]);
    open();
    expect(order).toEqual(['one', 'two']);
    answer('1', '1b');
    answer('2');
    expect((await first).map(({ body }) => body.toString())).toEqual(['1', '1b']);
    expect((await second).map(({ body }) => body.toString())).toEqual(['2']);
  });

  it('are answered with what tmux was to print where it escapes dollars', async () => {
    lines = makeLines({ escapesDollars: true });
    const run = lines.run('one');
    open();
    answer('/a\\$HOME/\\\\$x/\\$_é $1 \\ $');
    expect((await run).map(({ body }) => body.toString())).toEqual(['/a$HOME/\\$x/$_é $1 \\ $']);
  });

  it('that tmux tells others of wait while a client is attached, in their order; the rest goes on', async () => {
    open();
    gate.enter('attach', () => undefined);
    const told = [lines.run('told 1', { isTold: true }), lines.run('told 2', { isTold: true })];
    const key = lines.run('key');
    expect(order).toEqual(['key']);
    answer();
    await key;
    gate.leave('attach');
    expect(order).toEqual(['key', 'told 1', 'told 2']);
    // None is attached before both are answered.
    let isAttaching = false;
    gate.enter('attach', () => {
      isAttaching = true;
    });
    answer();
    await told[0];
    expect(isAttaching).toBe(false);
    answer();
    await told[1];
    expect(isAttaching).toBe(true);
  });

  it('are all told once it is said, but those that say otherwise', () => {
    open();
    gate.enter('attach', () => undefined);
    lines.tellAll();
    void lines.run('all').catch(() => undefined);
    void lines.run('own', { isTold: false }).catch(() => undefined);
    expect(order).toEqual(['own']);
    gate.leave('attach');
    expect(order).toEqual(['own', 'all']);
  });

  it('that are given up at the gate are never sent, and keep nobody out', async () => {
    open();
    gate.enter('attach', () => undefined);
    await expect(lines.run('told', { isTold: true, deadline: 1 })).rejects.toThrow(/did not answer/);
    expect(late).toBe(0);
    gate.leave('attach');
    expect(order).toEqual([]);
    let isAttaching = false;
    gate.enter('attach', () => {
      isAttaching = true;
    });
    expect(isAttaching).toBe(true);
  });

  it('that are late keep their place: the answer of the next is its own', async () => {
    open();
    await expect(lines.run('late', { deadline: 1 })).rejects.toThrow(/did not answer/);
    expect(late).toBe(1);
    const next = lines.run('next');
    answer('too late');
    answer('in time');
    expect((await next).map(({ body }) => body.toString())).toEqual(['in time']);
  });

  it('are each late in their own time', async () => {
    open();
    const slow = lines.run('slow', { deadline: 60_000 });
    const fails = [1, 40, 20].map((deadline) => lines.run('late', { deadline }).catch(String));
    expect(await Promise.all(fails)).toEqual([
      expect.stringMatching(/within 0.001 s/),
      expect.stringMatching(/within 0.04 s/),
      expect.stringMatching(/within 0.02 s/),
    ]);
    answer('slow');
    expect((await slow).map(({ body }) => body.toString())).toEqual(['slow']);
    expect(late).toBe(3);
  });

  it('that are patient are sent at once, and their answers asked for when nothing was read for a moment', async () => {
    open();
    const key = lines.run('key', { isPatient: true });
    expect([order, writes, asked]).toEqual([['key'], [1], []]);
    lines.take({ type: 'block', ok: true, flags: 1, body: Buffer.from('typed') });
    goOn();
    expect(writes).toEqual([1, 1]);
    answer();
    expect((await key).map(({ body }) => body.toString())).toEqual(['typed']);
  });

  it('that are patient are held up by nobody else, and get the answers that are theirs', async () => {
    open();
    const keys = [lines.run('key 1', { isPatient: true }), lines.run('key 2', { isPatient: true })];
    // Its answer is asked for before the next line is sent.
    expect([order, writes, asked.length]).toEqual([['key 1', 'key 2'], [1, 2], 1]);
    const other = lines.run('other');
    expect(onRested).toBe(null);
    expect([order, writes, asked.length]).toEqual([['key 1', 'key 2', 'other'], [1, 2, 1, 2], 3]);
    answer('1');
    answer('2', '2b');
    answer('3');
    const told = await Promise.all([...keys, other]);
    expect(told.map((blocks) => blocks.map(({ body }) => body.toString()))).toEqual([
      ['1'],
      ['2', '2b'],
      ['3'],
    ]);
  });

  it('fail with the connection, sent or not, and leave the gate', async () => {
    open();
    const all = [lines.run('sent'), lines.run('inside', { isTold: true })];
    let isAttaching = false;
    gate.enter('attach', () => {
      isAttaching = true;
    });
    all.push(lines.run('at the gate', { isTold: true }));
    lines.close(failed('lost'));
    for (const one of all) await expect(one).rejects.toThrow('lost');
    expect(isAttaching).toBe(true);
    gate.leave('attach');
    expect(order).toEqual(['sent', 'inside']);
  });
});
