import type { Endpoint, WebAccess } from '@codepiper/core/endpoint.ts';

/** A signed-in device, as far as the ground floor needs to know it. */
export interface WebSession {
  id: string;
  /** `password`: the second factor is missing. */
  stage: 'password' | 'full';
  /** Somebody has proved in the last minutes who is there. */
  isRecent: boolean;
}

/** Cookies there are, by their use. */
export type CookieName = 'session' | 'device';

/** What a browser sent, and what it gets besides the answer. */
export interface WebExchange {
  /** Client address; of the proxy's client where proxies are trusted. */
  readonly address: string;
  /** What the browser calls itself, in words: `Firefox on Linux`. */
  readonly device: string;
  /** Where the page comes from; null when a program asks that is no browser. Was checked. */
  readonly origin: string | null;
  /** Who is signed in, by cookie and key. */
  readonly session: WebSession | null;
  cookie(name: CookieName): string | null;
  /** @param value null removes the cookie @param maxAgeSeconds how long the browser keeps it */
  setCookie(name: CookieName, value: string | null, maxAgeSeconds: number): void;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a browser needs to call the route; undefined: a session with both factors. */
    web?: WebAccess | undefined;
    /** The endpoint behind the route, with its name, for the description of the API. */
    operation?: { name: string; endpoint: Endpoint };
  }
}
