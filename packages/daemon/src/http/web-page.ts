import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { webPagePath } from '@codepiper/core/paths.ts';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The built page: beside the bundle, or where a checkout builds it. */
const bundled = join(import.meta.dirname, 'web');
const inCheckout = join(import.meta.dirname, '../../../cli/dist/web');

/**
 * Files of its own and the daemon that served it, nothing else. Styles may be written by script: the terminal puts its
 * colours and cells there.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const pageHeaders = {
  'content-security-policy': policy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/**
 * Serves the page with live terminals under `webPagePath`: its document, which is asked for anew each time, and its
 * assets, whose names tell what is in them. A checkout may be built anew meanwhile.
 */
export function mountWebPage(
  app: FastifyInstance,
  folder = existsSync(bundled) ? bundled : inCheckout,
): void {
  const index = join(folder, 'index.html');
  app.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: `${webPagePath}assets/`,
    index: false,
    dotfiles: 'ignore',
    // A folder is not there; without a list or an index it would be a fault.
    allowedPath: (path) => !path.endsWith('/'),
    cacheControl: false,
    suppressWarning: true,
    setHeaders: (reply, path) => {
      const caching = path === index ? 'no-cache' : 'public, max-age=31536000, immutable';
      reply.headers(pageHeaders).header('cache-control', caching);
    },
  });
  app.route({
    method: ['GET', 'HEAD'],
    url: webPagePath,
    handler: async (request, reply) => {
      // The page's own addresses are relative.
      if (request.url.split('?', 1)[0] !== webPagePath) return toWebPage(request, reply);
      if (existsSync(index)) return reply.sendFile(basename(index), folder);
      throw new CodepiperError(
        'not_found',
        `The page is not there: ${index} is missing. Install codepiper again; in a checkout run scripts/build.`,
      );
    },
  });
}

/** With the query: it names the session to open. */
export async function toWebPage(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const at = request.url.indexOf('?');
  return reply.redirect(`${webPagePath}${at === -1 ? '' : request.url.slice(at)}`);
}
