import { CodepiperError, type ErrorCode, errorTable } from '@codepiper/core/errors.ts';
import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import type { FleetEvent } from '@codepiper/core/fleet/fleet.ts';
import type { Entry } from '@codepiper/core/transcripts/conversation.ts';
import type { ExportFormat } from '@codepiper/core/transcripts/export/document.ts';
import type { ApiArguments, ApiMethod, ApiPath, ApiReply, CallOptions } from './api.ts';
import { toForm } from './form.ts';
import { SseReader } from './sse.ts';
import { type Transport, TransportError, type TransportStream } from './transport.ts';

type Query = Readonly<Record<string, unknown>>;

interface RawCall extends CallOptions {
  params?: Readonly<Record<string, string>>;
  query?: Query;
  body?: unknown;
  form?: Readonly<Record<string, File>>;
}

export interface EventStreamOptions {
  /** Only events of this session: a whole id. */
  session?: string;
  /** Only events after this one. */
  since?: number;
  signal?: AbortSignal;
}

export interface ConversationStreamOptions {
  /** Only entries after this one; those that come from now on when absent. */
  since?: number;
  /** One kind, or several with commas between. */
  kind?: string;
  /** Longest text of an entry, in UTF-16 code units. */
  text?: number;
  signal?: AbortSignal;
}

/** The API of the daemon, typed from core's endpoints. */
export interface Client {
  /**
   * Calls one endpoint by its method and path.
   *
   * @throws CodepiperError when the daemon refuses; TransportError when it does not answer
   */
  request<M extends ApiMethod, P extends ApiPath<M>>(
    method: M,
    path: P,
    ...call: ApiArguments<M, P>
  ): Promise<ApiReply<M, P>>;
  /** Events as they happen, until the daemon ends the stream or the signal does. */
  events(options?: EventStreamOptions): AsyncIterable<LedgerEvent>;
  /** All cards, then each that changes, until the daemon ends the stream or the signal does. */
  fleet(options?: { signal?: AbortSignal }): AsyncIterable<FleetEvent>;
  /** Entries of a session's conversations as they are stored, until the daemon ends the stream or the signal does. */
  conversation(session: string, options?: ConversationStreamOptions): AsyncIterable<Entry>;
  /**
   * A session's or a conversation's document, piece by piece; it is whole when the iteration ends without an error.
   *
   * @throws CodepiperError when the daemon refuses; TransportError when it does not answer, or breaks off
   */
  export(
    of: { session: string } | { conversation: string },
    options: { format: ExportFormat; redact?: boolean; signal?: AbortSignal },
  ): AsyncIterable<string>;
  /**
   * A session's recording as asciicast, piece by piece, as far as it goes by now; whole when the iteration ends without
   * an error. It begins with the screen at `from`: seconds since the recording began, or a time in ISO 8601.
   *
   * @throws CodepiperError when the daemon refuses; TransportError when it does not answer, or breaks off
   */
  cast(
    session: string,
    options: { from?: number | string; version?: 2 | 3; signal?: AbortSignal },
  ): AsyncIterable<string>;
  /** Text of a pane as it is printed from now on, until the session ends or the signal does. */
  output(session: string, options?: { signal?: AbortSignal }): AsyncIterable<string>;
}

export function createClient(transport: Transport): Client {
  async function call(method: string, path: string, options: RawCall = {}): Promise<unknown> {
    const body = options.form ? toForm(options.form) : JSON.stringify(options.body);
    const reply = await transport.request({
      method,
      path: buildPath(path, options.params, options.query),
      ...(body === undefined ? {} : { body }),
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    if (reply.status < 200 || reply.status > 299) throw readError(reply.status, reply.body);
    const value = parseJson(reply.body);
    if (value === undefined) {
      throw new TransportError('broken', `the answer to ${method} ${path} is not JSON`);
    }
    return value;
  }

  async function* text(path: string, signal: AbortSignal | undefined): AsyncGenerator<string> {
    const stream = await transport.stream({ method: 'GET', path, ...(signal ? { signal } : {}) });
    if (stream.status !== 200) throw readError(stream.status, await readAll(stream));
    const decoder = new TextDecoder();
    for await (const chunk of stream.chunks) {
      const piece = decoder.decode(chunk, { stream: true });
      if (piece !== '') yield piece;
    }
    const rest = decoder.decode();
    if (rest !== '') yield rest;
  }

  /** What server-sent events carry. The daemon wrote it by the schema of its type. */
  async function* sent<T>(path: string, signal: AbortSignal | undefined): AsyncGenerator<T> {
    const reader = new SseReader();
    for await (const piece of text(path, signal)) {
      for (const data of reader.push(piece)) {
        const value = parseJson(data);
        if (value === undefined) throw new TransportError('broken', 'an event of the daemon is not JSON');
        yield value as T;
      }
    }
  }

  return {
    request: (method, path, ...[options]) =>
      // The types are those of core's endpoints; the daemon validated the reply against the same schema.
      call(method, path, options as RawCall | undefined) as Promise<never>,
    events: ({ session, since, signal } = {}) =>
      sent<LedgerEvent>(buildPath('/events/stream', {}, { session, since }), signal),
    fleet: ({ signal } = {}) => sent<FleetEvent>('/fleet/stream', signal),
    conversation: (session, { signal, ...query } = {}) =>
      sent<Entry>(buildPath('/sessions/:id/conversation/stream', { id: session }, query), signal),
    export: (of, { signal, ...query }) =>
      text(
        'session' in of
          ? buildPath('/sessions/:id/export', { id: of.session }, query)
          : buildPath('/conversations/:conversation/export', of, query),
        signal,
      ),
    cast: (session, { signal, ...query }) =>
      text(buildPath('/sessions/:id/recording/cast', { id: session }, query), signal),
    output: (session, { signal } = {}) =>
      text(buildPath('/sessions/:id/output/stream', { id: session }), signal),
  };
}

/** Puts values in the place of `:name`, and the query behind. Undefined query values are left out. */
function buildPath(path: string, params: Readonly<Record<string, string>> = {}, query: Query = {}): string {
  const filled = path.replaceAll(/:([a-zA-Z]+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || value === '') throw new CodepiperError('invalid_request', `${name} is empty`);
    return encode(name, value);
  });
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [`${encode(key, key)}=${encode(key, String(value))}`],
  );
  return pairs.length === 0 ? filled : `${filled}?${pairs.join('&')}`;
}

function encode(name: string, value: string): string {
  if (!value.isWellFormed()) throw new CodepiperError('invalid_request', `${name} is not valid Unicode`);
  // A path of dots would be taken for a step up by whoever normalises the URL.
  return /^\.+$/.test(value) ? value.replaceAll('.', '%2E') : encodeURIComponent(value);
}

/** The error of a reply, whoever wrote it: the daemon, a newer one, or something else on the socket. */
function readError(status: number, body: string): CodepiperError {
  const value = parseJson(body);
  if (typeof value === 'object' && value !== null && 'error' in value && typeof value.error === 'string') {
    const code = 'code' in value && isErrorCode(value.code) ? value.code : codeOf(status);
    const details = 'details' in value && isRecord(value.details) ? value.details : undefined;
    return new CodepiperError(code, value.error, details);
  }
  return new CodepiperError(codeOf(status), `The daemon answered with HTTP status ${status} and no message.`);
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorTable, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function codeOf(status: number): ErrorCode {
  for (const [code, { http }] of Object.entries(errorTable)) {
    if (http === status && isErrorCode(code)) return code;
  }
  return status >= 400 && status < 500 ? 'invalid_request' : 'internal';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readAll(stream: TransportStream): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream.chunks) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}
