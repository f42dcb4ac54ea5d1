import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a poor line does to what it carries. */
export interface PoorLine {
  bytesPerSecond: number;
  /** Bytes after which a connection drops, on average, each direction counted by itself. Without it none does. */
  dropEvery?: number;
  /** How often it stands still, on average, and for how long. */
  stall?: { every: number; ms: number };
  /** Numbers in [0, 1), so that a run can be repeated. */
  random?: () => number;
}

/** What a poor line takes at a time, in bytes: a few packets. */
const pieceBytes = 2048;

/** A network cable between a viewer and the daemon that can be cut, held, and made poor. */
export class Cable implements AsyncDisposable {
  readonly port: number;
  /** Connections that a poor line has dropped. */
  drops = 0;
  /** Bytes that came out at either end. */
  carried = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  #poor: PoorLine | null = null;
  #hold = Promise.resolve();
  #letGo: () => void = () => undefined;

  private constructor(server: Server, to: () => number | string) {
    this.#server = server;
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
    server.on('connection', (near) => {
      if (this.#isCut) {
        near.destroy();
        return;
      }
      const at = to();
      const far = typeof at === 'string' ? connect(at) : connect(at, '127.0.0.1');
      void this.#carry(near, far);
      void this.#carry(far, near);
    });
  }

  /** @param to asked at each connection: a port of this machine, or the path of a socket */
  static async lay(to: () => number | string): Promise<Cable> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Cable(server, to);
  }

  /** What comes from now on is carried as by a poor line; null: as by a good one again. */
  worsen(poor: PoorLine | null): void {
    this.#poor = poor;
  }

  /** From now on nothing is read at either end, and no connection ends, until `letGo`. */
  hold(): void {
    this.#hold = new Promise((resolve) => {
      this.#letGo = resolve;
    });
  }

  letGo(): void {
    this.#letGo();
    this.#hold = Promise.resolve();
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.letGo();
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #carry(from: Socket, to: Socket): Promise<void> {
    this.#sockets.add(from);
    from.on('error', () => to.destroy());
    from.on('close', () => this.#sockets.delete(from));
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        await this.#hold;
        for (let at = 0; at < chunk.length; ) {
          const poor = this.#poor;
          const piece = poor ? chunk.subarray(at, at + pieceBytes) : chunk.subarray(at);
          at += piece.length;
          if (poor) await this.#suffer(poor, piece.length);
          if (from.destroyed || to.destroyed) return;
          this.carried += piece.length;
          if (!to.write(piece)) await once(to, 'drain');
        }
      }
      to.end();
    } catch {
      // One end is gone, and takes the other with it.
      from.destroy();
      to.destroy();
    }
  }

  async #suffer(poor: PoorLine, bytes: number): Promise<void> {
    const { bytesPerSecond, dropEvery, stall, random = Math.random } = poor;
    await sleep((bytes / bytesPerSecond) * 1000);
    if (stall && random() < bytes / stall.every) await sleep(stall.ms);
    if (dropEvery !== undefined && random() < bytes / dropEvery) {
      this.drops++;
      throw new Error('the line dropped the connection');
    }
  }
}
