import { CodepiperError } from '@codepiper/core/errors.ts';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { createClient } from './client.ts';
import { SseReader } from './sse.ts';
import { type Transport, TransportError, type TransportReply, type TransportRequest } from './transport.ts';

/** A transport that answers from memory and notes what it was asked. */
function fakeTransport(reply: TransportReply, chunks: string[] = []) {
  const asked: TransportRequest[] = [];
  const transport: Transport = {
    request: async (request) => {
      asked.push(request);
      return reply;
    },
    stream: async (request) => {
      asked.push(request);
      return {
        status: reply.status,
        chunks: (async function* () {
          for (const chunk of chunks) yield new TextEncoder().encode(chunk);
        })(),
      };
    },
  };
  return { asked, client: createClient(transport) };
}

const json = (value: unknown, status = 200): TransportReply => ({ status, body: JSON.stringify(value) });

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('request', () => {
  test('fills the path, the query and the body', async () => {
    const { asked, client } = fakeTransport(json({ outcome: 'accepted', delivery: {} }));
    await client.request('POST', '/sessions/:id/send', {
      params: { id: 'my name/ü' },
      body: { text: 'hello' },
      timeoutMs: 5,
    });
    expect(asked).toEqual([
      { method: 'POST', path: '/sessions/my%20name%2F%C3%BC/send', body: '{"text":"hello"}', timeoutMs: 5 },
    ]);
    await client.request('GET', '/sessions', { query: { provider: 'a&b', live: 'true', status: undefined } });
    expect(asked[1]).toEqual({ method: 'GET', path: '/sessions?provider=a%26b&live=true' });
  });

  test('sends a file as a form that any server reads, whatever its name', async () => {
    const { asked, client } = fakeTransport(json({}, 201));
    const content = new Uint8Array([0x89, 0x50, 0, 0xff, 13, 10, 45, 45]);
    const image = new File([content], 'my "best"\r\nshot ü.png', { type: 'image/png' });
    await client.request('POST', '/sessions/:id/upload-image', { params: { id: 'x' }, form: { image } });
    const { body, path } = asked[0] ?? {};
    expect(path).toBe('/sessions/x/upload-image');
    if (!(body instanceof Blob)) throw new Error('no blob');
    const read = await new Response(body, { headers: { 'content-type': body.type } }).formData();
    const file = read.get('image');
    if (!(file instanceof File)) throw new Error('no file');
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(content);
    expect(file).toMatchObject({ name: 'my "best"\r\nshot ü.png', type: 'image/png' });
    expect([...read.keys()]).toEqual(['image']);
  });

  test('a path of dots stays a segment', async () => {
    const { asked, client } = fakeTransport(json({ session: {} }));
    await client.request('GET', '/sessions/:id', { params: { id: '..' } });
    expect(asked[0]?.path).toBe('/sessions/%2E%2E');
  });

  test.each(['', '\ud800'])('refuses %j before it is sent', async (id) => {
    const { asked, client } = fakeTransport(json({}));
    await expect(client.request('GET', '/sessions/:id', { params: { id } })).rejects.toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
    expect(asked).toEqual([]);
  });

  test('is typed by method and path', () => {
    const { client } = fakeTransport(json({}));
    const sessions = () => client.request('GET', '/sessions').then((reply) => reply.sessions[0]?.status);
    expectTypeOf(sessions).returns.resolves.toEqualTypeOf<
      'starting' | 'running' | 'needs_permission' | 'needs_input' | 'stopped' | 'crashed' | undefined
    >();
    // @ts-expect-error no such route
    const unknown = () => client.request('GET', '/nothing');
    // @ts-expect-error the route has another method
    const method = () => client.request('PUT', '/sessions/:id/send', { params: { id: 'a' } });
    // @ts-expect-error the body is missing
    const body = () => client.request('POST', '/sessions/:id/send', { params: { id: 'a' } });
    expect([unknown, method, body]).toHaveLength(3);
  });
});

