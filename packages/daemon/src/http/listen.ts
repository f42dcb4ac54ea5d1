import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, type Stats, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Log } from '../log/log.ts';
import { acquireLock } from '../platform/lock.ts';
import { loadPeerReader, type Peer, type PeerReader } from '../platform/peer.ts';

/** The socket cannot be used; the message says why and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** Process that holds the socket, when that is the reason and it is known. */
  readonly pid: number | null;

  constructor(message: string, pid: number | null = null) {
    super(message);
    this.pid = pid;
  }
}

export interface Listening extends AsyncDisposable {
  readonly path: string;
}

export interface ListenOptions {
  /** The only user whose processes are served. */
  uid: number;
  log: Log;
  /** Asks the kernel; loaded here when it was not before. */
  readPeer?: PeerReader;
}

/**
 * Serves `app` on a Unix socket that only `uid` can use: private directory, mode 0600, and the user at the other end
 * is checked on accept. A socket nobody answers on any more is replaced.
 *
 * Disposing of the result closes `app`, waits for requests that are under way, and removes the socket if it is still
 * this one.
 * @throws ListenError when the path is not usable or another daemon answers on it
 */
export async function listenOnSocket(
  app: FastifyInstance,
  path: string,
  options: ListenOptions,
): Promise<Listening> {
  const { uid, log } = options;
  checkLength(path);
  prepareDirectory(dirname(path), uid);
  const lock = acquireLock(`${path}.lock`);
  if (!lock) throw await inUse(path);
  try {
    await clearPath(path, uid);
    const readPeer = options.readPeer ?? (await loadPeerReader());
    app.server.prependListener('connection', (socket) => checkPeer(socket, readPeer, uid, log));
    const own = await bind(app, path);
    return {
      path,
      [Symbol.asyncDispose]: async () => {
        await app.close();
        const now = statOrNull(path);
        if (now && now.ino === own.ino && now.dev === own.dev) rmSync(path, { force: true });
        lock[Symbol.dispose]();
      },
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** Bytes of a socket's path, without the final NUL. */
const longest = process.platform === 'darwin' ? 103 : 107;

function checkLength(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= longest) return;
  throw new ListenError(
    `The socket path ${path} is ${bytes} bytes long; the system allows ${longest}. Choose a shorter one with --socket or CODEPIPER_SOCKET.`,
  );
}

function prepareDirectory(directory: string, uid: number): void {
  const found = statOrNull(directory);
  if (!found) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chmodSync(directory, 0o700);
    return;
  }
  const trusted = (owner: number): boolean => owner === uid || owner === 0;
  if (found.isSymbolicLink() && !trusted(found.uid)) {
    throw new ListenError(
      `${directory} is a link made by another user (uid ${found.uid}). Choose another socket path.`,
    );
  }
  const real = found.isSymbolicLink() ? statSync(directory) : found;
  if (!real.isDirectory())
    throw new ListenError(`${directory} is not a directory. Choose another socket path.`);
  if (!trusted(real.uid)) {
    throw new ListenError(
      `${directory} belongs to another user (uid ${real.uid}). Choose another socket path.`,
    );
  }
  const shared = (real.mode & 0o022) !== 0 && (real.mode & 0o1000) === 0;
  if (shared) {
    throw new ListenError(
      `${directory} can be written by other users, who could replace the socket. Run \`chmod go-w ${directory}\` or choose another socket path.`,
    );
  }
}

/** Makes sure nothing is at the path; the lock is held. */
async function clearPath(path: string, uid: number): Promise<void> {
  const found = statOrNull(path);
  if (!found) return;
  if (!found.isSocket()) {
    throw new ListenError(`${path} exists and is no socket. Move it away or choose another socket path.`);
  }
  if (found.uid !== uid) {
    throw new ListenError(`${path} belongs to another user (uid ${found.uid}). Choose another socket path.`);
  }
  if (await answers(path)) throw await inUse(path);
  rmSync(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      // A full accept queue: somebody holds the socket.
      else if (error.code === 'EAGAIN') resolve(true);
      else reject(new ListenError(`${path} cannot be used: ${error.message}`));
    });
  });
}

async function inUse(path: string): Promise<ListenError> {
  const pid = await healthPid(path);
  const who = pid === null ? 'another program' : `the daemon with pid ${pid}`;
  const advice = 'Stop it with `codepiper daemon stop`, or choose another socket path.';
  return new ListenError(`${path} is in use by ${who}. ${advice}`, pid);
}

/** How long the other daemon may take to say who it is. */
const healthTimeoutMs = 1000;

function healthPid(socketPath: string): Promise<number | null> {
  return new Promise((resolve) => {
    const call = request(
      { socketPath, path: '/health', signal: AbortSignal.timeout(healthTimeoutMs) },
      (reply) => {
        let text = '';
        reply.setEncoding('utf8');
        reply.on('data', (chunk: string) => {
          text += chunk;
        });
        reply.on('error', () => resolve(null));
        reply.on('end', () => resolve(Number(/"pid":\s*(\d+)/.exec(text)?.[1]) || null));
      },
    );
    call.on('error', () => resolve(null));
    call.end();
  });
}

/** Who was at the other end when a connection was taken: later it may be gone. */
const peers = new WeakMap<Socket, Peer>();

/** The process that opened a connection; null for a socket that was not taken by `listenOnSocket`. */
export function peerOf(socket: Socket): Peer | null {
  return peers.get(socket) ?? null;
}

function checkPeer(socket: Socket, readPeer: PeerReader, uid: number, log: Log): void {
  const peer = readPeer(socket);
  if (peer?.uid === uid) {
    peers.set(socket, peer);
    return;
  }
  log.warn({ peer }, 'refused a connection of another user');
  socket.destroy();
}

/**
 * Binds under a neighbouring name, closes it to others and only then moves it into place: at no time can others
 * connect, and libuv, which unlinks the name it bound, never removes a socket that has come after ours.
 */
async function bind(app: FastifyInstance, path: string): Promise<Stats> {
  const temporary = join(dirname(path), neighbour(basename(path)));
  rmSync(temporary, { force: true });
  await app.listen({ path: temporary });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
  return lstatSync(path);
}

/** Another name of the same length: the path's limit holds for both. */
function neighbour(name: string): string {
  return `${name.startsWith('~') ? '^' : '~'}${name.slice(1)}`;
}

function statOrNull(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}
