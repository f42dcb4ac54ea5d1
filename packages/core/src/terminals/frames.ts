/**
 * Binary frames of the terminal's WebSocket, one per message. Text messages are JSON: see `messages.ts`.
 *
 * Every frame begins with 16 bytes, big-endian:
 *
 * | bytes | field   | meaning |
 * |-------|---------|---------|
 * | 0     | type    | see `frameCodes` |
 * | 1     | flags   | SNAPSHOT: 1 = first piece, 2 = last piece; PASTE: 1 = last piece; otherwise 0 |
 * | 2–3   | channel | number the viewer gave the session when it subscribed |
 * | 4–7   | epoch   | which stream: changes whenever the past of a session is not known exactly |
 * | 8–15  | seq     | place in the stream, at most 2^53 - 1 |
 *
 * From the daemon:
 * - 1 OUTPUT: bytes of the program; `seq` is the place of the first, each byte takes one place.
 * - 2 SNAPSHOT: columns (2 bytes), rows (2 bytes), control sequences. The first piece means: reset the terminal to that
 *   size; all pieces, written in order, draw it as it is at `seq`. What follows begins there. A viewer that lost its
 *   connection between the pieces has no place to resume from.
 * - 3 RESIZE: columns (2 bytes), rows (2 bytes); takes one place of the stream.
 * - 4 INPUT_ACK: number (4 bytes). Everything up to it is settled and must not be sent again.
 * - 5 ENDED: the program has ended; `seq` is the end of the stream.
 *
 * From the viewer; `n` counts from 1 for each client and session, and is the same when something is sent again:
 * - 16 INPUT: n (4 bytes), UTF-8; a character may be cut between two frames.
 * - 17 PASTE: n (4 bytes), UTF-8. All pieces of one paste carry the same n and follow each other directly.
 * - 18 ACK: received (8 bytes): length of all frames 1–3 of this subscription that were parsed, headers included.
 *   Due when 16 KB were parsed since the last one, or 10 ms after a frame was.
 * - 19 KEYS: n (4 bytes), names of keys, UTF-8, a line feed between them.
 *
 * Frames 4 and 16 to 19 have no place: their `epoch` and `seq` are 0.
 */
export const frameCodes = {
  output: 1,
  snapshot: 2,
  resize: 3,
  inputAck: 4,
  ended: 5,
  input: 16,
  paste: 17,
  ack: 18,
  keys: 19,
} as const;

/** Length of what every frame begins with. */
export const frameHeaderBytes = 16;
/** Longest frame, header included. */
export const maxFrameBytes = 256 * 1024 + 64;
/** Longest paste, all its pieces together. */
export const maxPasteBytes = 2 * 1024 * 1024;
const maxKeys = 64;
const maxKeyLength = 40;

const maxU16 = 0xffff;
const maxU32 = 0xffff_ffff;
const flagFirst = 1;
const flagLast = 2;
const flagLastOfPaste = 1;

interface Place {
  channel: number;
  epoch: number;
  seq: number;
}

/** What the daemon sends. `bytes` of a decoded frame are a view of the message, not a copy. */
export type ServerFrame =
  | ({ type: 'output'; bytes: Uint8Array } & Place)
  | ({
      type: 'snapshot';
      cols: number;
      rows: number;
      first: boolean;
      last: boolean;
      bytes: Uint8Array;
    } & Place)
  | ({ type: 'resize'; cols: number; rows: number } & Place)
  | ({ type: 'ended' } & Place)
  | { type: 'inputAck'; channel: number; n: number };

/** What a viewer sends. `bytes` of a decoded frame are a view of the message, not a copy. */
export type ViewerFrame =
  | { type: 'input'; channel: number; n: number; bytes: Uint8Array }
  | { type: 'paste'; channel: number; n: number; last: boolean; bytes: Uint8Array }
  | { type: 'keys'; channel: number; n: number; keys: readonly string[] }
  | { type: 'ack'; channel: number; received: number };

/**
 * truncated: shorter than its type needs. too_large: longer than `maxFrameBytes`, or than its type allows.
 * unknown_type: no such frame in this direction. malformed: a field has a value it cannot have.
 */
export type FrameFault = 'truncated' | 'too_large' | 'unknown_type' | 'malformed';

/** The only error the codec throws. The message names the frame and the value. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly reason: FrameFault;

  constructor(reason: FrameFault, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Throws `FrameError` for a value the wire has no room for. */
