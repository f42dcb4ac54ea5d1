import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { webPagePath } from '@codepiper/core/paths.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../log/log.ts';
import { createServer } from './server.ts';
import { setCommonHeaders, setPageHeaders } from './web-headers.ts';

/** The built pages: beside the bundle, or where a checkout builds them. */
const bundled = join(import.meta.dirname, 'web');
const inCheckout = join(import.meta.dirname, '../../../cli/dist/web');
const usualFolder = () => (existsSync(bundled) ? bundled : inCheckout);

/** Files beside the assets that are asked for by a name of their own, and so may have changed each time. */
const namedFiles = ['sw.js', 'manifest.webmanifest'] as const;

/**
 * Serves the development page with live terminals under `webPagePath`, and its assets. A checkout may be built anew
 * meanwhile.
 */
export function mountDevPage(app: FastifyInstance, folder = usualFolder()): void {
  app.register(async (page) => {
    page.addHook('onRequest', async (_request, reply) => {
      setCommonHeaders(reply, { isTls: false });
      setPageHeaders(reply);
    });
    mountFiles(page, folder, 'assets');
    mountFiles(page, folder, 'icons');
    page.route({
      method: ['GET', 'HEAD'],
      url: webPagePath,
      handler: async (request, reply) => {
        if (request.url.split('?', 1)[0] !== webPagePath) return toDevPage(request, reply);
        return sendPage(reply, folder, 'terminal.html');
      },
    });
  });
}

/**
 * The same for a server on which it is seldom opened, as the Unix socket: it is made when it is first asked for. What
 * serves files takes 10 ms to load, for which nobody's start waits.
 */
export function mountDevPageOnDemand(app: FastifyInstance, log: Log, folder = usualFolder()): void {
  let opening: Promise<FastifyInstance> | null = null;
  const open = async (): Promise<FastifyInstance> => {
    // Who calls is known by then.
    const page = createServer({ log, authenticate: async () => ({ kind: 'user' }) });
    mountDevPage(page, folder);
    await page.ready();
    return page;
  };
  const handOver = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    opening ??= open().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    const page = await opening;
    reply.hijack();
    page.routing(request.raw, reply.raw);
  };
  for (const url of [webPagePath, '/assets/*', '/icons/*']) {
    app.route({ method: ['GET', 'HEAD'], url, handler: handOver });
  }
  app.addHook('onClose', async () => {
    // Why it could not be made is what its request was answered with.
    const page = await opening?.catch(() => null);
    await page?.close();
  });
}

/** With the query: it names the session to open. */
export async function toDevPage(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const at = request.url.indexOf('?');
  return reply.redirect(`${webPagePath}${at === -1 ? '' : request.url.slice(at)}`);
}

/** Serves what the dashboard is made of: its document at `/`, assets, icons, service worker. Headers are the guard's. */
export function mountDashboardPage(app: FastifyInstance, folder = usualFolder()): void {
  mountFiles(app, folder, 'assets');
  mountFiles(app, folder, 'icons');
  for (const name of namedFiles) {
    app.route({
      method: ['GET', 'HEAD'],
      url: `/${name}`,
      handler: async (_request, reply) => reply.sendFile(name, folder),
    });
  }
  app.route({
    method: ['GET', 'HEAD'],
    url: '/',
    handler: async (_request, reply) => sendPage(reply, folder, 'index.html'),
  });
}

/**
 * The document, for an address that only the page itself knows: `/sessions/abc` that somebody opens or loads again.
 * Null for what no person navigates to.
 */
export function dashboardFallback(
  { method, url, headers }: FastifyRequest,
  reply: FastifyReply,
  folder = usualFolder(),
): FastifyReply | null {
  const isPage = (method === 'GET' || method === 'HEAD') && !/^\/(?:api|assets|icons)(?:[/?]|$)/.test(url);
  if (!isPage || !/\btext\/html\b/.test(headers.accept ?? '')) return null;
  return sendPage(reply.code(200), folder, 'index.html');
}

function mountFiles(app: FastifyInstance, folder: string, name: 'assets' | 'icons'): void {
  const root = join(folder, name);
  app.register(import('@fastify/static'), {
    root,
    prefix: `/${name}/`,
    decorateReply: name === 'assets',
    index: false,
    dotfiles: 'ignore',
    // A folder is not there; without a list or an index it would be a fault.
    allowedPath: (path) => !path.endsWith('/'),
    cacheControl: false,
    // The build leaves files beside the others: nothing is compressed here.
    preCompressed: true,
    suppressWarning: true,
    setHeaders: (reply, path) => {
      // Names of assets tell what is in them; anything else may be another thing tomorrow.
      const isNamedByContent = name === 'assets' && path.startsWith(join(root, '/'));
      reply.header('cache-control', isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}

/** @throws CodepiperError `not_found` when the page was not built */
function sendPage(reply: FastifyReply, folder: string, name: string): FastifyReply {
  if (existsSync(join(folder, name))) return reply.sendFile(name, folder);
  throw new CodepiperError(
    'not_found',
    `The page is not there: ${join(folder, name)} is missing. Install codepiper again; in a checkout run scripts/build.`,
  );
}
