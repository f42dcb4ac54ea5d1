import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { generateTranscripts } from '@codepiper/testkit/transcripts/generate.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { expect, it } from 'vitest';
import { silentLog } from '../../src/log/log.ts';
import { TranscriptsService } from '../../src/transcripts/transcripts.service.ts';

function makeService(home: string): TranscriptsService {
  return new TranscriptsService({
    ledger: { listen: () => () => undefined },
    sessions: { list: async () => [], get: async () => null },
    ...{ home, env: {}, log: silentLog },
  });
}

it('a damaged database is made anew when the daemon starts, though no session has anything to read', async () => {
  await using temp = await makeTempDir();
  const directory = join(temp.path, 'agents');
  for (const { agent, path, content } of generateTranscripts(5, { conversations: 1 }).files) {
    const whole = join(directory, agent, path);
    mkdirSync(join(whole, '..'), { recursive: true });
    writeFileSync(whole, content);
  }
  {
    await using service = makeService(temp.path);
    await service.start();
    await service.import({ provider: null, directories: [directory] });
  }
  writeFileSync(join(temp.path, 'transcripts.db'), 'this was a database once');
  await using service = makeService(temp.path);
  await service.start();
  const damaged = await waitFor('the damage to be told', async () => {
    const found = await service.unreadable();
    return found.length > 0 && found;
  });
  const [name] = readdirSync(temp.path).filter((each) => each.startsWith('transcripts.db.damaged-'));
  expect(damaged).toEqual([
    { file: join(temp.path, name ?? ''), error: expect.stringContaining('was damaged') },
  ]);
  const verified = await service.verify();
  expect(verified.differences).toEqual([]);
  expect(verified.files).toBeGreaterThan(1);
  expect(verified.entries).toBeGreaterThan(10);
});
