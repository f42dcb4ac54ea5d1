import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { installAgents, locateAgents, placeOf } from '../src/agents.ts';
import { makeTempDir } from '../src/temp.ts';

test('a bin directory runs the pinned agents', async () => {
  await using temp = await makeTempDir();
  const bin = join(temp.path, 'bin');
  const agents = await installAgents(bin);
  await installAgents(bin); // a second time is no error

  const version = async (file: string) => (await promisify(execFile)(file, ['--version'])).stdout.trim();
  expect(await version(agents.claude)).toBe('2.1.329 (Claude Code)');
  expect(await version(agents.codex)).toBe('codex-cli 0.169.0');
});

test.each([
  [
    'darwin',
    'arm64',
    false,
    '@anthropic-ai/claude-code-darwin-arm64',
    'vendor/aarch64-apple-darwin/bin/codex',
  ],
  [
    'linux',
    'arm64',
    false,
    '@anthropic-ai/claude-code-linux-arm64',
    'vendor/aarch64-unknown-linux-musl/bin/codex',
  ],
  [
    'linux',
    'x64',
    true,
    '@anthropic-ai/claude-code-linux-x64-musl',
    'vendor/x86_64-unknown-linux-musl/bin/codex',
  ],
] as const)(
  'on %s %s (musl: %s) the programs come from that platform',
  (platform, arch, musl, claude, codex) => {
    expect(placeOf('claude', { platform, arch, musl }).carrier).toBe(claude);
    expect(placeOf('codex', { platform, arch, musl })).toMatchObject({
      carrier: `@openai/codex-${platform}-${arch}`,
      file: codex,
    });
  },
);

test('a platform package that is not installed is named, with what to do', async () => {
  const platform = process.platform === 'darwin' ? 'linux' : 'darwin';
  await expect(locateAgents({ platform, arch: 'arm64', musl: false })).rejects.toThrow(
    `The claude program is not installed: @anthropic-ai/claude-code-${platform}-arm64 has no executable claude. Run \`pnpm install\``,
  );
  expect(() => placeOf('codex', { platform: 'freebsd', arch: 'x64', musl: false })).toThrow('freebsd-x64');
});
