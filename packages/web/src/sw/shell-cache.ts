import { type FetchEvent, worker } from './scope.ts';

/**
 * The page's own files, so that it opens without the network: assets, whose names tell what is in them, and the
 * document. Nothing that the daemon says is ever in here.
 */
const assetsName = 'codepiper-assets';
const documentName = 'codepiper-document';
const documentPath = '/';

/** Answers for the files of the page; leaves everything else alone. */
export function serveShell(event: FetchEvent): void {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== worker.location.origin) return;
  if (url.pathname.startsWith('/assets/')) event.respondWith(serveAsset(request));
  else if (request.mode === 'navigate' && isOurPage(url.pathname)) event.respondWith(serveDocument(request));
}

/** Removes what earlier workers kept under other names. */
export async function tidyCaches(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name !== assetsName && name !== documentName);
  await Promise.all(old.map((name) => caches.delete(name)));
}

function isOurPage(path: string): boolean {
  return !/^\/(?:api|dev|icons|assets)(?:\/|$)/.test(path) && !/\.[a-z]+$/.test(path);
}

async function serveAsset(request: Request): Promise<Response> {
  const cache = await caches.open(assetsName);
  const kept = await cache.match(request);
  if (kept) return kept;
  const reply = await fetch(request);
  if (reply.ok && reply.type === 'basic') await cache.put(request, reply.clone()).catch(() => undefined);
  return reply;
}

/** From the daemon while it is there: what was kept is for the time that it is not. */
async function serveDocument(request: Request): Promise<Response> {
  try {
    const reply = await fetch(request);
    const isDocument = reply.headers.get('content-type')?.startsWith('text/html') === true;
    if (reply.ok && !reply.redirected && isDocument) await keepDocument(reply.clone()).catch(() => undefined);
    return reply;
  } catch (error) {
    const kept = await (await caches.open(documentName)).match(documentPath);
    if (kept) return kept;
    throw error;
  }
}

/** Another document belongs to another version, with assets of its own. */
async function keepDocument(reply: Response): Promise<void> {
  const cache = await caches.open(documentName);
  const [before, now] = await Promise.all([
    cache.match(documentPath).then((kept) => kept?.text()),
    reply.clone().text(),
  ]);
  if (before === now) return;
  if (before !== undefined) await caches.delete(assetsName);
  await cache.put(documentPath, reply);
}
