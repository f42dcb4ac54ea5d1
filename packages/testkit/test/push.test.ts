import { createECDH, createPrivateKey, randomBytes, sign } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PushService } from '../src/push/push-service.ts';

let service: PushService;
beforeEach(async () => {
  service = await PushService.open();
});
afterEach(() => service[Symbol.asyncDispose]());

const pair = createECDH('prime256v1');
const point = pair.generateKeys();
const key = createPrivateKey({
  format: 'jwk',
  key: {
    ...{ kty: 'EC', crv: 'P-256', d: pair.getPrivateKey('base64url') },
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  },
});
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What a sender says of itself, with what a test changes about it. */
function authorization(claims: Record<string, unknown> = {}, signer = key): string {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const text = `${encode({ typ: 'JWT', alg: 'ES256' })}.${encode({ aud: service.origin, exp, sub: 'mailto:a@b', ...claims })}`;
  const signature = sign('sha256', Buffer.from(text), { key: signer, dsaEncoding: 'ieee-p1363' });
  return `vapid t=${text}.${signature.toString('base64url')}, k=${point.toString('base64url')}`;
}

const other = () => {
  const made = createECDH('prime256v1');
  const theirs = made.generateKeys();
  const x = theirs.subarray(1, 33).toString('base64url');
  const y = theirs.subarray(33).toString('base64url');
  const d = made.getPrivateKey('base64url');
  return createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', d, x, y } });
};

async function post(change: { headers?: Record<string, string>; body?: Buffer } = {}): Promise<number> {
  const { endpoint } = service.subscribe();
  const { status } = await fetch(endpoint, {
    method: 'POST',
    headers: {
      authorization: authorization(),
      ttl: '60',
      'content-encoding': 'aes128gcm',
      ...change.headers,
    },
    body: new Uint8Array(change.body ?? randomBytes(200)),
  });
  return status;
}

it.each([
  ['nobody', () => ({ authorization: '' }), 'no sender'],
  ['another signer', () => ({ authorization: authorization({}, other()) }), 'was not signed with that key'],
  ['another audience', () => ({ authorization: authorization({ aud: 'https://x' }) }), 'is for https://x'],
  ['an old token', () => ({ authorization: authorization({ exp: 1 }) }), 'counts until 1'],
  ['no subject', () => ({ authorization: authorization({ sub: undefined }) }), 'the subject is undefined'],
  ['no time to live', () => ({ ttl: 'soon' }), 'no TTL'],
  ['another encoding', () => ({ 'content-encoding': 'aesgcm' }), 'encoding aesgcm'],
])('complains of a message with %s', async (_what, headers, why) => {
  expect(await post({ headers: headers() })).toBe(400);
  expect(service.complaints[0]).toContain(why);
  expect(service.received).toEqual([]);
});

it('complains of what was not encrypted for the browser, and knows one that is gone', async () => {
  expect(await post()).toBe(400);
  expect(service.complaints).toHaveLength(1);
  const { id, endpoint } = service.subscribe();
  service.forget(id);
  expect((await fetch(endpoint, { method: 'POST' })).status).toBe(410);
});