export function encodeFrame(frame: ServerFrame | ViewerFrame): Uint8Array<ArrayBuffer> {
  switch (frame.type) {
    case 'output':
      return write(frame, 0, 0, () => {}, frame.bytes);
    case 'snapshot': {
      const flags = (frame.first ? flagFirst : 0) | (frame.last ? flagLast : 0);
      return write(frame, flags, 4, (view, at) => putSize(view, at, frame), frame.bytes);
    }
    case 'resize':
      return write(frame, 0, 4, (view, at) => putSize(view, at, frame));
    case 'ended':
      return write(frame, 0, 0, () => {});
    case 'inputAck':
      return write(frame, 0, 4, (view, at) => putN(view, at, frame.n));
    case 'input':
      return write(frame, 0, 4, (view, at) => putN(view, at, frame.n), frame.bytes);
    case 'paste': {
      const flags = frame.last ? flagLastOfPaste : 0;
      return write(frame, flags, 4, (view, at) => putN(view, at, frame.n), frame.bytes);
    }
    case 'keys': {
      checkKeys(frame.keys);
      return write(frame, 0, 4, (view, at) => putN(view, at, frame.n), utf8(frame.keys.join('\n')));
    }
    case 'ack':
      return write(frame, 0, 8, (view, at) => putU64(view, at, frame.received, 'received'));
  }
}

/** A message of the daemon. Throws `FrameError`. */
export function decodeServerFrame(message: Uint8Array): ServerFrame {
  const frame = read(message);
  const { view, place } = frame;
  switch (frame.code) {
    case frameCodes.output:
      noFlags(frame);
      return { type: 'output', ...place, bytes: rest(frame, 0) };
    case frameCodes.snapshot: {
      if (frame.flags > (flagFirst | flagLast)) throw badFlags(frame);
      const first = (frame.flags & flagFirst) !== 0;
      const last = (frame.flags & flagLast) !== 0;
      return { type: 'snapshot', ...place, ...size(frame), first, last, bytes: rest(frame, 4) };
    }
    case frameCodes.resize:
      noFlags(frame);
      exactly(frame, 4);
      return { type: 'resize', ...place, ...size(frame) };
    case frameCodes.ended:
      noFlags(frame);
      exactly(frame, 0);
      return { type: 'ended', ...place };
    case frameCodes.inputAck:
      noFlags(frame);
      noPlace(frame);
      exactly(frame, 4);
      return { type: 'inputAck', channel: place.channel, n: view.getUint32(frameHeaderBytes) };
    default:
      throw new FrameError('unknown_type', `Frame type ${frame.code} is none the daemon sends.`);
  }
}

/** A message of a viewer. Throws `FrameError`. */
export function decodeViewerFrame(message: Uint8Array): ViewerFrame {
  const frame = read(message);
  const { channel } = frame.place;
  switch (frame.code) {
    case frameCodes.input:
      noFlags(frame);
      return { type: 'input', channel, n: number(frame), bytes: rest(frame, 4) };
    case frameCodes.paste: {
      if (frame.flags > flagLastOfPaste) throw badFlags(frame);
      const last = frame.flags === flagLastOfPaste;
      return { type: 'paste', channel, n: number(frame), last, bytes: rest(frame, 4) };
    }
    case frameCodes.keys: {
      noFlags(frame);
      const n = number(frame);
      const keys = textOf(rest(frame, 4)).split('\n');
      checkKeys(keys);
      return { type: 'keys', channel, n, keys };
    }
    case frameCodes.ack:
      noFlags(frame);
      noPlace(frame);
      exactly(frame, 8);
      return { type: 'ack', channel, received: getU64(frame.view, frameHeaderBytes, 'received') };
    default:
      throw new FrameError('unknown_type', `Frame type ${frame.code} is none a viewer sends.`);
  }
}

interface RawFrame {
  code: number;
  flags: number;
  place: Place;
  view: DataView;
  message: Uint8Array;
}

function read(message: Uint8Array): RawFrame {
  if (message.length < frameHeaderBytes) {
    throw new FrameError('truncated', `A frame of ${message.length} bytes has no room for its header.`);
  }
  if (message.length > maxFrameBytes) throw tooLarge(message.length);
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const place = { channel: view.getUint16(2), epoch: view.getUint32(4), seq: getU64(view, 8, 'seq') };
  return { code: view.getUint8(0), flags: view.getUint8(1), place, view, message };
}

