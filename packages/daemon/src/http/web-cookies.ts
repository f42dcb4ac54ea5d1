import type { FastifyReply } from 'fastify';
import type { CookieName } from './web.ts';

/** Behind TLS a name that no page of a neighbouring host can set, and that is bound to this host and all of it. */
const names = (isSecure: boolean): Record<CookieName, string> =>
  isSecure
    ? { session: '__Host-codepiper_session', device: '__Host-codepiper_device' }
    : { session: 'codepiper_session', device: 'codepiper_device' };

/**
 * Our cookies of a request. One that is there twice is none: somebody has set another beside it, and which of them
 * counts would be that somebody's choice.
 */
export function readCookies(
  header: string | undefined,
  isSecure: boolean,
): Partial<Record<CookieName, string>> {
  const found: Partial<Record<CookieName, string>> = {};
  const pairs = (header ?? '').split(';').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, Math.max(at, 0)).trim(), pair.slice(at + 1).trim()] as const;
  });
  for (const [use, name] of Object.entries(names(isSecure)) as [CookieName, string][]) {
    const values = pairs.filter(([key]) => key === name).map(([, value]) => value);
    const [value] = values;
    if (values.length === 1 && value !== undefined && /^[\w-]{1,200}$/.test(value)) found[use] = value;
  }
  return found;
}

export interface NewCookie {
  name: CookieName;
  /** Null removes it. */
  value: string | null;
  /** Seconds. */
  maxAge: number;
  isSecure: boolean;
}

/** Adds a cookie to an answer: not for scripts, and sent by our own pages alone. */
export function writeCookie(reply: FastifyReply, { name, value, maxAge, isSecure }: NewCookie): void {
  const parts = [
    `${names(isSecure)[name]}=${value ?? ''}`,
    'Path=/',
    `Max-Age=${value === null ? 0 : maxAge}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(isSecure ? ['Secure'] : []),
  ];
  reply.header('set-cookie', parts.join('; '));
}
