import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A control client in this process: what tmux costs without anything of ours. */
export interface BareClient extends AsyncDisposable {
  /** Sends one line of commands. */
  send(line: string): void;
  onChunk: (chunk: Buffer) => void;
}

export async function attachBare(socketName: string, sessionName: string): Promise<BareClient> {
  const args = ['-u', '-L', socketName, '-C', 'attach-session', '-t', sessionName];
  const child = spawn('tmux', args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const attached = Promise.withResolvers<void>();
  // It may end before it is let go: with its session.
  const closed = once(child, 'close');
  const client: BareClient = {
    onChunk: () => undefined,
    send: (line) => void child.stdin.write(`${line}\n`),
    async [Symbol.asyncDispose]() {
      child.stdin.end('detach-client\n');
      await closed;
    },
  };
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => {
    if (chunk.includes('%session-changed')) attached.resolve();
    client.onChunk(chunk);
  });
  await attached.promise;
  return client;
}