function write(
  frame: { type: keyof typeof frameCodes; channel: number; epoch?: number; seq?: number },
  flags: number,
  fieldBytes: number,
  putFields: (view: DataView, at: number) => void,
  bytes: Uint8Array = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  const length = frameHeaderBytes + fieldBytes + bytes.length;
  if (length > maxFrameBytes) throw tooLarge(length);
  const message = new Uint8Array(length);
  const view = new DataView(message.buffer);
  view.setUint8(0, frameCodes[frame.type]);
  view.setUint8(1, flags);
  view.setUint16(2, whole(frame.channel, 0, maxU16, 'channel'));
  view.setUint32(4, whole(frame.epoch ?? 0, 0, maxU32, 'epoch'));
  putU64(view, 8, frame.seq ?? 0, 'seq');
  putFields(view, frameHeaderBytes);
  message.set(bytes, frameHeaderBytes + fieldBytes);
  return message;
}

function whole(value: number, least: number, most: number, field: string): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new FrameError(
    'malformed',
    `${field} is ${value}: a whole number from ${least} to ${most} is needed.`,
  );
}

function putU64(view: DataView, at: number, value: number, field: string): void {
  whole(value, 0, Number.MAX_SAFE_INTEGER, field);
  view.setUint32(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 4, value % 2 ** 32);
}

function getU64(view: DataView, at: number, field: string): number {
  return whole(view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4), 0, Number.MAX_SAFE_INTEGER, field);
}

function putN(view: DataView, at: number, n: number): void {
  view.setUint32(at, whole(n, 0, maxU32, 'n'));
}

function number(frame: RawFrame): number {
  noPlace(frame);
  need(frame, 4);
  return whole(frame.view.getUint32(frameHeaderBytes), 1, maxU32, 'n');
}

function putSize(view: DataView, at: number, { cols, rows }: { cols: number; rows: number }): void {
  view.setUint16(at, whole(cols, 1, maxU16, 'cols'));
  view.setUint16(at + 2, whole(rows, 1, maxU16, 'rows'));
}

function size(frame: RawFrame): { cols: number; rows: number } {
  need(frame, 4);
  return {
    cols: whole(frame.view.getUint16(frameHeaderBytes), 1, maxU16, 'cols'),
    rows: whole(frame.view.getUint16(frameHeaderBytes + 2), 1, maxU16, 'rows'),
  };
}

function need(frame: RawFrame, fieldBytes: number): void {
  const least = frameHeaderBytes + fieldBytes;
  if (frame.message.length >= least) return;
  throw new FrameError(
    'truncated',
    `Frame type ${frame.code} has ${frame.message.length} bytes: ${least} are needed.`,
  );
}

function exactly(frame: RawFrame, fieldBytes: number): void {
  need(frame, fieldBytes);
  if (frame.message.length > frameHeaderBytes + fieldBytes) throw tooLarge(frame.message.length, frame.code);
}

function rest(frame: RawFrame, fieldBytes: number): Uint8Array {
  need(frame, fieldBytes);
  return frame.message.subarray(frameHeaderBytes + fieldBytes);
}

function noFlags(frame: RawFrame): void {
  if (frame.flags !== 0) throw badFlags(frame);
}

function noPlace({ code, place }: RawFrame): void {
  if (place.epoch === 0 && place.seq === 0) return;
  throw new FrameError('malformed', `Frame type ${code} has no place in the stream: epoch and seq are 0.`);
}

function badFlags({ code, flags }: RawFrame): FrameError {
  return new FrameError('malformed', `Frame type ${code} has no flags ${flags}.`);
}

function tooLarge(length: number, code?: number): FrameError {
  if (code !== undefined) {
    return new FrameError('too_large', `A frame of type ${code} is never ${length} bytes long.`);
  }
  return new FrameError('too_large', `A frame of ${length} bytes is too long: at most ${maxFrameBytes}.`);
}

function checkKeys(keys: readonly string[]): void {
  whole(keys.length, 1, maxKeys, 'number of keys');
  for (const key of keys) {
    if (key.length > 0 && key.length <= maxKeyLength && !key.includes('\n')) continue;
    throw new FrameError(
      'malformed',
      `A key's name has 1 to ${maxKeyLength} characters: "${key.slice(0, 80)}".`,
    );
  }
}

/** Not TextEncoder and TextDecoder: they belong to the platform, and core has none. */
function utf8(text: string): Uint8Array {
  try {
    const escaped = encodeURIComponent(text).replace(/%(..)/g, (_, hex) =>
      String.fromCharCode(parseInt(hex, 16)),
    );
    return Uint8Array.from(escaped, (byte) => byte.charCodeAt(0));
  } catch {
    throw new FrameError('malformed', 'The names of the keys hold half a character.');
  }
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length > maxKeys * maxKeyLength * 4) throw tooLarge(bytes.length, frameCodes.keys);
  try {
    return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  } catch {
    throw new FrameError('malformed', 'The names of the keys are not valid UTF-8.');
  }
}
