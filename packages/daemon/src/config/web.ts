import { readFileSync } from 'node:fs';
import { createWebOrigins, isLoopbackAddress } from '../http/web-origins.ts';
import type { ConfigValues } from './config.ts';

/** What is wrong about the settings of the dashboard together; nothing while it is not served. */
export function webProblems(values: ConfigValues): string[] {
  if (!values.webEnabled) return [];
  return [...listeningProblems(values), ...originProblems(values.allowedOrigins)];
}

function listeningProblems({ webHost, tlsCert, tlsKey, insecurePublic }: ConfigValues): string[] {
  if ((tlsCert === null) !== (tlsKey === null)) {
    const [given, missing] = tlsCert === null ? ['key', 'cert'] : ['cert', 'key'];
    return [`web.tls.${given} is set and web.tls.${missing} is not: TLS needs both`];
  }
  if (tlsCert !== null && tlsKey !== null) {
    return [unreadable('web.tls.cert', tlsCert), unreadable('web.tls.key', tlsKey)].flat();
  }
  if (isLoopbackAddress(webHost) || insecurePublic) return [];
  return [
    `web.host is ${JSON.stringify(webHost)}, which other machines reach, and there is no TLS: whoever reads the network could take over every session. Set web.tls.cert and web.tls.key (--tls-cert, --tls-key), stay on 127.0.0.1 behind a tunnel or a proxy, or say --insecure-public if the network is yours alone`,
  ];
}

function unreadable(key: string, path: string): string[] {
  try {
    readFileSync(path);
    return [];
  } catch (error) {
    return [`${key}: ${path} cannot be read: ${(error as Error).message}`];
  }
}

function originProblems(allowed: readonly string[]): string[] {
  try {
    createWebOrigins(allowed);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}
