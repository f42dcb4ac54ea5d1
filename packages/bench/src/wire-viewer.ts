import { once } from 'node:events';
import { decodeServerFrame, encodeFrame, type ServerFrame } from '@codepiper/core/terminals/frames.ts';
import { WebSocket } from 'ws';

/** Bytes parsed since the last acknowledgement after which the next is due. */
const ackBytes = 16 * 1024;
const ackMs = 10;
const channel = 1;

/** A viewer of one session that does nothing with what it is sent but to acknowledge it. */
export class WireViewer {
  /** Called with each frame. */
  onFrame: (frame: ServerFrame) => void = () => undefined;
  /** Frames so far. */
  frames = 0;
  readonly #ws: WebSocket;
  #received = 0;
  #acknowledged = 0;
  #timer: NodeJS.Timeout | null = null;
  #n = 0;

  private constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#take(data);
    });
  }

  /** Connects and subscribes. Resolves when that was sent. */
  static async open(
    socket: string,
    session: string,
    options: { lines: number; onFrame?: (frame: ServerFrame) => void },
  ) {
    const ws = new WebSocket(`ws+unix:${socket}:/terminals/ws`, { perMessageDeflate: false });
    const viewer = new WireViewer(ws);
    if (options.onFrame) viewer.onFrame = options.onFrame;
    await once(ws, 'open');
    ws.send(
      JSON.stringify({ type: 'hello', version: 1, client: `bench-${process.pid}-${process.hrtime()[1]}` }),
    );
    const role = 'typist';
    ws.send(JSON.stringify({ type: 'subscribe', channel, session, role, lines: options.lines }));
    return viewer;
  }

  /** The same, and waits until the screen is there. */
  static async watch(socket: string, session: string, lines: number): Promise<WireViewer> {
    const drawn = Promise.withResolvers<void>();
    const onFrame = (frame: ServerFrame): void => {
      if (frame.type === 'snapshot' && frame.last) drawn.resolve();
    };
    const viewer = await WireViewer.open(socket, session, { lines, onFrame });
    await drawn.promise;
    viewer.onFrame = () => undefined;
    return viewer;
  }

  type(text: string): void {
    this.#n++;
    this.#ws.send(encodeFrame({ type: 'input', channel, n: this.#n, bytes: Buffer.from(text) }));
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    const closed = once(this.#ws, 'close');
    this.#ws.terminate();
    await closed;
  }

  #take(data: Buffer): void {
    const frame = decodeServerFrame(data);
    if (frame.type === 'inputAck') return;
    this.frames++;
    this.onFrame(frame);
    this.#received += data.length;
    if (this.#received - this.#acknowledged >= ackBytes) this.#acknowledge();
    else this.#timer ??= setTimeout(() => this.#acknowledge(), ackMs);
  }

  #acknowledge(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#acknowledged = this.#received;
    this.#ws.send(encodeFrame({ type: 'ack', channel, received: this.#received }));
  }
}
