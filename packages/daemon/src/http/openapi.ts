import { approvalSchema } from '@codepiper/core/approvals/approval.ts';
import { decisionSchema } from '@codepiper/core/audit/decision.ts';
import type { Endpoint } from '@codepiper/core/endpoint.ts';
import { type ErrorCode, errorTable } from '@codepiper/core/errors.ts';
import { eventSchema } from '@codepiper/core/events/event.ts';
import { policySchema, policySetSchema, ruleSchema } from '@codepiper/core/policies/policy.ts';
import { verdictSchema } from '@codepiper/core/policies/verdict.ts';
import { providerInfoSchema } from '@codepiper/core/providers/provider.ts';
import { deliverySchema } from '@codepiper/core/sessions/delivery.ts';
import { evidenceSchema, sessionSchema } from '@codepiper/core/sessions/session.ts';
import { type Stream, streams } from '@codepiper/core/streams.ts';
import { conversationSchema, entrySchema, turnSchema } from '@codepiper/core/transcripts/conversation.ts';
import type { ApiRoute } from './api-description.ts';
import { Schemas } from './openapi-schemas.ts';

/** Schemas that many answers share, by the names they have in the description. */
const shared = {
  Session: sessionSchema,
  Evidence: evidenceSchema,
  Delivery: deliverySchema,
  Event: eventSchema,
  Approval: approvalSchema,
  Decision: decisionSchema,
  Policy: policySchema,
  PolicySet: policySetSchema,
  Rule: ruleSchema,
  Verdict: verdictSchema,
  Provider: providerInfoSchema,
  Conversation: conversationSchema,
  Entry: entrySchema,
  Turn: turnSchema,
};

type Json = Record<string, unknown>;

const errorRef = { $ref: '#/components/schemas/Error' };
const bothHalves = [{ cookie: [], key: [] }];

/** Answered by every route that is not for everybody. */
const usualErrors: readonly ErrorCode[] = ['invalid_request', 'forbidden', 'too_many_requests', 'internal'];

/**
 * The API as OpenAPI 3.1, from the tables the routes were mounted by.
 *
 * @throws Error naming a route that nothing describes
 */
export function describeApi(routes: readonly ApiRoute[], version: string): Json {
  const schemas = new Schemas(shared);
  const paths: Record<string, Json> = {};
  for (const { method, path, operation } of routes) {
    const stream = streams[path];
    if (!operation && !stream)
      throw new Error(`nothing describes ${method} ${path}: see core/src/streams.ts`);
    const described = operation
      ? describeEndpoint(schemas, operation.name, operation.endpoint)
      : describeStream(schemas, path, stream as Stream);
    const address = path.replaceAll(/:(\w+)/g, '{$1}');
    paths[address] = { ...paths[address], [method.toLowerCase()]: described };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'codepiper',
      version,
      description:
        'What the dashboard and the command line speak to the daemon. On the Unix socket of the owner nothing has to be proved; over TCP a browser is signed in by two halves: the cookie, and the key that signing in answers.',
    },
    servers: [{ url: '/api' }],
    security: bothHalves,
    paths,
    components: {
      securitySchemes: {
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: 'codepiper_session',
          description: 'Over TLS its name begins with `__Host-`.',
        },
        key: { type: 'apiKey', in: 'header', name: 'X-CodePiper-Key' },
      },
      schemas: {
        ...schemas.all(),
        Error: {
          type: 'object',
          required: ['error', 'code'],
          properties: {
            error: { type: 'string', description: 'What happened and what to do, for people.' },
            code: { type: 'string', enum: Object.keys(errorTable) },
            details: { type: 'object', additionalProperties: true },
          },
        },
      },
    },
  };
}

