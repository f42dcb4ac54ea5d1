import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReplyReader } from '../src/http-reply.ts';

/** Feeds a reply cut at the given places, and gives what was read. */
function read(reply: Buffer, cuts: readonly number[], ends = true) {
  const reader = new ReplyReader();
  const body: Buffer[] = [];
  const places = [...new Set(cuts.map((cut) => cut % (reply.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, reply.length]) {
    body.push(...reader.push(reply.subarray(from, to)));
    from = to;
  }
  if (ends) reader.end();
  return {
    status: reader.head?.status,
    headers: reader.head?.headers,
    body: Buffer.concat(body),
    isDone: reader.isDone,
  };
}

function chunked(pieces: readonly Uint8Array[], extension: string, trailer: string): Buffer {
  const parts = pieces
    .filter((piece) => piece.length > 0)
    .flatMap((piece) => [`${piece.length.toString(16)}${extension}\r\n`, piece, '\r\n']);
  return Buffer.concat([...parts, `0\r\n${trailer}\r\n`].map((part) => Buffer.from(part)));
}

const cuts = fc.array(fc.nat(5000), { maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 300 });

describe('a whole reply is read, cut anywhere', () => {
  test('with Content-Length', () => {
    fc.assert(
      fc.property(bytes, cuts, fc.integer({ min: 200, max: 599 }), (body, places, status) => {
        fc.pre(status !== 204 && status !== 304);
        const head = `HTTP/1.1 ${status} Whatever\r\nX-A: b:c\r\ncontent-LENGTH:  ${body.length}\r\n\r\n`;
        const found = read(Buffer.concat([Buffer.from(head), body]), places, false);
        expect(found).toMatchObject({ status, isDone: true });
        expect(found.body).toEqual(Buffer.from(body));
        expect(found.headers?.get('x-a')).toBe('b:c');
      }),
    );
  });

  test('in chunks, with extensions and trailers, after an interim reply', () => {
    fc.assert(
      fc.property(
        fc.array(bytes, { maxLength: 8 }),
        cuts,
        fc.constantFrom('', ';a=b', ' ;x'),
        fc.constantFrom('', 'X-Sum: 1\r\n'),
        fc.boolean(),
        (pieces, places, extension, trailer, isInterim) => {
          const interim = isInterim ? 'HTTP/1.1 100 Continue\r\n\r\n' : '';
          const head = `${interim}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n`;
          const found = read(
            Buffer.concat([Buffer.from(head), chunked(pieces, extension, trailer)]),
            places,
            false,
          );
          expect(found).toMatchObject({ status: 200, isDone: true });
          expect(found.body).toEqual(Buffer.concat(pieces));
        },
      ),
    );
  });

  test('until the connection ends', () => {
    fc.assert(
      fc.property(bytes, cuts, (body, places) => {
        const found = read(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), body]), places);
        expect(found.body).toEqual(Buffer.from(body));
      }),
    );
  });
});

test('a reply that is cut short is never taken for whole', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const reply = Buffer.concat([
    Buffer.from(head),
    chunked([Buffer.from('hello'), Buffer.from('world')], '', ''),
  ]);
  for (let length = 0; length < reply.length; length++) {
    expect(() => read(reply.subarray(0, length), [])).toThrow();
  }
});

test('arbitrary bytes are refused or waited for, without end or crash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), cuts, (body, places) => {
      try {
        read(Buffer.from(body), places);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});

test.each([
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n'],
  ['a bad status', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
  ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
  ['a chunk size that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ['a chunk longer than it says', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n'],
  ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`],
  ['a chunk line without end', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(2000)}`],
])('refuses %s', (_, reply) => {
  expect(() => new ReplyReader().push(Buffer.from(reply))).toThrow();
});
