const headLimit = 65_536;
const chunkLineLimit = 1024;

export interface ReplyHead {
  status: number;
  /** Names in lower case. */
  headers: ReadonlyMap<string, string>;
}

type State =
  | { at: 'head' }
  | { at: 'fixed'; left: number }
  | { at: 'chunk-size' }
  | { at: 'chunk-data'; left: number }
  | { at: 'chunk-end' }
  | { at: 'trailers' }
  | { at: 'until-close' }
  | { at: 'done' };

/**
 * Reads one HTTP/1.1 reply from bytes that come in pieces, cut anywhere. Small, since node:http takes longer to
 * load than everything else the CLI does.
 */
export class ReplyReader {
  head: ReplyHead | undefined;
  private state: State = { at: 'head' };
  private rest: Buffer = Buffer.alloc(0);

  /** Whether the reply is whole. */
  get isDone(): boolean {
    return this.state.at === 'done';
  }

  /**
   * Takes the next bytes and gives out the pieces of the body among them.
   *
   * @throws Error saying what is wrong, when this is no HTTP reply
   */
  push(piece: Buffer): Buffer[] {
    let input = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    const body: Buffer[] = [];
    for (;;) {
      const used = this.step(input, body);
      if (used === undefined) break;
      input = input.subarray(used);
    }
    this.rest = input;
    return body;
  }

  /** The connection has ended. @throws Error when the reply is not whole */
  end(): void {
    if (this.state.at === 'until-close') this.state = { at: 'done' };
    if (this.state.at !== 'done') throw new Error('the connection ended before the answer was whole');
  }

  /** Reads one part; undefined when more bytes are needed. */
  private step(input: Buffer, body: Buffer[]): number | undefined {
    const state = this.state;
    switch (state.at) {
      case 'head':
        return this.readHead(input);
      case 'fixed':
      case 'chunk-data': {
        if (input.length === 0) return undefined;
        const piece = input.subarray(0, state.left);
        body.push(piece);
        const left = state.left - piece.length;
        if (left > 0) this.state = { at: state.at, left };
        else this.state = { at: state.at === 'fixed' ? 'done' : 'chunk-end' };
        return piece.length;
      }
      case 'chunk-size':
        return this.readLine(input, (line) => {
          const [digits = ''] = line.split(';', 1);
          if (!/^[0-9a-fA-F]{1,8}[ \t]*$/.test(digits)) throw new Error(`"${line}" is no chunk size`);
          const left = Number.parseInt(digits, 16);
          this.state = left === 0 ? { at: 'trailers' } : { at: 'chunk-data', left };
        });
      case 'chunk-end':
        return this.readLine(input, (line) => {
          if (line !== '') throw new Error('a chunk is longer than it says');
          this.state = { at: 'chunk-size' };
        });
      case 'trailers':
        return this.readLine(input, (line) => {
          if (line === '') this.state = { at: 'done' };
        });
      case 'until-close':
        if (input.length === 0) return undefined;
        body.push(input);
        return input.length;
      case 'done':
        return input.length === 0 ? undefined : input.length;
    }
  }

  private readLine(input: Buffer, use: (line: string) => void): number | undefined {
    const end = input.indexOf('\n');
    if (end > chunkLineLimit || (end < 0 && input.length > chunkLineLimit)) {
      throw new Error('a line of the answer is too long');
    }
    if (end < 0) return undefined;
    use(input.toString('latin1', 0, end > 0 && input[end - 1] === 13 ? end - 1 : end));
    return end + 1;
  }

  private readHead(input: Buffer): number | undefined {
    const end = input.indexOf('\r\n\r\n');
    if (end > headLimit || (end < 0 && input.length > headLimit)) throw new Error('the head is too long');
    if (end < 0) {
      // What is no HTTP at all is refused at its first bytes, not when it falls silent.
      const start = input.toString('latin1', 0, 5);
      if (!'HTTP/'.startsWith(start)) throw new Error('this is not HTTP');
      return undefined;
    }
    const [first = '', ...lines] = input.toString('latin1', 0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.[01] ([1-9]\d\d)(?: |$)/.exec(first)?.[1]);
    if (!status) throw new Error('this is not HTTP');
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon < 1) throw new Error(`"${line}" is no header`);
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    // 1xx: the real answer follows.
    if (status >= 200) {
      this.head = { status, headers };
      this.state = bodyState(status, headers);
    }
    return end + 4;
  }
}

function bodyState(status: number, headers: ReadonlyMap<string, string>): State {
  if (status === 204 || status === 304) return { at: 'done' };
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return { at: 'chunk-size' };
  const length = headers.get('content-length');
  if (length === undefined) return { at: 'until-close' };
  if (!/^\d{1,15}$/.test(length)) throw new Error(`"${length}" is no length`);
  return Number(length) === 0 ? { at: 'done' } : { at: 'fixed', left: Number(length) };
}