function describeEndpoint(schemas: Schemas, name: string, endpoint: Endpoint): Json {
  const { summary, params, query, body, upload, reply, status = 200, web } = endpoint;
  const content = upload
    ? { 'multipart/form-data': { schema: uploadSchema(upload) } }
    : body && { 'application/json': { schema: schemas.of(`${name}Body`, body, 'input') } };
  const about = notes(endpoint);
  return {
    operationId: name,
    tags: [tagOf(endpoint.path)],
    summary,
    ...(about !== '' && { description: about }),
    ...parameters(schemas, name, { params, query }),
    ...(content && { requestBody: { required: true, content } }),
    ...(web === 'public' && { security: [] }),
    responses: {
      [status]: {
        description: 'Done.',
        content: { 'application/json': { schema: schemas.of(`${name}Reply`, reply, 'output') } },
      },
      ...errorResponses([
        ...usualErrors,
        ...(web === 'public' ? [] : (['sign_in_required'] as const)),
        ...(endpoint.recent ? (['reauthentication_required'] as const) : []),
        ...(endpoint.errors ?? []),
      ]),
    },
  };
}

function uploadSchema({ field, what }: NonNullable<Endpoint['upload']>): Json {
  const file = { type: 'string', format: 'binary', description: what };
  return { type: 'object', required: [field], properties: { [field]: file } };
}

function notes({ web, personal, recent }: Endpoint): string {
  return [
    ...(web === 'never' ? ['On the Unix socket only.'] : []),
    ...(web === 'pending' ? ['Also while the second factor is missing.'] : []),
    ...(personal ? ['Not from inside a session.'] : []),
    ...(recent ? ['Dangerous: a browser must have proved in the last minutes who is there.'] : []),
  ].join(' ');
}

function describeStream(schemas: Schemas, path: string, stream: Stream): Json {
  const name = path
    .replaceAll(/:\w+\//g, '')
    .replaceAll(/[/-](\w)/g, (_all, letter: string) => letter.toUpperCase());
  const isSocket = stream.contentType === 'websocket';
  return {
    operationId: `stream${name}`,
    tags: [tagOf(path)],
    summary: stream.summary,
    ...(isSocket && {
      description:
        'A WebSocket. A browser asks `POST /auth/tickets` first and offers the subprotocols `codepiper` and `ticket.<ticket>`.',
    }),
    ...parameters(schemas, name, stream),
    ...(stream.isPublic && { security: [] }),
    responses: {
      ...(isSocket
        ? { 101: { description: 'The WebSocket is open.' } }
        : {
            200: {
              description: 'Done, or begun: it may come piece by piece.',
              content: { [stream.contentType]: {} },
            },
          }),
      ...errorResponses([
        ...usualErrors,
        ...(stream.isPublic ? [] : (['sign_in_required'] as const)),
        ...(stream.params ? notFound(path) : []),
      ]),
    },
  };
}

function notFound(path: string): ErrorCode[] {
  return path.startsWith('/conversations') ? ['conversation_not_found'] : ['session_not_found'];
}

function parameters(
  schemas: Schemas,
  name: string,
  { params, query }: Pick<Endpoint, 'params' | 'query'>,
): { parameters?: Json[] } {
  const all = [
    ...(params ? schemas.fields(`${name}Params`, params).map((field) => ({ in: 'path', ...field })) : []),
    ...(query ? schemas.fields(`${name}Query`, query).map((field) => ({ in: 'query', ...field })) : []),
  ].map((field) => (field.in === 'path' ? { ...field, required: true } : field));
  return all.length > 0 ? { parameters: all } : {};
}

function errorResponses(codes: readonly ErrorCode[]): Record<string, Json> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const { http } = errorTable[code];
    byStatus.set(http, [...(byStatus.get(http) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      String(status),
      {
        description: names.map((code) => `\`${code}\`: ${errorTable[code].meaning}`).join(' '),
        content: { 'application/json': { schema: errorRef } },
      },
    ]),
  );
}

function tagOf(path: string): string {
  return path.split('/')[1] ?? '';
}
