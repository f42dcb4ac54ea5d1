import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { makeSelfSigned } from '@codepiper/testkit/self-signed.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../log/log.ts';
import { followTlsFiles, readTlsPair } from './tls-files.ts';

let temp: TempDir;
let files: { cert: string; key: string };
let server: Server | undefined;
const write = ({ cert, key }: { cert: string; key: string }) => {
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
};

beforeEach(async () => {
  temp = await makeTempDir();
  files = { cert: join(temp.path, 'cert.pem'), key: join(temp.path, 'key.pem') };
});
afterEach(async () => {
  server?.close();
  server = undefined;
  await temp[Symbol.asyncDispose]();
});

/** The certificate that a new connection is shown. */
async function shown(): Promise<string | undefined> {
  const { port } = (server as Server).address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

it('takes a renewed certificate without a restart, and nothing broken', async () => {
  write(makeSelfSigned());
  const pair = readTlsPair(files);
  server = createServer(pair).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = followTlsFiles(server, files, { pair, log: silentLog, everyMs: 5 });
  const first = await shown();
  const renewed = makeSelfSigned();
  // Half of it, as a program that writes the files one by one leaves it for a moment.
  writeFileSync(files.cert, renewed.cert);
  expect(await shown()).toBe(first);
  writeFileSync(files.key, renewed.key);
  await waitFor('the renewed certificate', async () => (await shown()) !== first);
  stop();
});

it.each<[string, (one: ReturnType<typeof makeSelfSigned>) => Partial<typeof one>]>([
  ['are of two pairs', () => ({ key: makeSelfSigned().key })],
  ['are no PEM', () => ({ cert: 'certificate' })],
  ['are the wrong way round', ({ cert, key }) => ({ cert: key, key: cert })],
])('names the files when they %s', (_how, broken) => {
  const pair = makeSelfSigned();
  write({ ...pair, ...broken(pair) });
  expect(() => readTlsPair(files)).toThrow(/cert\.pem and .*key\.pem cannot be used for TLS: .*PEM/);
});
