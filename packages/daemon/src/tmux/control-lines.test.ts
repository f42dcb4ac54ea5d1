import { beforeEach, describe, expect, it } from 'vitest';
import { AttachGate } from './attach-gate.ts';
import { ControlLines, failed } from './control-lines.ts';

let gate: AttachGate;
let lines: ControlLines;
/** Commands that were sent and not answered, with their tokens. */
let sent: { command: string; token: string }[];
/** Commands that were sent, in order. */
let order: string[];
let late: number;

beforeEach(() => {
  [sent, order, late] = [[], [], 0];
  gate = new AttachGate();
  lines = makeLines();
});

function makeLines({ escapesDollars = false } = {}): ControlLines {
  return new ControlLines({
    ...{ gate, isAllTold: false, isUnflagged: false, escapesDollars },
    onLate: () => late++,
  });
}

function open(): void {
  lines.open((text) => {
    const [, command = '', token = ''] = /^(.*)\ndisplay-message -p (\S+)\n$/.exec(text) ?? [];
    sent.push({ command, token });
    order.push(command);
  });
}

/** tmux answers the first line. */
function answer(...words: string[]): void {
  const { token = '' } = sent.shift() ?? {};
  for (const body of [...words, token]) {
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
