import type { ControlClient } from './control-client.ts';
import type { OutputWatch } from './tmux.ts';

/** Unread bytes at which tmux is no longer read, so that it holds the program's output back. */
const maxUnread = 1 << 20;

/** Bytes of one pane, from a control client to one reader. */
export class PaneOutput implements OutputWatch {
  readonly output: AsyncIterable<Uint8Array>;
  #client: ControlClient | null = null;
  #chunks: Uint8Array[] = [];
  #unread = 0;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor() {
    this.output = { [Symbol.asyncIterator]: () => this.#read() };
  }

  follow(client: ControlClient): void {
    this.#client = client;
    void client.closed.then(() => this.#end());
  }

  push(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#chunks.push(chunk);
    this.#unread += chunk.length;
    if (this.#unread > maxUnread) this.#client?.pause();
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#chunks = [];
    this.#end();
    await this.#client?.close();
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunks = this.#chunks;
      this.#chunks = [];
      this.#unread = 0;
      this.#client?.resume();
      yield* chunks;
      if (this.#chunks.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
