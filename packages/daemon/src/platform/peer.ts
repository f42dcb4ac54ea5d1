import type { Socket } from 'node:net';

/** The process at the other end of a Unix socket. */
export interface Peer {
  uid: number;
  /** Process that connected (or listens, seen from a client); null when the system does not tell. */
  pid: number | null;
}

/** Null when the connection is gone already, or is no Unix socket. */
export type PeerReader = (socket: Socket) => Peer | null;

/**
 * Loads the system calls that tell who is at the other end. Call once at the start.
 * @throws when the native library cannot be loaded on this system
 */
export async function loadPeerReader(): Promise<PeerReader> {
  const { default: koffi } = await import('koffi');
  const system = koffi.load(null);
  const getsockopt = system.func(
    'int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ uint32_t *length)',
  );
  if (process.platform !== 'darwin') {
    return (socket) => withDescriptor(socket, (fd) => readLinux(getsockopt, fd));
  }
  const getpeereid = system.func('int getpeereid(int fd, _Out_ uint32_t *uid, _Out_ uint32_t *gid)');
  return (socket) => withDescriptor(socket, (fd) => readMac(getsockopt, getpeereid, fd));
}

type NativeCall = (...args: unknown[]) => number;

function withDescriptor(socket: Socket, read: (fd: number) => Peer | null): Peer | null {
  // Node has no public way to the descriptor of a socket.
  const { _handle: handle } = socket as Socket & { _handle?: { fd?: number } | null };
  return handle?.fd !== undefined && handle.fd >= 0 ? read(handle.fd) : null;
}

/** Linux: `struct ucred { pid_t pid; uid_t uid; gid_t gid; }`. */
function readLinux(getsockopt: NativeCall, fd: number): Peer | null {
  const SOL_SOCKET = 1;
  const SO_PEERCRED = 17;
  const value = Buffer.alloc(12);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, [value.length]) !== 0) return null;
  return { pid: value.readInt32LE(0) || null, uid: value.readUInt32LE(4) };
}

function readMac(getsockopt: NativeCall, getpeereid: NativeCall, fd: number): Peer | null {
  const SOL_LOCAL = 0;
  const LOCAL_PEERPID = 2;
  const uid = [0];
  if (getpeereid(fd, uid, [0]) !== 0) return null;
  const pid = Buffer.alloc(4);
  const known = getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, pid, [pid.length]) === 0;
  return { uid: uid[0] ?? -1, pid: known ? pid.readInt32LE(0) : null };
}
