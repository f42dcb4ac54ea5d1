import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeServerFrame,
  decodeViewerFrame,
  encodeFrame,
  FrameError,
  frameHeaderBytes,
  maxFrameBytes,
  type ServerFrame,
  type ViewerFrame,
} from './frames.ts';

const u16 = fc.nat(0xffff);
const u32 = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 0xffff_ffff, 0x8000_0000));
const n = u32.map((value) => Math.max(1, value));
const seq = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER),
);
const size = fc.integer({ min: 1, max: 0xffff });
const bytes = fc.uint8Array({ maxLength: 300 });
const place = { channel: u16, epoch: u32, seq };
const key = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((name) => name.length <= 40 && !name.includes('\n'));

const serverFrame: fc.Arbitrary<ServerFrame> = fc.oneof(
  fc.record({ type: fc.constant('output' as const), ...place, bytes }),
  fc.record({
    type: fc.constant('snapshot' as const),
    ...place,
    cols: size,
    rows: size,
    first: fc.boolean(),
    last: fc.boolean(),
    bytes,
  }),
  fc.record({ type: fc.constant('resize' as const), ...place, cols: size, rows: size }),
  fc.record({ type: fc.constant('ended' as const), ...place }),
  fc.record({ type: fc.constant('inputAck' as const), channel: u16, n: u32 }),
);
const viewerFrame: fc.Arbitrary<ViewerFrame> = fc.oneof(
  fc.record({ type: fc.constant('input' as const), channel: u16, n, bytes }),
  fc.record({ type: fc.constant('paste' as const), channel: u16, n, last: fc.boolean(), bytes }),
  fc.record({
    type: fc.constant('keys' as const),
    channel: u16,
    n,
    keys: fc.array(key, { minLength: 1, maxLength: 64 }),
  }),
  fc.record({ type: fc.constant('ack' as const), channel: u16, received: seq }),
);

/** Bytes that look much like frames, and others. */
const garbage = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .tuple(
      fc.constantFrom(1, 2, 3, 4, 5, 16, 17, 18, 19),
      fc.nat(3),
      fc.uint8Array({ maxLength: 40 }),
      fc.boolean(),
    )
    .map(([type, flags, rest, isPlaced]) => {
      const head = [
        type,
        flags,
        0,
        1,
        ...(isPlaced ? [0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 1, 0] : Array(12).fill(0)),
      ];
      return Uint8Array.from([...head, ...rest]);
    }),
  fc.tuple(fc.oneof(serverFrame, viewerFrame), fc.nat(), fc.nat(255)).map(([frame, at, value]) => {
    const message = encodeFrame(frame);
    message[at % message.length] = value;
    return message;
  }),
);

function fault(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FrameError) return error.reason;
    throw error;
  }
  return 'none';
}

/** A message at some place of a larger buffer, as they come from a socket. */
function inside(message: Uint8Array): Uint8Array {
  const larger = new Uint8Array(message.length + 7).fill(0xaa);
  larger.set(message, 3);
  return larger.subarray(3, 3 + message.length);
}

