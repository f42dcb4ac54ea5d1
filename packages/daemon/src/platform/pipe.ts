import { closeSync } from 'node:fs';

/** The two ends of a pipe, as descriptors that programs started later do not get. */
export interface PipeEnds {
  read: number;
  write: number;
}

/** Null where the system has no such pipe, or gives none now. */
export type MakePipe = () => PipeEnds | null;

/** What a pipe holds, in bytes. Linux lets a user have 64 MB in larger pipes than the usual 64 kB. */
export const pipeBytes = 256 * 1024;

const O_CLOEXEC = 0o2000000;
const F_SETPIPE_SZ = 1031;

/** Loads the system calls that make a pipe of `pipeBytes`. Call once at the start. */
export async function loadMakePipe(): Promise<MakePipe> {
  if (process.platform !== 'linux') return () => null;
  const { default: koffi } = await import('koffi');
  const system = koffi.load(null);
  const pipe2 = system.func('int pipe2(_Out_ int *ends, int flags)');
  const fcntl = system.func('int fcntl(int fd, int command, ...)');
  return () => {
    const ends = [-1, -1];
    if (pipe2(ends, O_CLOEXEC) !== 0) return null;
    const [read = -1, write = -1] = ends;
    if (fcntl(write, F_SETPIPE_SZ, 'int', pipeBytes) >= pipeBytes) return { read, write };
    closeSync(read);
    closeSync(write);
    return null;
  };
}
