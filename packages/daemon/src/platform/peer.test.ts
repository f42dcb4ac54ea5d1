import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { expect, it } from 'vitest';
import { loadPeerReader } from './peer.ts';

it('tells user and process of the other end, and null once it is gone', async () => {
  await using temp = await makeTempDir();
  const readPeer = await loadPeerReader();
  const server = createServer();
  server.listen(join(temp.path, 's'));
  await once(server, 'listening');
  const client = connect(join(temp.path, 's'));
  const [accepted] = (await once(server, 'connection')) as [Socket];
  expect(readPeer(accepted)).toEqual({ uid: process.getuid?.(), pid: process.pid });
  accepted.destroy();
  expect(readPeer(accepted)).toBeNull();
  client.destroy();
  server.close();
});
