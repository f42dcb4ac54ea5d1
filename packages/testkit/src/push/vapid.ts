import { createPublicKey, verify } from 'node:crypto';

/**
 * Checks who sends, as push services do (RFC 8292).
 *
 * @param origin the push service's own
 * @throws Error in words
 */
export function checkVapid(authorization: string, origin: string): { subject: string; senderKey: string } {
  const { token, senderKey } = readHeader(authorization);
  const [head = '', claims = '', signature = ''] = token.split('.');
  if (parse(head).alg !== 'ES256') throw new Error('the token is not signed with ES256');
  const point = Buffer.from(senderKey, 'base64url');
  if (point.length !== 65) throw new Error('the key is no point of P-256');
  const key = createPublicKey({
    format: 'jwk',
    key: {
      ...{ kty: 'EC', crv: 'P-256' },
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  });
  const isSound = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!isSound) throw new Error('the token was not signed with that key');
  const { aud, exp, sub } = parse(claims);
  if (aud !== origin) throw new Error(`the token is for ${String(aud)}`);
  const left = Number(exp) * 1000 - Date.now();
  if (!(left > 0 && left <= 24 * 3_600_000)) throw new Error(`the token counts until ${String(exp)}`);
  if (typeof sub !== 'string' || !/^(mailto:|https:)/.test(sub))
    throw new Error(`the subject is ${String(sub)}`);
  return { subject: sub, senderKey };
}

function readHeader(text: string): { token: string; senderKey: string } {
  const parts = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(text);
  const [, token, senderKey] = parts ?? [];
  if (token === undefined || senderKey === undefined) throw new Error(`no sender: ${text}`);
  return { token, senderKey };
}

function parse(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
}
