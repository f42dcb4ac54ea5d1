import { basename, dirname } from 'node:path';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';

export interface LogFileOptions {
  path: string;
  /** Size at which the file is rotated, in bytes. */
  maxBytes: number;
  /** Told once when writing begins to fail. */
  report(message: string): void;
}

export interface LogFile {
  /** Never throws. */
  write(line: string): void;
  /** Lines that could not be written. */
  readonly lost: number;
  /** Writes what is waiting and closes the file; never rejects. */
  close(): Promise<void>;
}

const keptFiles = 5;
/** Bytes that may wait for a slow disk before lines are dropped. */
const waitingLimit = 4 * 1024 * 1024;
/** A failed file is tried again at most this often, in milliseconds. */
const retryMs = 1000;

/** A rotated file (0600) that survives a full disk: lines are lost and counted, and it goes on when there is space. */
export function openLogFile({ path, maxBytes, report }: LogFileOptions): LogFile {
  let stream: RotatingFileStream | null = null;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failing = false;
  let lost = 0;

  function open(): RotatingFileStream {
    triedAt = performance.now();
    const opened = createStream(basename(path), {
      path: dirname(path),
      size: `${maxBytes}B`,
      rotate: keptFiles,
      mode: 0o600,
    });
    opened.on('error', (error) => {
      if (stream === opened) stream = null;
      if (failing) return;
      failing = true;
      report(`the log ${path} cannot be written (${error.message}); lines are lost until it can`);
    });
    return opened;
  }

  function current(): RotatingFileStream | null {
    if (stream === null && performance.now() - triedAt >= retryMs) stream = open();
    return stream;
  }

  return {
    write(line) {
      const to = current();
      if (to === null || to.writableLength > waitingLimit) {
        lost += 1;
        return;
      }
      to.write(line, (error) => {
        if (error) lost += 1;
        else failing = false;
      });
    },
    get lost() {
      return lost;
    },
    async close() {
      const last = stream;
      triedAt = Number.POSITIVE_INFINITY;
      stream = null;
      if (last) await new Promise<void>((resolve) => last.once('close', resolve).end());
    },
  };
}
