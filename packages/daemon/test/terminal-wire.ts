import { once } from 'node:events';
import {
  decodeServerFrame,
  encodeFrame,
  type ServerFrame,
  type ViewerFrame,
} from '@codepiper/core/terminals/frames.ts';
import { parseServerMessage, type ServerMessage } from '@codepiper/core/terminals/messages.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { WebSocket } from 'ws';

type Told<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;

/** A viewer of the tests: says what it is told to, acknowledges what it gets, and remembers everything. */
export class WireClient {
  readonly ws: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly frames: ServerFrame[] = [];
  closed: { code: number; reason: string } | null = null;
  acknowledges = true;
  /** Called with each frame before it is acknowledged. */
  onFrame: (frame: ServerFrame) => void = () => undefined;
  #received = 0;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#take(data);
      else this.messages.push(parseServerMessage(String(data)));
    });
    ws.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
    });
    ws.on('error', () => undefined);
  }

  static async connect(socket: string, query = ''): Promise<WireClient> {
    const ws = new WebSocket(`ws+unix:${socket}:/terminals/ws${query}`);
    const client = new WireClient(ws);
    await once(ws, 'open');
    return client;
  }

  /** Connects and says hello. */
  static async greet(socket: string, client = 'client-0001', query = ''): Promise<WireClient> {
    const viewer = await WireClient.connect(socket, query);
    viewer.say({ type: 'hello', version: 1, client, label: client });
    await viewer.told('hello');
    return viewer;
  }

  say(message: object): void {
    this.ws.send(JSON.stringify(message));
  }

  frame(frame: ViewerFrame): void {
    this.ws.send(encodeFrame(frame));
  }

  subscribe(session: string, more: object = {}): void {
    this.say({ type: 'subscribe', channel: 1, session, lines: 100, ...more });
  }

  /** Types text under a number. */
  type(n: number, text: string | Uint8Array): void {
    this.frame({ type: 'input', channel: 1, n, bytes: Buffer.from(text as string) });
  }

  /** The first message of a kind that fits; waits for it. */
  async told<T extends ServerMessage['type']>(
    type: T,
    fits: (message: Told<T>) => boolean = () => true,
  ): Promise<Told<T>> {
    return await waitFor(
      `${type}, after ${JSON.stringify(this.messages.slice(-3))}`,
      () =>
        this.messages.find(
          (message): message is Told<T> => message.type === type && fits(message as Told<T>),
        ) ?? null,
      { interval: 5 },
    );
  }

  /** Everything the program printed, as far as it was sent. */
  get output(): string {
    const parts = this.frames.flatMap((frame) => (frame.type === 'output' ? [frame.bytes] : []));
    return Buffer.concat(parts).toString('utf8');
  }

  /** Number up to which everything is settled. */
  get settled(): number {
    return Math.max(0, ...this.frames.map((frame) => (frame.type === 'inputAck' ? frame.n : 0)));
  }

  acknowledge(received = this.#received): void {
    this.frame({ type: 'ack', channel: 1, received });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.ws.terminate();
    await waitFor('the end of the connection', () => this.closed !== null);
  }

  #take(data: Buffer): void {
    const frame = decodeServerFrame(Buffer.from(data));
    this.frames.push(frame);
    this.onFrame(frame);
    if (frame.type === 'inputAck' || frame.type === 'ended') return;
    this.#received += data.length;
    if (this.acknowledges) this.acknowledge();
  }
}