describe('errors', () => {
  const failing = (reply: TransportReply) =>
    fakeTransport(reply)
      .client.request('GET', '/health')
      .then(
        () => undefined,
        (error: unknown) => error,
      );

  test('an error of the table keeps its code, message and details', async () => {
    const error = await failing(
      json({ error: 'No session x', code: 'session_not_found', details: { candidates: ['y'] } }, 404),
    );
    expect(error).toBeInstanceOf(CodepiperError);
    expect(error).toMatchObject({
      code: 'session_not_found',
      message: 'No session x',
      details: { candidates: ['y'] },
    });
  });

  test.each([
    [404, '<html>', 'not_found'],
    [507, '{}', 'storage_full'],
    [418, '{"error":"teapot","code":"teapot"}', 'invalid_request'],
    [599, '', 'internal'],
    [404, '{"error":"x","code":"toString"}', 'not_found'],
  ])('status %i with %j is %s', async (status, body, code) => {
    expect(await failing({ status, body })).toMatchObject({ code });
  });

  test('success that is not JSON is a broken answer', async () => {
    const error = await failing({ status: 200, body: 'hello' });
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ failure: 'broken' });
  });
});

describe('streams', () => {
  test('events come whole, whatever the pieces', async () => {
    const whole =
      ': hello\n\nid: 1\nevent: x\ndata: {"id":1,"type":"ä"}\n\nid: 2\r\ndata: {"id":2,\r\ndata: "type":"b"}\r\n\r\n';
    for (let cut = 0; cut <= whole.length; cut++) {
      const { client } = fakeTransport(json({}), [whole.slice(0, cut), whole.slice(cut)]);
      expect(await collect(client.events())).toEqual([
        { id: 1, type: 'ä' },
        { id: 2, type: 'b' },
      ]);
    }
  });

  test('the stream is asked for one session from an event on', async () => {
    const { asked, client } = fakeTransport(json({}));
    await collect(client.events({ session: 'abc', since: 0 }));
    expect(asked[0]?.path).toBe('/events/stream?session=abc&since=0');
  });

  test('a conversation is asked for from an entry on, and comes entry by entry', async () => {
    const { asked, client } = fakeTransport(json({}), [
      'event: entry\nid: 8\ndata: {"id":8}\n',
      '\n: alive\n\n',
    ]);
    expect(await collect(client.conversation('a/b', { since: 7, kind: 'prompt,answer' }))).toEqual([
      { id: 8 },
    ]);
    expect(asked[0]?.path).toBe('/sessions/a%2Fb/conversation/stream?since=7&kind=prompt%2Canswer');
  });

  test('the fleet comes as its cards, then event by event', async () => {
    const { asked, client } = fakeTransport(json({}), [
      'event: snapshot\ndata: {"type":"snapshot","fleet":{"cards":[],"at":"x"}}\n\n: alive\n',
      '\nevent: removed\ndata: {"type":"removed","sessionId":"a"}\n\n',
    ]);
    expect(await collect(client.fleet())).toEqual([
      { type: 'snapshot', fleet: { cards: [], at: 'x' } },
      { type: 'removed', sessionId: 'a' },
    ]);
    expect(asked).toEqual([{ method: 'GET', path: '/fleet/stream' }]);
  });

  test('an error instead of a stream is thrown', async () => {
    const { client } = fakeTransport({ status: 404, body: '' }, [
      '{"error":"gone","code":',
      '"session_not_found"}',
    ]);
    await expect(collect(client.output('x'))).rejects.toMatchObject({
      code: 'session_not_found',
      message: 'gone',
    });
  });

  test('an event without its blank line is not given out', () => {
    const reader = new SseReader();
    expect(reader.push('data: 1\n')).toEqual([]);
    expect(reader.push('\n')).toEqual(['1']);
  });
});
