import { exitCodes } from '@codepiper/core/errors.ts';
import type { Recording } from '@codepiper/core/recordings/recording.ts';
import { Screen } from '@codepiper/daemon/terminals/screen/screen.ts';
import type { Context } from '../context.ts';
import { clean, truncate } from '../output.ts';
import { type LocalTerminal, takeTerminal } from '../stream/local-terminal.ts';
import { Painter } from '../stream/painter.ts';
import { CastReader, type PlayedEvent, sizeOf } from './cast-reader.ts';
import { type ReplayCommand, readCommands } from './keys.ts';
import { positionText } from './text.ts';

export interface ReplayOptions {
  /** Seconds since the recording began, or a time. */
  from: number | string | undefined;
  speed: number;
  /** Longest pause, in seconds; 0 for as it was. */
  idleLimit: number;
}

const seekSeconds = 5;
const [slowest, fastest] = [0.1, 100];
/** Between two pictures, in milliseconds. */
const frameMs = 16;
/** The position is shown anew after this long, in milliseconds. */
const clockMs = 500;
/** What is behind the screen, for what a larger one brings back from it. */
const scrollback = 500;

/** Plays a recording on the terminal of the person, who steers it with keys. Resolves to the exit code. */
export async function replay(context: Context, id: string, options: ReplayOptions): Promise<number> {
  const client = context.client();
  const { recording } = await client.request('GET', '/sessions/:id/recording', { params: { id } });
  const open = (from: number | string | undefined): CastReader =>
    new CastReader(client.cast(id, { ...(from === undefined ? {} : { from }), signal: context.io.gone }));
  const first = open(options.from);
  // Where there is nothing to play, the terminal stays as it is.
  await using player = new Player(recording, options, open, { reader: first, header: await first.header() });
  // Awaited here: what plays is closed when this ends.
  return await player.play();
}

interface Opened {
  reader: CastReader;
  header: { cols: number; rows: number };
}

class Player implements AsyncDisposable {
  readonly #recording: Recording;
  readonly #open: (from: number) => CastReader;
  readonly #idleLimit: number;
  readonly #painter = new Painter();
  #reader: CastReader;
  #screen: Screen;
  #next: PlayedEvent | null = null;
  #isAtEnd = false;
  #position = 0;
  #speed: number;
  #isPaused = false;
  #label = '';
  readonly #commands: ReplayCommand[] = [];
  #wake: () => void = () => undefined;
  #code: number | null = null;
  #paintedAt = Number.NEGATIVE_INFINITY;

  constructor(
    recording: Recording,
    { speed, idleLimit }: ReplayOptions,
    open: (from: number) => CastReader,
    { reader, header }: Opened,
  ) {
    this.#recording = recording;
    this.#open = open;
    this.#speed = speed;
    this.#idleLimit = idleLimit > 0 ? idleLimit : Number.POSITIVE_INFINITY;
    this.#reader = reader;
    this.#screen = new Screen({ ...header, scrollback });
  }

  async play(): Promise<number> {
    using terminal = takeTerminal({
      input: (bytes) => {
        this.#commands.push(...readCommands(bytes.toString('latin1')));
        this.#wake();
      },
      resized: () => this.#repaint(),
      ending: (code) => {
        this.#code = code;
        this.#wake();
      },
      shownAgain: () => this.#repaint(),
    });
    await this.#begin();
    while (this.#code === null) {
      const command = this.#commands.shift();
      if (command) await this.#obey(command);
      else if (this.#isPaused || !this.#next) await this.#rest(terminal, null);
      else await this.#advance(terminal, this.#next);
    }
    return this.#code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.close();
    this.#screen[Symbol.dispose]();
  }

  /** The screen that the recording begins with, as far as it was opened. */
  async #begin(): Promise<void> {
    this.#isAtEnd = false;
    await this.#read();
    const first = this.#next;
    this.#position = first?.at ?? this.#recording.to;
    this.#label = this.#recording.markers.findLast(({ at }) => at <= this.#position)?.label ?? '';
    await this.#take();
  }

