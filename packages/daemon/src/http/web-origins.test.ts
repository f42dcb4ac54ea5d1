import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeDevice } from './web-device.ts';
import { createWebOrigins } from './web-origins.ts';

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const hostname = fc.array(label, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('.'));
const port = fc.integer({ min: 1, max: 65_535 });

describe('origins', () => {
  it('of no list is one of another host allowed', () => {
    fc.assert(
      fc.property(hostname, fc.option(port), fc.constantFrom('http', 'https'), (host, at, scheme) => {
        fc.pre(!host.endsWith('.localhost'));
        const origin = `${scheme}://${host}${at === null ? '' : `:${at}`}`;
        const origins = createWebOrigins([]);
        for (const asked of [undefined, host, 'localhost', 'localhost:3000']) {
          expect(origins.isOriginAllowed(origin, asked)).toBe(false);
        }
        expect(origins.isHostAllowed(host)).toBe(false);
      }),
    );
  });

  it('is ours when it has the name and port that it calls', () => {
    fc.assert(
      fc.property(
        port,
        port,
        fc.constantFrom('localhost', '127.0.0.1', '[::1]', 'a.localhost'),
        (a, b, host) => {
          const origins = createWebOrigins([]);
          expect(origins.isHostAllowed(`${host}:${a}`)).toBe(true);
          expect(origins.isOriginAllowed(`http://${host}:${a}`, `${host}:${b}`)).toBe(a === b);
        },
      ),
    );
  });

  it('that is listed is allowed under any name of ours, in any case; a longer one is not', () => {
    fc.assert(
      fc.property(hostname, label, (host, extra) => {
        const origins = createWebOrigins([`https://${host.toUpperCase()}`]);
        expect(origins.isOriginAllowed(`https://${host}`, 'localhost:3000')).toBe(true);
        expect(origins.isHostAllowed(host)).toBe(true);
        for (const longer of [`${extra}.${host}`, `${host}.${extra}`, `${extra}${host}`, `${host}${extra}`]) {
          expect(origins.isOriginAllowed(`https://${longer}`, 'localhost:3000')).toBe(false);
          expect(origins.isHostAllowed(longer)).toBe(false);
        }
        expect(origins.isOriginAllowed(`http://${host}`, host)).toBe(false);
      }),
    );
  });

  it('answers anything at all', () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string(), { nil: undefined }), (origin, host) => {
        const origins = createWebOrigins(['box.example']);
        expect(typeof origins.isOriginAllowed(origin, host)).toBe('boolean');
        expect(typeof origins.isHostAllowed(host)).toBe('boolean');
      }),
    );
  });

  it.each(['', 'https://', 'ftp://box', 'https://box/path', 'a b', '*', 'https://*.box'])(
    'refuses the entry %j',
    (entry) => {
      expect(() => createWebOrigins([entry])).toThrow(`has "${entry}", which is no host and no origin`);
    },
  );
});

it.each([
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
    'Safari on iPhone',
  ],
  [
    'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
    'Chrome on Android',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
    'Edge on Windows',
  ],
  ['curl/8.1', 'curl'],
  ['<script>alert(1)</script>', 'unknown browser'],
  [undefined, 'unknown browser'],
])('%s is %s', (agent, words) => {
  expect(describeDevice(agent)).toBe(words);
});
