/** What terminals send for keys that are no characters. */
const sequences: Readonly<Record<string, string>> = {
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  '\r': 'enter',
  '\n': 'enter',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x03': 'ctrl+c',
  '\x04': 'ctrl+c',
  '\x15': 'ctrl+u',
  '\x1b': 'escape',
};

/** The keys in what a terminal sent at once: their names, or the character. Keys that mean nothing here are left out. */
export function readKeys(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what terminals send
  const found = text.match(/\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O[A-Z])|[\s\S]/gu) ?? [];
  return found.flatMap((part) => {
    const name = sequences[part];
    if (name !== undefined) return [name];
    return /^\P{Cc}$/u.test(part) ? [part] : [];
  });
}

/** A terminal that is read key by key and written as a whole screen. */
export interface Screen extends Disposable {
  readonly columns: number;
  readonly rows: number;
  /** Ends with the terminal, or with the screen. */
  readonly keys: AsyncIterable<string>;
  draw(lines: readonly string[]): void;
  onResize(redraw: () => void): void;
  /** Gives the terminal to another program for as long as that runs. */
  lend<T>(run: () => Promise<T>): Promise<T>;
}

const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';

/** The terminal of this process. */
export function openScreen(write: (text: string) => void): Screen {
  const { stdin, stdout } = process;
  const queue: string[] = [];
  let wake: (() => void) | undefined;
  let isOver = false;
  const take = (data: Buffer) => {
    queue.push(...readKeys(data.toString('utf8')));
    wake?.();
  };
  const end = () => {
    isOver = true;
    wake?.();
  };
  const begin = () => {
    stdin.setRawMode(true);
    stdin.on('data', take);
    stdin.resume();
    write(enter);
  };
  const giveBack = () => {
    stdin.off('data', take);
    stdin.pause();
    stdin.setRawMode(false);
    write(leave);
  };
  stdin.once('end', end);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  begin();
  return {
    get columns() {
      return stdout.columns || 80;
    },
    get rows() {
      return stdout.rows || 24;
    },
    keys: (async function* () {
      for (;;) {
        for (let key = queue.shift(); key !== undefined; key = queue.shift()) yield key;
        if (isOver) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    })(),
    draw: (lines) => write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`),
    onResize: (redraw) => void stdout.on('resize', redraw),
    async lend(run) {
      giveBack();
      try {
        return await run();
      } finally {
        // What was typed meanwhile was meant for the other program.
        queue.length = 0;
        begin();
      }
    },
    [Symbol.dispose]() {
      end();
      for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, end);
      stdin.off('end', end);
      stdout.removeAllListeners('resize');
      giveBack();
    },
  };
}
