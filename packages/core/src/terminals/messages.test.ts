import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameError } from './frames.ts';
import { maxMessageLength, parseServerMessage, parseViewerMessage, wireVersion } from './messages.ts';

function reason(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FrameError) return error.reason;
    throw error;
  }
  return 'none';
}

describe('messages', () => {
  it('of a viewer are read, with what they leave out', () => {
    expect(parseViewerMessage(`{"type":"hello","version":${wireVersion},"client":"0123-abcd"}`)).toEqual({
      type: 'hello',
      version: wireVersion,
      client: '0123-abcd',
      features: [],
      label: 'viewer',
    });
    expect(parseViewerMessage('{"type":"subscribe","channel":1,"session":"build"}')).toEqual({
      type: 'subscribe',
      channel: 1,
      session: 'build',
      lines: 1000,
      role: 'follow',
    });
    expect(
      parseViewerMessage('{"type":"size","channel":1,"action":"take","cols":80,"rows":24}'),
    ).toMatchObject({
      action: 'take',
      cols: 80,
    });
    expect(parseViewerMessage('{"type":"size","channel":1,"action":"release"}')).toMatchObject({
      action: 'release',
    });
    expect(parseViewerMessage('{"type":"unsubscribe","channel":1}')).toEqual({
      type: 'unsubscribe',
      channel: 1,
    });
  });

  it.each([
    ['no JSON', 'hello'],
    ['no object', '[]'],
    ['an unknown type', '{"type":"hallo"}'],
    ['an unknown field', '{"type":"unsubscribe","channel":1,"also":2}'],
    ['half a place', '{"type":"subscribe","channel":1,"session":"x","seq":4}'],
    ['a size without its columns', '{"type":"size","channel":1,"action":"take","rows":24}'],
    ['a size of thousands of columns', '{"type":"size","channel":1,"action":"take","cols":9999,"rows":24}'],
    ['a channel beyond 16 bits', '{"type":"unsubscribe","channel":65536}'],
    ['a client id with other characters', '{"type":"hello","version":1,"client":"a b c d e"}'],
  ])('of a viewer: %s is refused', (_case, text) => {
    expect(reason(() => parseViewerMessage(text))).toBe('malformed');
  });

  it('beyond the limit are not even parsed', () => {
    expect(reason(() => parseViewerMessage(' '.repeat(maxMessageLength + 1)))).toBe('too_large');
  });

  it('are read or refused with the one error, whatever comes', () => {
    const near = fc.record(
      {
        type: fc.constantFrom('hello', 'subscribe', 'unsubscribe', 'size', 'presence', 'error', 'subscribed'),
        channel: fc.anything(),
        session: fc.anything(),
        version: fc.anything(),
        client: fc.anything(),
        action: fc.anything(),
      },
      { requiredKeys: ['type'] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          near.map((value) => JSON.stringify(value, bigints)),
        ),
        (text) => {
          expect(['none', 'malformed']).toContain(reason(() => parseViewerMessage(text)));
          expect(['none', 'malformed']).toContain(reason(() => parseServerMessage(text)));
        },
      ),
    );
  });

  it('of the daemon are read by viewers that know fewer fields', () => {
    const session = '0198c0de-0000-7000-8000-000000000000';
    const message = { type: 'subscribed', channel: 1, session, role: 'follow', settled: null };
    expect(parseServerMessage(JSON.stringify({ ...message, newer: 1 }))).toEqual(message);
    const error = { type: 'error', channel: 1, n: 3, again: true, code: 'session_busy', message: 'busy' };
    expect(parseServerMessage(JSON.stringify(error))).toEqual(error);
  });
});

const bigints = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
