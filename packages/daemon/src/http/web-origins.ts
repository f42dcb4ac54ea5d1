/** Who may talk to the dashboard: names it is reached by, and pages that may call it. */
export interface WebOrigins {
  /** Whether a Host header names us. Another name may be an attacker's that points at this machine (DNS rebinding). */
  isHostAllowed(host: string | undefined): boolean;
  /** Whether a page of this origin may call the server that was reached as `host`. */
  isOriginAllowed(origin: string, host: string | undefined): boolean;
}

interface Allowed {
  hostname: string;
  /** Null where any port, or any scheme, will do. */
  port: string | null;
  protocol: string | null;
}

/**
 * @param allowed hosts (`box.example`, `box.example:8443`) and origins (`https://box.example`) beside this machine's own
 *   names
 * @throws Error naming an entry that is neither
 */
export function createWebOrigins(allowed: readonly string[]): WebOrigins {
  const entries = allowed.map(readEntry);
  const isKnown = (hostname: string): boolean =>
    isLoopback(hostname) || entries.some((entry) => entry.hostname === hostname);
  return {
    isHostAllowed: (host) => {
      const read = readHost(host);
      return read !== null && isKnown(read.hostname);
    },
    isOriginAllowed: (origin, host) => {
      const page = readOrigin(origin);
      if (page === null) return false;
      const own = readHost(host);
      const listed = entries.filter(({ hostname }) => hostname === page.hostname);
      // An entry with a scheme says that pages without it (over plain HTTP) are somebody else's.
      const scheme = listed.filter(({ protocol }) => protocol !== null);
      if (scheme.length > 0 && !scheme.some(({ protocol }) => protocol === page.protocol)) return false;
      // Behind a proxy that keeps the name, and without one, a page of ours has the name that it calls.
      if (
        own !== null &&
        isKnown(own.hostname) &&
        page.hostname === own.hostname &&
        page.port === portOf(own.port, page)
      ) {
        return true;
      }
      return listed.some(({ port }) => port === null || port === page.port);
    },
  };
}

/** A name without a port has the one of the page's scheme: TLS may end before us. */
function portOf(port: string, page: { protocol: string }): string {
  return port === '' ? defaultPort(page.protocol) : port;
}

function defaultPort(protocol: string): string {
  return protocol === 'https:' ? '443' : '80';
}

function readEntry(entry: string): Allowed {
  const isOrigin = entry.includes('://');
  const origin = isOrigin ? readOrigin(entry) : null;
  if (origin) return origin;
  const host = isOrigin ? null : readHost(entry);
  if (host === null) {
    throw new Error(
      `web.allowedOrigins has "${entry}", which is no host and no origin: write box.example, or https://box.example`,
    );
  }
  return { hostname: host.hostname, port: host.port === '' ? null : host.port, protocol: null };
}

const hostPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?)\.?(?::(\d{1,5}))?$/;

/** `port` is empty where none is written. */
function readHost(host: string | undefined): { hostname: string; port: string } | null {
  const match = hostPattern.exec((host ?? '').toLowerCase());
  return match ? { hostname: match[1] ?? '', port: match[2] ?? '' } : null;
}

/** As browsers write it: nothing behind the port. */
function readOrigin(origin: string): { hostname: string; port: string; protocol: string } | null {
  const match = /^(https?:)\/\/([^/?#@\\]+)$/i.exec(origin);
  const host = match ? readHost(match[2]) : null;
  const protocol = match?.[1]?.toLowerCase() ?? '';
  return (
    host && { hostname: host.hostname, port: host.port === '' ? defaultPort(protocol) : host.port, protocol }
  );
}

/** Whether only this machine reaches a server that listens on this address or name. */
export function isLoopbackAddress(host: string): boolean {
  return isLoopback(host.includes(':') ? `[${host.toLowerCase()}]` : host.toLowerCase());
}

/** Names that lead to this machine whatever a name server says. */
function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d{1,3}){3}$/.test(hostname)
  );
}
