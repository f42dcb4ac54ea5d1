import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';

export interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage['headers'];
  body: unknown;
}

type Answer = (asked: Asked, response: ServerResponse) => unknown;

/** A daemon that answers as the test says, on a Unix socket. Routes are `METHOD /path`. */
export interface FakeDaemon extends AsyncDisposable {
  readonly socket: string;
  readonly directory: string;
  readonly asked: Asked[];
  /** What a route answers: a value as JSON, or `[status, value]`, or undefined when the response was written. */
  on(route: string, answer: Answer): FakeDaemon;
}

const isForm = ({ headers }: IncomingMessage) => headers['content-type']?.startsWith('multipart/') ?? false;

export async function startFakeDaemon(): Promise<FakeDaemon> {
  const directory = await makeTempDir();
  const socket = join(directory.path, 's');
  const routes = new Map<string, Answer>();
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const text = Buffer.concat(pieces).toString('utf8');
      const one: Asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: text === '' ? undefined : isForm(request) ? text : JSON.parse(text),
      };
      asked.push(one);
      const answer = routes.get(`${one.method} ${one.path}`);
      const value = answer
        ? answer(one, response)
        : [404, { error: `Not found: ${one.path}`, code: 'not_found' }];
      if (value === undefined) return;
      const [status, body] = Array.isArray(value) ? value : [200, value];
      response.writeHead(status as number, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const daemon: FakeDaemon = {
    socket,
    directory: directory.path,
    asked,
    on(route, answer) {
      routes.set(route, answer);
      return daemon;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await directory[Symbol.asyncDispose]();
    },
  };
  return daemon;
}

export const sessionId = '3fa2b1c0-1111-4222-8333-444455556666';

export function aSession(over: Partial<Session> = {}): Session {
  const id = over.id ?? sessionId;
  return {
    id,
    name: null,
    provider: 'claude-code',
    cwd: '/home/ada/app',
    status: 'running',
    activity: 'idle',
    evidence: { source: 'hook', detail: 'Stop' },
    model: 'opus',
    createdAt: '2026-11-21T10:00:00.000Z',
    updatedAt: '2026-11-21T10:00:00.000Z',
    endedAt: null,
    pid: 42,
    exitCode: null,
    signal: null,
    ptyCols: 120,
    ptyRows: 30,
    transcriptPath: null,
    approvals: 0,
    queued: 0,
    attachCommand: `tmux -L codepiper attach-session -t =codepiper-${id}`,
    metadata: {
      launch: { args: [], billingMode: 'subscription', envKeys: [] },
      providerSession: { id: null, mode: 'new', source: null, forkedFrom: null },
      security: { dangerousMode: false, policySets: [], policyDefault: null },
      ui: { customName: null },
    },
    ...over,
  };
}

export const aDelivery = {
  id: '9fa2b1c0-1111-4222-8333-444455556666',
  sessionId,
  kind: 'prompt',
  status: 'delivered',
  preview: 'hello',
  bytes: 5,
  idempotencyKey: null,
  createdAt: '2026-11-21T10:00:00.000Z',
  typedAt: null,
  settledAt: null,
  evidence: { source: 'hook', detail: 'UserPromptSubmit' },
  error: null,
};
