import { writeSync } from 'node:fs';
import { enter, leave, type ViewSize } from './painter.ts';

/** How the terminal asked us to end: the number that shells add to 128. */
const endings = { SIGTERM: 15, SIGHUP: 1, SIGINT: 2 } as const;

export interface LocalTerminalEvents {
  input(bytes: Buffer): void;
  resized(): void;
  /** Somebody wants this program to end; exit code for it. */
  ending(code: number): void;
  /** The terminal may show anything: this program was stopped and goes on. */
  shownAgain(): void;
}

/** The terminal of the person, taken over until it is given back. */
export interface LocalTerminal extends Disposable {
  readonly size: ViewSize;
  write(text: string): void;
}

/**
 * Takes over the terminal on stdin and stdout: raw, on its other screen. It is given back as it was when this is
 * disposed of, and however else this process ends but by SIGKILL.
 */
export function takeTerminal(events: LocalTerminalEvents): LocalTerminal {
  const { stdin, stdout } = process;
  let isOver = false;
  const write = (text: string): void => {
    if (!isOver) stdout.write(text);
  };
  const giveBack = (): void => {
    if (isOver) return;
    isOver = true;
    try {
      stdin.setRawMode(false);
      // Nothing of it may be left behind in a stream when the process ends.
      writeSync(stdout.fd, leave);
    } catch {
      // The terminal is gone, and with it what there was to give back.
    }
  };
  const goOn = (): void => {
    stdin.setRawMode(true);
    write(enter);
    events.shownAgain();
  };
  const ends = Object.entries(endings).map(
    ([signal, number]) => [signal, () => events.ending(128 + number)] as const,
  );
  const hangUp = (): void => events.ending(128 + endings.SIGHUP);
  for (const [signal, end] of ends) process.on(signal, end);
  process.on('exit', giveBack);
  process.on('SIGCONT', goOn);
  stdin.on('data', events.input);
  stdin.on('end', hangUp);
  stdin.on('error', hangUp);
  stdout.on('error', hangUp);
  stdout.on('resize', events.resized);
  stdin.setRawMode(true);
  stdin.resume();
  write(enter);
  return {
    get size() {
      // A terminal that does not know its size says 0.
      return { cols: stdout.columns || 80, rows: stdout.rows || 24 };
    },
    write,
    [Symbol.dispose]: () => {
      giveBack();
      for (const [signal, end] of ends) process.off(signal, end);
      process.off('exit', giveBack);
      process.off('SIGCONT', goOn);
      stdin.off('data', events.input);
      stdin.off('end', hangUp);
      stdin.off('error', hangUp);
      stdout.off('resize', events.resized);
      stdin.pause();
    },
  };
}
