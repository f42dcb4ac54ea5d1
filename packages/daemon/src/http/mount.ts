import type { Endpoint, EndpointInput, EndpointReply, Upload } from '@codepiper/core/endpoint.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { z } from 'zod';
import { describeProblems } from './problems.ts';
import type { Caller } from './server.ts';
import { mountMultipart, type ReceivedFile, type UploadFolder } from './uploads.ts';
import type { WebExchange } from './web.ts';

export type Surface = 'cli' | 'dashboard';

export interface HandlerContext {
  /** Where a person who calls does so, as the audit trail says it: who speaks on the Unix socket has the command line. */
  surface: Surface;
  /** Aborted when the caller hangs up before the answer; for handlers that wait. */
  signal: AbortSignal;
  /**
   * For what only a person may do although others may call the endpoint.
   *
   * @throws CodepiperError `forbidden` when the caller runs inside a session
   */
  requirePerson(): Promise<void>;
  /**
   * For what is dangerous: a browser must have proved in the last minutes who is there. The Unix socket need not.
   *
   * @throws CodepiperError `reauthentication_required`
   */
  requireRecent(): void;
  /** What a browser sent and gets besides; null on the Unix socket. */
  web: WebExchange | null;
}

/**
 * Of an endpoint that takes a file: reads it, and hands it to `use`; it is gone when that is done. What can be refused
 * without it is refused before.
 */
type Receiving<E extends Endpoint> = E['upload'] extends Upload
  ? { receive<T>(use: (file: ReceivedFile) => Promise<T>): Promise<T> }
  : unknown;

export type Handler<E extends Endpoint> = (
  input: EndpointInput<E> & Receiving<E>,
  caller: Caller,
  context: HandlerContext,
) => Promise<EndpointReply<E>>;

/** Exactly one handler for every endpoint; a missing one does not compile. */
export type Handlers<Endpoints extends Readonly<Record<string, Endpoint>>> = {
  readonly [Name in keyof Endpoints]: Handler<Endpoints[Name]>;
};

export interface MountOptions {
  /** Aborted when the server stops: handlers that wait then answer at once. */
  closing?: AbortSignal;
  /** Where files come in; needed by endpoints that take one. */
  uploads?: UploadFolder;
  /** Check replies against their schemas too; for tests. */
  validateReplies?: boolean;
}

/** Takes no keys at all: what a part without a schema is held against, so that a typo is never ignored. */
const nothing = z.strictObject({});

/** Bytes. */
const smallBody = 256 * 1024;

/** Mounts every endpoint: each part of a request is validated, then handed to the endpoint's handler. */
export function mountEndpoints<const Endpoints extends Readonly<Record<string, Endpoint>>>(
  app: FastifyInstance,
  endpoints: Endpoints,
  handlers: Handlers<Endpoints>,
  options: MountOptions = {},
): void {
  const withFile: RouteOptions[] = [];
  for (const [name, endpoint] of Object.entries(endpoints)) {
    // The mapped type says that the handler of this name takes this endpoint's input.
    const handler = handlers[name] as unknown as Handler<Endpoint>;
    const { upload } = endpoint;
    const { uploads } = options;
    const route: RouteOptions = {
      method: endpoint.method,
      url: endpoint.path,
      config: { web: endpoint.web, operation: { name, endpoint } },
      // Whoever is not signed in has little to say.
      ...(endpoint.web !== undefined && { bodyLimit: smallBody }),
      handler: async (request, reply) => {
        if (endpoint.personal) await requirePerson(request);
        if (endpoint.recent) requireRecent(request);
        const input = readInput(endpoint, request);
        const context: HandlerContext = {
          signal: hangUpSignal(reply, options.closing),
          requirePerson: () => requirePerson(request),
          requireRecent: () => requireRecent(request),
          web: request.web,
          surface: request.web === null ? 'cli' : 'dashboard',
        };
        const whole = upload && uploads ? { ...input, ...receiving(uploads, request, upload) } : input;
        const answer = await handler(whole, request.caller, context);
        if (options.validateReplies) checkReply(name, endpoint, answer);
        return reply.code(endpoint.status ?? 200).send(answer);
      },
    };
    if (!upload) app.route(route);
    else if (uploads) withFile.push(route);
    else throw new Error(`${name} takes a file, and there is no place for it`);
  }
  if (withFile.length > 0) mountMultipart(app, withFile);
}

