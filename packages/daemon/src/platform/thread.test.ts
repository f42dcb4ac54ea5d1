import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { expect, it, vi } from 'vitest';
import { startThread } from './thread.ts';

it('prints nothing on the output of the daemon, whose reader may be gone', async () => {
  await using temp = await makeTempDir();
  const source = join(temp.path, 'noisy.mjs');
  writeFileSync(
    source,
    `import { parentPort } from 'node:worker_threads';
    parentPort.once('message', () => parentPort.close());
    console.log('noise');
    console.error('noise');
    parentPort.postMessage('printed');`,
  );
  const written: unknown[] = [];
  const remember = (text: unknown) => written.push(text) > 0;
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(remember),
  );
  try {
    const { promise: printed, resolve, reject } = Promise.withResolvers<string>();
    await using _thread = startThread<string, string>({
      ...{ program: 'noisy', source, data: null, stop: 'stop', heard: resolve, failed: reject },
    });
    expect(await printed).toBe('printed');
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  expect(written.join('')).not.toContain('noise');
});