describe('frames', () => {
  it('come out as they went in', () => {
    fc.assert(
      fc.property(serverFrame, (frame) => {
        expect(decodeServerFrame(inside(encodeFrame(frame)))).toEqual(frame);
      }),
    );
    fc.assert(
      fc.property(viewerFrame, (frame) => {
        expect(decodeViewerFrame(inside(encodeFrame(frame)))).toEqual(frame);
      }),
    );
  });

  it('are big-endian behind a header of 16 bytes', () => {
    const frame = encodeFrame({
      type: 'snapshot',
      channel: 0x0102,
      epoch: 0x03040506,
      seq: 0x0007_0809_0a0b_0c0d,
      cols: 80,
      rows: 24,
      first: true,
      last: false,
      bytes: Uint8Array.of(0x41),
    });
    expect([...frame]).toEqual([2, 1, 1, 2, 3, 4, 5, 6, 0, 7, 8, 9, 10, 11, 12, 13, 0, 80, 0, 24, 0x41]);
    expect(
      [...encodeFrame({ type: 'keys', channel: 0, n: 1, keys: ['C-c', 'é'] })].slice(frameHeaderBytes),
    ).toEqual([0, 0, 0, 1, 0x43, 0x2d, 0x63, 0x0a, 0xc3, 0xa9]);
  });

  it('either have one meaning, or are refused with the one error', () => {
    let taken = 0;
    fc.assert(
      fc.property(garbage, (message) => {
        for (const decode of [decodeServerFrame, decodeViewerFrame]) {
          let frame: ServerFrame | ViewerFrame;
          try {
            frame = decode(message);
          } catch (error) {
            expect(error).toBeInstanceOf(FrameError);
            continue;
          }
          taken += 1;
          expect(encodeFrame(frame)).toEqual(message);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it('are refused in the wrong direction', () => {
    fc.assert(
      fc.property(
        serverFrame,
        (frame) => fault(() => decodeViewerFrame(encodeFrame(frame))) === 'unknown_type',
      ),
    );
    fc.assert(
      fc.property(
        viewerFrame,
        (frame) => fault(() => decodeServerFrame(encodeFrame(frame))) === 'unknown_type',
      ),
    );
  });

  const withHeader = (type: number, ...rest: number[]) =>
    Uint8Array.from([type, 0, 0, 1, ...Array(12).fill(0), ...rest]);

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'truncated'],
    ['a header cut short', new Uint8Array(15), 'truncated'],
    ['an unknown type', withHeader(99), 'unknown_type'],
    ['an input without its number', withHeader(16, 0, 0, 1), 'truncated'],
    ['an input with number 0', withHeader(16, 0, 0, 0, 0), 'malformed'],
    ['an acknowledgement with more', withHeader(18, 0, 0, 0, 0, 0, 0, 0, 1, 0), 'too_large'],
    ['a count beyond 2^53', withHeader(18, 0, 0x20, 0, 0, 0, 0, 0, 0), 'malformed'],
    ['keys without a name', withHeader(19, 0, 0, 0, 1), 'malformed'],
    ['keys that are not UTF-8', withHeader(19, 0, 0, 0, 1, 0xff), 'malformed'],
    ['keys without end', withHeader(19, 0, 0, 0, 1, ...Array(20_000).fill(0x41)), 'too_large'],
    ['65 keys', withHeader(19, 0, 0, 0, 1, ...Array(64).fill([0x41, 0x0a]).flat(), 0x41), 'malformed'],
    [
      'a frame beyond the limit',
      Uint8Array.from({ length: maxFrameBytes + 1 }, (_, at) => (at === 0 ? 16 : 1)),
      'too_large',
    ],
    ['flags nobody knows', Uint8Array.from([16, 1, ...withHeader(16, 0, 0, 0, 1).subarray(2)]), 'malformed'],
  ])('of a viewer: %s is refused', (_case, message, reason) => {
    expect(fault(() => decodeViewerFrame(message))).toBe(reason);
  });

  it.each<[string, Uint8Array, string]>([
    ['a resize to nothing', withHeader(3, 0, 0, 0, 24), 'malformed'],
    ['a resize cut short', withHeader(3, 0, 80, 0), 'truncated'],
    ['a snapshot without its size', withHeader(2, 0, 80), 'truncated'],
    ['an end with something behind it', withHeader(5, 0), 'too_large'],
  ])('of the daemon: %s is refused', (_case, message, reason) => {
    expect(fault(() => decodeServerFrame(message))).toBe(reason);
  });

  it.each<[string, ServerFrame | ViewerFrame, string]>([
    ['a channel', { type: 'ack', channel: 0x10000, received: 0 }, 'malformed'],
    ['a place', { type: 'ended', channel: 0, epoch: 0, seq: 2 ** 53 }, 'malformed'],
    ['a fraction', { type: 'ended', channel: 0, epoch: 0.5, seq: 0 }, 'malformed'],
    ['a payload', { type: 'input', channel: 0, n: 1, bytes: new Uint8Array(maxFrameBytes) }, 'too_large'],
    ['a key', { type: 'keys', channel: 0, n: 1, keys: ['a\nb'] }, 'malformed'],
    ['half a character', { type: 'keys', channel: 0, n: 1, keys: ['\ud800'] }, 'malformed'],
  ])('are not written when there is no room for %s', (_case, frame, reason) => {
    expect(fault(() => encodeFrame(frame))).toBe(reason);
  });

  it('leave 256 KB for the payload', () => {
    const frame = {
      type: 'output',
      channel: 1,
      epoch: 1,
      seq: 1,
      bytes: new Uint8Array(256 * 1024),
    } as const;
    expect(decodeServerFrame(encodeFrame(frame))).toEqual(frame);
  });
});
