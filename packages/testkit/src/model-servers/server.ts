import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Entry, PromptLog, readTurn, toText } from './conversation.ts';
import { type Call, defaultScript, type Reply, type Script } from './script.ts';

/** A question to the model, as read by a dialect. */
export interface Question {
  /** The agent's own id of the conversation. */
  conversation: string;
  model: string;
  entries: Entry[];
  /** The answer to a request the agent makes for itself (a title, say); such a request is no prompt of the user. */
  aside?: string;
}

/** Speaks one streamed answer in a dialect's events. */
export interface Voice {
  begin(): void;
  text(delta: string): void;
  call(call: Call): void;
  end(): void;
}

/** Writes one server-sent event. */
export type Send = (event: { type: string } & Record<string, unknown>) => void;

/** The wire protocol of one vendor. */
export interface Dialect {
  /** Path of the streaming endpoint. */
  path: string;
  /** Reads the body of a request to {@link path}. */
  read(headers: IncomingHttpHeaders, body: unknown): Question;
  /** @param id unique in the life of all servers */
  voice(send: Send, id: string, question: Question, body: unknown): Voice;
  /** Body of an HTTP error. */
  error(status: number, message: string): unknown;
  /** Answers to other routes, as JSON; `undefined` is 404. */
  other(path: string): unknown;
}

/** A request to the streaming endpoint, kept for assertions. */
export interface RecordedRequest extends Question {
  headers: IncomingHttpHeaders;
  /** The JSON body as sent. */
  body: unknown;
  /** The conversation as text: `user: …`, `assistant: …`, `tool: …`. */
  messagesText: string;
  /** `aborted`: the agent went away before the answer was complete. */
  outcome: 'streaming' | 'answered' | 'failed' | 'aborted';
}

export interface ModelServerOptions {
  /** Decides answers before the built-in script does. */
  script?: Script;
}

/** A loopback model server. Disposing of it cuts every open stream. */
export interface ModelServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly url: string;
  /** Every request to the streaming endpoint, in order of arrival; the newest may still be streaming. */
  readonly requests: readonly RecordedRequest[];
  /** Hosts the agent tried to reach through this server as its proxy; always refused. */
  readonly escapes: readonly string[];
  /** The user's prompts that reached the model, each once per time it was given, in order. */
  prompts(): string[];
  /** The newest request of a conversation with the user. Throws when there is none. */
  lastRequest(): RecordedRequest;
  /** Names that answers are held on at this moment. */
  holding(): string[];
  /** Lets every answer held on `name` go on, now and later. */
  release(name: string): void;
}

let served = 0;

/** Starts a model server on a free loopback port. */
export async function startModelServer(
  dialect: Dialect,
  { script }: ModelServerOptions = {},
): Promise<ModelServer> {
  const requests: RecordedRequest[] = [];
  const escapes: string[] = [];
  const prompts = new PromptLog();
  const holds = new Holds();

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else
        sendJson(response, 500, dialect.error(500, error instanceof Error ? error.message : String(error)));
    });
  });
  server.on('connect', (request, socket) => {
    escapes.push(request.url ?? '');
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await readBody(request);
    if (!request.url?.startsWith('/')) {
      escapes.push(request.url ?? '');
      return sendJson(response, 403, dialect.error(403, 'this proxy leads nowhere'));
    }
    const path = new URL(request.url, 'http://localhost').pathname;
    if (request.method !== 'POST' || path !== dialect.path) {
      const answer = dialect.other(path);
      return answer === undefined
        ? sendJson(response, 404, dialect.error(404, `nothing at ${path}`))
        : sendJson(response, 200, answer);
    }
    const body: unknown = JSON.parse(raw);
    const question = dialect.read(request.headers, body);
    const record: RecordedRequest = {
      ...question,
      headers: request.headers,
      body,
      messagesText: toText(question.entries),
      outcome: 'streaming',
    };
    requests.push(record);
    if (question.aside === undefined) prompts.add(question.conversation, question.entries);
    record.outcome = await answer(record, response);
  }

  async function answer(
    record: RecordedRequest,
    response: ServerResponse,
  ): Promise<RecordedRequest['outcome']> {
    const reply = decide(record, script);
    if ('status' in reply) {
      sendJson(response, reply.status, dialect.error(reply.status, reply.message));
      return 'failed';
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    const send: Send = (event) => {
      if (!gone.signal.aborted) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    };
    served += 1;
    // Ids are unique across servers and test processes: agents and we ourselves tell answers apart by them.
    const voice = dialect.voice(send, `${process.pid}_${Date.now()}_${served}`, record, record.body);
    voice.begin();
    for (const beat of reply.beats) {
      if (gone.signal.aborted) break;
      if ('text' in beat) voice.text(beat.text);
      else if ('call' in beat) voice.call(beat.call);
      else if ('hold' in beat) await holds.wait(beat.hold, gone.signal);
      else await sleep(beat.pause, undefined, { signal: gone.signal }).catch(() => undefined);
    }
    if (gone.signal.aborted) return 'aborted';
    voice.end();
    response.end();
    return 'answered';
  }

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    escapes,
    prompts: () => prompts.list(),
    lastRequest: () => {
      const last = requests.findLast((request) => request.aside === undefined);
      if (!last) throw new Error('No prompt has reached the model server yet.');
      return last;
    },
    holding: () => holds.names(),
    release: (name) => holds.release(name),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function decide(question: Question, script: Script | undefined): Reply {
  if (question.aside !== undefined) return { beats: [{ text: question.aside }] };
  const turn = readTurn(question.entries);
  return script?.(turn) ?? defaultScript(turn);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Answers that wait for the test. */
class Holds {
  readonly #released = new Set<string>();
  readonly #waiting = new Map<() => void, string>();

  wait(name: string, gone: AbortSignal): Promise<void> {
    if (this.#released.has(name) || gone.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const go = (): void => {
        this.#waiting.delete(go);
        resolve();
      };
      this.#waiting.set(go, name);
      gone.addEventListener('abort', go, { once: true });
    });
  }

  names(): string[] {
    return [...this.#waiting.values()];
  }

  release(name: string): void {
    this.#released.add(name);
    for (const [go, held] of [...this.#waiting]) if (held === name) go();
  }
}
