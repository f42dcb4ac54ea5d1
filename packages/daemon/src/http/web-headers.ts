import type { FastifyReply } from 'fastify';

/**
 * What a page may load: only what we serve, no script that is written into it. Styles are let be: the terminal and the
 * components set them while they run, and a style runs nothing.
 */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** An answer of the API is data, whatever somebody opens it as. */
const apiPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** On every answer. They are set on the bare answer: streams are written past the framework. */
export function setCommonHeaders({ raw }: FastifyReply, { isTls }: { isTls: boolean }): void {
  raw.setHeader('x-content-type-options', 'nosniff');
  raw.setHeader('x-frame-options', 'DENY');
  raw.setHeader('referrer-policy', 'no-referrer');
  raw.setHeader('cross-origin-opener-policy', 'same-origin');
  raw.setHeader('cross-origin-resource-policy', 'same-origin');
  raw.setHeader('content-security-policy', apiPolicy);
  raw.setHeader(
    'permissions-policy',
    'microphone=(self), camera=(), geolocation=(), payment=(), usb=(), display-capture=(), publickey-credentials-get=(self), publickey-credentials-create=(self)',
  );
  if (isTls) raw.setHeader('strict-transport-security', 'max-age=31536000');
}

export function setPageHeaders({ raw }: FastifyReply): void {
  raw.setHeader('content-security-policy', pagePolicy);
}

/** No copy is kept of what the API says, in the browser or on the way. */
export function setApiHeaders({ raw }: FastifyReply): void {
  raw.setHeader('cache-control', 'no-store');
}
