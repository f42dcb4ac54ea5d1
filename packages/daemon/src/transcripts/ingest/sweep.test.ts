import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { expect, it, vi } from 'vitest';
import { openIngest } from '../../../test/transcripts/ingest-house.ts';
import { plainFormat } from '../../../test/transcripts/plain-format.ts';
import { Ingestor } from './ingestor.ts';

// A file system that tells nothing, as some network file systems do.
vi.mock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  watch: () => {
    throw new Error('no events here');
  },
}));

it('a file system without events is looked at now and then', async () => {
  await using temp = await makeTempDir();
  using house = openIngest(temp.path, { plain: plainFormat });
  await using ingestor = new Ingestor({
    ...{ ingest: house.ingest, formats: { plain: plainFormat }, sweepMs: 20, env: {} },
    tell: () => undefined,
  });
  const path = join(temp.path, 'agent', 'c.jsonl');
  const child = join(temp.path, 'agent', 'c', 'subagents', 'agent-x.jsonl');
  ingestor.follow({ sessionId: 's', provider: 'plain', path, conversationId: null });
  const files = [path, child, path, child];
  for (const [index, file] of files.entries()) {
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, `${JSON.stringify({ entries: [`e${index}`] })}\n`);
    await waitFor(`entry ${index}`, () => house.rows('SELECT id FROM entries').length === index + 1);
  }
  expect(house.rows('SELECT id FROM files')).toHaveLength(2);
});
