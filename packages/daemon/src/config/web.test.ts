import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from './config.ts';

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
  for (const name of ['cert', 'key']) writeFileSync(join(temp.path, name), 'x');
});
afterEach(() => temp[Symbol.asyncDispose]());

/** What is wrong with these flags, beside `--web`. */
function problems(flags: Record<string, string>, env: Record<string, string> = {}): readonly string[] {
  try {
    loadConfig({ flags: { web: 'true', ...flags }, env: { HOME: temp.path, ...env }, uid: 1000 });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
const file = (name: string) => join(temp.path, name);

describe('the address of the dashboard', () => {
  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1', 'my.localhost'])('may be %s', (host) => {
    expect(problems({ host })).toEqual([]);
  });

  it.each([
    '0.0.0.0',
    '::',
    '192.168.1.5',
    'box.example',
    'fd7a:115c::1',
    '127.0.0.1.example',
    '::ffff:1.2.3.4',
  ])('is %s only with TLS, or when it is said to be insecure', (host) => {
    expect(problems({ host })).toEqual([
      expect.stringMatching(/web\.host.*web\.tls\.cert.*--insecure-public/),
    ]);
    expect(problems({ host, 'insecure-public': 'true' })).toEqual([]);
    expect(problems({ host, 'tls-cert': file('cert'), 'tls-key': file('key') })).toEqual([]);
  });

  it.each(['', 'a b', 'http://box', 'box:3000', '-x', '[::1]', '*'])('is not %j', (host) => {
    expect(problems({ host })).toEqual([expect.stringContaining('--host is')]);
  });

  it('does not matter while it is not served', () => {
    expect(problems({ web: 'false', host: '0.0.0.0', 'tls-cert': '/nothing' })).toEqual([]);
  });
});

it('needs both files of TLS, readable', () => {
  expect(problems({ 'tls-cert': file('cert') })).toEqual([expect.stringContaining('web.tls.key is not')]);
  expect(problems({ 'tls-key': file('key') })).toEqual([expect.stringContaining('web.tls.cert is not')]);
  expect(problems({ 'tls-cert': file('none'), 'tls-key': file('nothing') })).toEqual([
    expect.stringMatching(/web\.tls\.cert: .*none cannot be read/),
    expect.stringMatching(/web\.tls\.key: .*nothing cannot be read/),
  ]);
});

it('names an origin that is none', () => {
  const env = { CODEPIPER_ALLOWED_ORIGINS: 'box.example,https://box.example/path' };
  expect(problems({}, env)).toEqual([expect.stringContaining('"https://box.example/path"')]);
});
