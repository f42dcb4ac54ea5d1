import { readFileSync } from 'node:fs';
import { type Client, createClient } from '@codepiper/client/client.ts';
import { defaultSocket, homeFiles } from '@codepiper/core/paths.ts';
import type { Input } from './args.ts';
import type { Io } from './io.ts';
import { type Colour, colour, toJson } from './output.ts';
import { createUnixTransport } from './unix-transport.ts';
import { UsageError } from './usage-error.ts';

/** What a command works with. */
export interface Context {
  readonly io: Io;
  readonly input: Input;
  /** Whether the result is printed as JSON. */
  readonly isJson: boolean;
  /** The daemon's socket: `--socket`, `CODEPIPER_SOCKET`, the running daemon of this home, the default. */
  socket(): string;
  client(): Client;
  /** Prints a value as JSON when asked to, else the text. */
  print(value: unknown, text: () => string): void;
  /** Colours text for stdout, where that is wanted. */
  paint(text: string, name: Colour): string;
  /** Shows a spinner on a terminal's stderr while something takes long. */
  during<T>(label: string, work: Promise<T>): Promise<T>;
}

/** A command: resolves to the exit code, 0 when to nothing. */
export type Run = (context: Context) => Promise<number | undefined> | Promise<void>;

const usualFormats = ['table', 'json', 'pretty', 'text'];

/** @param formats what `--format` takes */
export function createContext(io: Io, input: Input, formats: readonly string[] = usualFormats): Context {
  const isJson = input.flag('json') || input.choice('format', formats) === 'json';
  let client: Client | undefined;
  let hasColour: boolean | undefined;
  const context: Context = {
    io,
    input,
    isJson,
    socket: () => findSocket(io, input),
    client() {
      client ??= createClient(createUnixTransport({ socket: context.socket(), token: io.env.token }));
      return client;
    },
    print: (value, text) => io.out(isJson ? toJson(value) : text()),
    paint(text, name) {
      // Asked once: it is a system call, and a table has many cells.
      hasColour ??= io.isTTY.stdout && !io.env.hasNoColor;
      return colour(text, name, hasColour);
    },
    during: (label, work) => (io.isTTY.stderr && !isJson ? spin(io, label, work) : work),
  };
  return context;
}

function findSocket(io: Io, input: Input): string {
  const { env } = io;
  const given = input.text('socket');
  if (given !== undefined && !given.startsWith('/')) {
    throw new UsageError(`--socket is "${given}"; it must be an absolute path.`);
  }
  return (
    given ??
    env.socket ??
    runningSocket(env.home) ??
    defaultSocket({ XDG_RUNTIME_DIR: env.runtimeDir }, env.uid)
  );
}

/** Where the running daemon of this home listens, as it noted itself. */
function runningSocket(home: string): string | undefined {
  try {
    const note: unknown = JSON.parse(readFileSync(`${home}/${homeFiles.daemon}`, 'utf8'));
    if (typeof note === 'object' && note !== null && 'socket' in note && typeof note.socket === 'string') {
      return note.socket;
    }
  } catch {
    // No daemon has run here, or it was killed while it wrote: the default is the next best guess.
  }
  return undefined;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

async function spin<T>(io: Io, label: string, work: Promise<T>): Promise<T> {
  let frame = 0;
  // What is quick shows nothing.
  const timer = setInterval(() => {
    frame++;
    if (frame > 2) io.err(`\r\x1b[2K${frames[frame % frames.length]} ${label} …`);
  }, 120);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (frame > 2) io.err('\r\x1b[2K');
  }
}
