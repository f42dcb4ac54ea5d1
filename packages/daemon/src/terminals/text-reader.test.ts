import { PassThrough, Writable } from 'node:stream';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { describe, expect, it } from 'vitest';
import type { LiveTerminal, TerminalListener } from './live-terminal.ts';
import { OutputLog } from './output-log.ts';
import { followText } from './text-reader.ts';

/** A terminal that a test prints in. */
class Printed implements LiveTerminal {
  readonly sessionId = 'a';
  readonly run = 1;
  readonly ready = Promise.resolve();
  readonly log = new OutputLog(1, 100_000);
  readonly size = { cols: 40, rows: 6 };
  readonly snapshotBytes = 0;
  isEnded = false;
  readonly listeners = new Set<TerminalListener>();

  snapshot(): never {
    throw new Error('not expected');
  }

  listen(listener: TerminalListener): Disposable {
    this.listeners.add(listener);
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
  }

  print(text: string): void {
    this.log.append(Buffer.from(text));
    for (const listener of this.listeners) listener.appended();
  }

  end(): void {
    this.isEnded = true;
    for (const listener of this.listeners) listener.ended();
  }
}

/** A reader that takes nothing until it is let. */
class Slow extends Writable {
  text = '';
  #next: (() => void) | null = null;
  #isLet = false;

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    if (this.#isLet) done();
    else this.#next = done;
  }

  let(): void {
    this.#isLet = true;
    this.#next?.();
  }
}

describe('the text of a terminal', () => {
  it('is told line by line from a place of its log on, to the end', async () => {
    const terminal = new Printed();
    terminal.print('before\r\n');
    const reader = new PassThrough();
    reader.setEncoding('utf8');
    const done = followText(terminal, { epoch: 1, seq: terminal.log.end }, reader);
    terminal.print('one\r\ntw');
    await waitFor('the first line', () => reader.readableLength > 0);
    expect(reader.read()).toBe('one\n');
    terminal.log.resize(50, 6);
    terminal.print('o\r\nthree');
    terminal.end();
    await done;
    expect(reader.read()).toBe('two\nthree\n');
    expect(terminal.listeners.size).toBe(0);
  });

  it('says to a reader who was too slow how much is missing', async () => {
    const terminal = new Printed();
    const reader = new Slow();
    const done = followText(terminal, { epoch: 1, seq: 0 }, reader);
    terminal.print('one\r\n');
    await waitFor('the first line', () => reader.text !== '');
    for (let count = 0; count < 30_000; count++) terminal.print(`${count}\r\n`.padStart(10));
    reader.let();
    await waitFor('the rest', () => reader.text.includes('skipped'));
    terminal.print('two\r\n');
    terminal.end();
    await done;
    const [first, said, ...rest] = reader.text.split('\n');
    expect(first).toBe('one');
    expect(said).toBe(
      '[codepiper: about 234464 bytes of output skipped here, as it came faster than it was read]',
    );
    // The newest of it, in whole lines.
    const shown = Array.from({ length: 6_553 }, (_, index) => `${30_000 - 6_553 + index}`.padStart(8));
    expect(rest).toEqual([...shown, 'two', '']);
  });

  it('says where output is missing that nobody counted', async () => {
    const terminal = new Printed();
    const reader = new Slow();
    reader.let();
    const done = followText(terminal, { epoch: 1, seq: 0 }, reader);
    terminal.log.restart();
    terminal.print('');
    await waitFor('a word of it', () => reader.text !== '');
    terminal.print('two\r\n');
    terminal.end();
    await done;
    expect(reader.text).toMatch(/^\[codepiper: output skipped here.*\]\ntwo\n$/);
  });

  it('is over when its reader goes', async () => {
    const terminal = new Printed();
    const reader = new PassThrough();
    const done = followText(terminal, { epoch: 1, seq: 0 }, reader);
    reader.destroy();
    await done;
    expect(terminal.listeners.size).toBe(0);
    await followText(terminal, { epoch: 1, seq: 0 }, reader);
  });
});