function receiving(uploads: UploadFolder, request: FastifyRequest, upload: Upload) {
  return {
    receive: <T>(use: (file: ReceivedFile) => Promise<T>) => uploads.receive(request, upload, use),
  };
}

/**
 * @throws CodepiperError `forbidden` when the caller runs inside a session: an agent must not answer for itself
 */
export async function requirePerson(request: FastifyRequest): Promise<void> {
  const { caller } = request;
  const place = caller.kind === 'session' ? caller : await request.whereabouts();
  if (place === 'outside') return;
  if (place === 'unknown') {
    throw new CodepiperError(
      'forbidden',
      'Only a person may do this, and the process that asked is gone: nobody can say who it was. Ask again, and wait for the answer.',
    );
  }
  if (place === 'beside') {
    throw new CodepiperError(
      'forbidden',
      'Only a person may do this, and this call comes from inside the tmux server of the sessions, where agents can start programs too. Run it from a terminal outside of it, or press Ctrl+B a in the attached session.',
    );
  }
  const { sessionId } = place;
  throw new CodepiperError(
    'forbidden',
    `Only a person may do this, and this call comes from inside session ${sessionId.slice(0, 8)}. Run it from a terminal outside of the session.`,
    { sessionId },
  );
}

function requireRecent({ web }: FastifyRequest): void {
  if (web === null || web.session?.isRecent) return;
  throw new CodepiperError(
    'reauthentication_required',
    'This is dangerous: enter a code of your authenticator or use a passkey, then do it again.',
  );
}

interface RequestParts {
  params: unknown;
  query: unknown;
  body: unknown;
}

/**
 * Validates every part of a request; a part without a schema takes no keys.
 *
 * @throws CodepiperError `invalid_request` naming each problem
 */
export function readInput(
  endpoint: Pick<Endpoint, keyof RequestParts>,
  request: RequestParts,
): EndpointInput<Endpoint> {
  const problems: string[] = [];
  const read = (part: keyof RequestParts, value: unknown): unknown => {
    const schema = endpoint[part];
    const result = (schema ?? nothing).safeParse(value ?? {});
    if (result.success) return schema ? result.data : undefined;
    problems.push(...describeProblems(part, schema ?? nothing, result.error.issues));
    return undefined;
  };
  const params = read('params', request.params);
  if (Object.values((request.params ?? {}) as object).some((value) => String(value).includes('\0'))) {
    problems.push('params: the address has a NUL character');
  }
  const query = read('query', request.query);
  const body = read('body', request.body);
  if (problems.length > 0) throw new CodepiperError('invalid_request', sentence(problems), { problems });
  return { params, query, body } as EndpointInput<Endpoint>;
}

const shownProblems = 5;

function sentence(problems: readonly string[]): string {
  const shown = problems.slice(0, shownProblems).join('; ');
  const rest = problems.length - shownProblems;
  return rest > 0 ? `${shown}; and ${rest} more` : shown;
}

function checkReply(name: string, endpoint: Endpoint, answer: unknown): void {
  const result = endpoint.reply.safeParse(answer);
  if (result.success) return;
  const problems = describeProblems('reply', endpoint.reply, result.error.issues);
  throw new Error(`The handler of ${name} broke its contract: ${sentence(problems)}`);
}

/** Aborted when the caller hangs up before its answer, or when `closing` is. */
export function hangUpSignal(reply: FastifyReply, closing?: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort();
  closing?.addEventListener('abort', stop);
  if (closing?.aborted || reply.raw.destroyed) stop();
  reply.raw.once('close', () => {
    closing?.removeEventListener('abort', stop);
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
