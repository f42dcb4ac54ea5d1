/** An event of asciicast version 2; `at` in seconds since the recording began. */
export interface PlayedEvent {
  at: number;
  code: string;
  data: string;
}

export interface CastHeader {
  cols: number;
  rows: number;
}

/** Reads asciicast version 2 as it comes; no more of it than is asked for. */
export class CastReader {
  readonly #pieces: AsyncIterator<string>;
  #lines: string[] = [];
  #rest = '';
  #from = 0;

  constructor(pieces: AsyncIterable<string>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** To be read first. @throws Error when it is none */
  async header(): Promise<CastHeader> {
    const value = JSON.parse((await this.#line()) ?? 'null') as Record<string, unknown> | null;
    const own = value?.codepiper as { from?: number } | undefined;
    if (value?.version !== 2) throw new Error('what the daemon sent is no asciicast');
    this.#from = own?.from ?? 0;
    return { cols: Number(value.width), rows: Number(value.height) };
  }

  /** Null behind the last one. */
  async next(): Promise<PlayedEvent | null> {
    const line = await this.#line();
    if (line === null) return null;
    const [time, code, data] = JSON.parse(line) as [number, string, string];
    return { at: this.#from + time, code, data };
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #line(): Promise<string | null> {
    for (;;) {
      const line = this.#lines.pop();
      if (line !== undefined) return line;
      const { value, done } = await this.#pieces.next();
      if (done) return null;
      const lines = `${this.#rest}${value}`.split('\n');
      this.#rest = lines.pop() ?? '';
      this.#lines = lines.reverse();
    }
  }
}

/** The size that a resize says; null for what says none. */
export function sizeOf({ code, data }: PlayedEvent): CastHeader | null {
  const size = code === 'r' ? /^(\d{1,4})x(\d{1,4})$/.exec(data) : null;
  return size ? { cols: Number(size[1]), rows: Number(size[2]) } : null;
}
