import { rename, rm } from 'node:fs/promises';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { ReceivedFile } from '../http/uploads.ts';
import { KeyedQueue } from '../platform/keyed-queue.ts';
import { runCommand } from './run-command.ts';
import { fillCommand } from './voice-command.ts';

export interface VoiceOptions {
  /** Program and arguments; null when there is none. */
  command: readonly string[] | null;
  timeoutMs: number;
  /** The daemon's own environment. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Aborted when the daemon stops. */
  closing: AbortSignal;
}

/** Recordings that may wait for the one that is made text now. */
const maxWaiting = 3;

/** Extensions by media type: programs go by the name. */
const extensions: Readonly<Record<string, string>> = {
  'audio/webm': 'webm',
  'video/webm': 'webm',
  'audio/ogg': 'ogg',
  'application/ogg': 'ogg',
  'audio/mp4': 'm4a',
  'video/mp4': 'mp4',
  'audio/x-m4a': 'm4a',
  'audio/aac': 'aac',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/flac': 'flac',
};

/** Speech to text by the user's own command, one recording at a time. */
export class VoiceService implements AsyncDisposable {
  readonly #o: VoiceOptions;
  readonly #running = new KeyedQueue();
  #inside = 0;

  constructor(options: VoiceOptions) {
    this.#o = options;
  }

  status(): { configured: boolean; timeoutMs: number } {
    return { configured: this.#o.command !== null, timeoutMs: this.#o.timeoutMs };
  }

  /** @throws CodepiperError `voice_not_configured` */
  requireCommand(): readonly string[] {
    const { command } = this.#o;
    if (command !== null) return command;
    throw new CodepiperError(
      'voice_not_configured',
      'No command makes text of speech here. Set voice.command in config.yaml (or CODEPIPER_STT_COMMAND), for example to `whisper-cli --no-prints -f {input}`, and start the daemon again.',
    );
  }

  /**
   * What is said in a recording; empty where nothing is.
   *
   * @param signal aborted when the caller hangs up
   * @throws CodepiperError `media_refused`, `too_many_requests`, `voice_failed`
   */
  async transcribe(command: readonly string[], file: ReceivedFile, signal: AbortSignal): Promise<string> {
    const { closing } = this.#o;
    requireAudio(file);
    if (this.#inside > maxWaiting) {
      throw new CodepiperError(
        'too_many_requests',
        `${maxWaiting} recordings wait to be made text already: try again in a moment.`,
      );
    }
    this.#inside += 1;
    try {
      const gone = AbortSignal.any([signal, closing]);
      return await this.#running.run('', () => this.#run(command, file, gone));
    } finally {
      this.#inside -= 1;
    }
  }

  async #run(command: readonly string[], file: ReceivedFile, signal: AbortSignal): Promise<string> {
    if (signal.aborted) throw new CodepiperError('voice_failed', 'Nobody waits for it any more.');
    const input = `${file.path}.${extensions[file.mediaType] ?? 'audio'}`;
    await rename(file.path, input);
    try {
      const argv = fillCommand(command, { input, mime: file.mediaType });
      const { timeoutMs } = this.#o;
      return readOutput(await runCommand({ argv, env: this.#environment(), timeoutMs, signal }));
    } finally {
      await rm(input, { force: true });
    }
  }

  /** What is ours, keys of push messages among it, is none of the command's. */
  #environment(): Record<string, string | undefined> {
    return Object.fromEntries(
      Object.entries(this.#o.environment).filter(([name]) => !name.startsWith('CODEPIPER_')),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.idle();
  }
}

/** Browsers call what their microphone gives `video/webm` as well. */
function requireAudio({ mediaType }: ReceivedFile): void {
  if (mediaType in extensions || /^audio\/[a-z0-9][a-z0-9.+-]{0,60}$/.test(mediaType)) return;
  throw new CodepiperError(
    'media_refused',
    `What was sent is ${mediaType.slice(0, 60) || 'of no type'}; it must be audio (audio/webm, audio/ogg, audio/wav …).`,
  );
}

/** Text, or JSON with a field `text`, as several programs print it. */
function readOutput(output: string): string {
  return (jsonText(output) ?? output).replace(/(?![\n\t])\p{Cc}/gu, '').trim();
}

function jsonText(output: string): string | null {
  if (!output.trimStart().startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(output);
    const isText =
      typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string';
    return isText ? (value as { text: string }).text : null;
  } catch {
    return null;
  }
}