  async #read(): Promise<void> {
    this.#next = await this.#reader.next();
    this.#isAtEnd = this.#next === null;
  }

  /** Shows the next event. */
  async #take(): Promise<void> {
    const event = this.#next;
    if (!event) return;
    this.#position = Math.max(this.#position, event.at);
    const size = sizeOf(event);
    if (size) this.#screen.resize(size.cols, size.rows);
    else if (event.code === 'm') this.#label = event.data;
    else if (event.code === 'o') {
      const bytes = Buffer.from(event.data);
      for (let at = 0; at < bytes.length; at += 1 << 16)
        this.#screen.write(bytes.subarray(at, at + (1 << 16)));
    }
    await this.#read();
  }

  /** Waits for the next event as long as the recording did, and shows it; a key comes between. */
  async #advance(terminal: LocalTerminal, next: PlayedEvent): Promise<void> {
    const pause = next.at - this.#position;
    const skipped = Math.max(0, pause - this.#idleLimit);
    this.#position += skipped;
    const ms = ((pause - skipped) * 1000) / this.#speed;
    if (ms >= 1) {
      await this.#rest(terminal, ms);
      return;
    }
    await this.#take();
    if (performance.now() - this.#paintedAt < frameMs) return;
    this.#paint(terminal);
    await new Promise(setImmediate); // keys are heard while much is printed
  }

  /** Until a key, or for so many milliseconds; the position goes on meanwhile. */
  async #rest(terminal: LocalTerminal, ms: number | null): Promise<void> {
    this.#paint(terminal);
    const begun = performance.now();
    await new Promise<void>((resolve) => {
      const timer = ms === null ? undefined : setTimeout(resolve, Math.min(ms, clockMs));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      // What came while this was prepared.
      if (this.#commands.length > 0 || this.#code !== null) this.#wake();
    });
    this.#wake = () => undefined;
    if (ms === null) return;
    const passed = ((performance.now() - begun) * this.#speed) / 1000;
    this.#position = Math.min(this.#position + passed, this.#next?.at ?? this.#position);
  }

  async #obey(command: ReplayCommand): Promise<void> {
    const { markers, from } = this.#recording;
    const turns = markers.filter(({ turn }) => turn !== null).map(({ at }) => at);
    switch (command) {
      case 'quit':
        this.#code = exitCodes.ok;
        break;
      case 'pause':
        this.#isPaused = !this.#isPaused;
        break;
      case 'step':
        this.#isPaused = true;
        await this.#take();
        break;
      case 'faster':
        this.#speed = Math.min(fastest, this.#speed * 2);
        break;
      case 'slower':
        this.#speed = Math.max(slowest, this.#speed / 2);
        break;
      case 'forward':
        await this.#seek(this.#position + seekSeconds);
        break;
      case 'back':
        await this.#seek(this.#position - seekSeconds);
        break;
      case 'next':
        await this.#seek(turns.find((at) => at > this.#position + 0.1) ?? this.#recording.to);
        break;
      case 'previous':
        await this.#seek(turns.findLast((at) => at < this.#position - 1) ?? from);
    }
  }

  async #seek(to: number): Promise<void> {
    const { from, to: end } = this.#recording;
    const wanted = Math.max(from, Math.min(to, end));
    await this.#reader.close();
    this.#reader = this.#open(Math.round(wanted * 1000) / 1000);
    const header = await this.#reader.header();
    this.#screen[Symbol.dispose]();
    this.#screen = new Screen({ ...header, scrollback });
    await this.#begin();
    this.#position = Math.max(this.#position, wanted);
  }

  #repaint(): void {
    this.#painter.forget();
    this.#wake();
  }

  #paint(terminal: LocalTerminal): void {
    this.#paintedAt = performance.now();
    const { cols, rows } = terminal.size;
    const shown = { cols, rows: Math.max(1, rows - 1) };
    const status = `\x1b7\x1b[${rows};1H\x1b[0;7m${this.#status(cols)}\x1b[m\x1b8`;
    terminal.write(this.#painter.paint(this.#screen.core, shown, null) + status);
  }

  #status(cols: number): string {
    const { cols: width, rows: height } = this.#screen;
    const state = this.#isAtEnd ? 'end' : this.#isPaused ? 'paused' : 'plays';
    const speed = this.#speed === 1 ? '' : `  ${Number(this.#speed.toFixed(2))}x`;
    const position = `${positionText(this.#position)} / ${positionText(this.#recording.to)}`;
    const left = ` ${state}  ${position}${speed}  ${width}x${height}  ${clean(this.#label)}`;
    const keys = 'space pause  . step  +- speed  <- -> seek  q quit ';
    const room = cols - keys.length - 1;
    return room > left.length ? left.padEnd(room + 1) + keys : truncate(left, cols).padEnd(cols);
  }
}
