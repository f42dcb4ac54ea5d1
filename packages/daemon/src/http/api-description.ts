import type { Endpoint } from '@codepiper/core/endpoint.ts';
import type { FastifyInstance } from 'fastify';

/** A route of the API, for its description. */
export interface ApiRoute {
  method: string;
  path: string;
  /** Missing for what is answered piece by piece. */
  operation: { name: string; endpoint: Endpoint } | undefined;
}

/**
 * Serves the description of the routes that are mounted until the result is called: `GET /openapi.json`. It is made when
 * somebody asks for it. It tells what any reader of the source knows, so everybody may have it.
 */
export function mountDescription(app: FastifyInstance, version: string): () => void {
  const routes: ApiRoute[] = [];
  let isOpen = true;
  app.addHook('onRoute', ({ method, routePath, config }) => {
    // Endpoints that take a file are mounted a moment later, in a scope of their own.
    if (!isOpen && !config?.operation) return;
    for (const each of [method].flat()) {
      routes.push({ method: each, path: routePath, operation: config?.operation });
    }
  });
  let made: Promise<string> | undefined;
  const make = async () => {
    const { describeApi } = await import('./openapi.ts');
    return JSON.stringify(describeApi(routes, version));
  };
  app.get('/openapi.json', { config: { web: 'public' } }, async (_request, reply) => {
    made ??= make();
    return reply.type('application/json; charset=utf-8').send(await made);
  });
  return () => {
    isOpen = false;
  };
}
