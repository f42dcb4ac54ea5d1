import { describe, expect, it } from 'vitest';
import { guardedLookup, readEndpoint } from './push-address.ts';

describe('an endpoint', () => {
  it.each([
    'https://push.example.com/x',
    'https://[2606:4700::1]/x',
    'https://[64:ff9b::101:101]/x',
    'http://127.0.0.1:9/x',
    'http://localhost/x',
  ])('is taken at %s', (text) => expect(readEndpoint(text).href).toBe(text));

  it('is no address that only looks public', () => {
    for (const text of [
      'https://012.0.0.2/x',
      'https://0x0a000001/x',
      'https://167772161/x',
      'https://[::]/x',
      'https://[64:ff9b::a00:1]/x',
      'https://[fec0::1]/x',
    ]) {
      expect(() => readEndpoint(text)).toThrow(/private network/);
    }
  });
});

describe('its name', () => {
  const find = (endpoint: string, name: string) =>
    new Promise<string>((resolve) => {
      guardedLookup(new URL(endpoint))(name, {}, (error, address) =>
        resolve(error?.message ?? String(address)),
      );
    });

  it('must not mean a place inside when it is used', async () => {
    // As if the public name were looked up: what it means is this machine.
    expect(await find('https://push.example.com/x', 'localhost')).toContain('inside of a private network');
    expect(await find('http://localhost/x', 'localhost')).toMatch(/^(127\.0\.0\.1|::1)$/);
  });
});
