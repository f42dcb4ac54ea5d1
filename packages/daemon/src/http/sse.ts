import type { FastifyReply } from 'fastify';
import { drained } from './drained.ts';

export interface SseOptions {
  /** Between two comments that keep the connection open, in milliseconds. */
  heartbeatMs: number;
  /** How long a reader may not read before it is closed, in milliseconds. */
  stallMs: number;
}

/** One answer of server-sent events. Nothing is queued beyond what the connection takes. */
export interface SseStream {
  /** Aborted when either side has closed the stream. */
  readonly closed: AbortSignal;
  /** Sends one frame as written; resolves when there is room for the next: false when the stream is closed. */
  send(frame: string): Promise<boolean>;
  close(): void;
}

/** Begins the answer; from here on errors can only end it. */
export function openSse(reply: FastifyReply, { heartbeatMs, stallMs }: SseOptions): SseStream {
  reply.hijack();
  const { raw } = reply;
  const controller = new AbortController();
  const { signal: closed } = controller;
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  raw.flushHeaders();

  const heartbeat = setInterval(() => {
    if (!raw.writableNeedDrain) raw.write(': alive\n\n');
  }, heartbeatMs);
  heartbeat.unref();
  const finish = (): void => {
    clearInterval(heartbeat);
    controller.abort();
  };
  raw.once('close', finish);
  raw.once('error', finish);
  if (raw.destroyed) finish();

  /** Waits until the reader has read; closes it when it takes too long. */
  const drain = async (): Promise<boolean> => {
    const timer = setTimeout(() => raw.destroy(), stallMs);
    timer.unref();
    await drained(raw);
    clearTimeout(timer);
    return !closed.aborted;
  };

  return {
    closed,
    async send(frame) {
      if (closed.aborted) return false;
      return raw.write(frame) || drain();
    },
    close() {
      // What a stalled reader has not read would keep the connection open.
      if (raw.writableNeedDrain) raw.destroy();
      else if (!raw.writableEnded) raw.end();
      finish();
    },
  };
}
