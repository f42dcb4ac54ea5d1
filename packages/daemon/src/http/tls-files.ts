import { readFileSync } from 'node:fs';
import { createSecureContext, type Server } from 'node:tls';
import type { Log } from '../log/log.ts';
import { ListenError } from './listen.ts';

/** Certificate with its chain, and its key, in PEM. */
export interface TlsPair {
  cert: Buffer;
  key: Buffer;
}

/** Where the two are. */
export interface TlsFiles {
  cert: string;
  key: string;
}

/** @throws ListenError when a file cannot be read, or the two do not belong together */
export function readTlsPair(files: TlsFiles): TlsPair {
  try {
    const pair = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
    createSecureContext(pair);
    return pair;
  } catch (error) {
    throw new ListenError(
      `${files.cert} and ${files.key} cannot be used for TLS: ${(error as Error).message}. They must be a certificate with its chain and its private key, in PEM and without a passphrase (web.tls.cert, web.tls.key).`,
    );
  }
}

/**
 * Takes a renewed pair from the next connection on, without a restart. One that is being written, or is broken, changes
 * nothing. Returns a function that ends it.
 *
 * @param everyMs how often the files are looked at
 */
export function followTlsFiles(
  server: Server,
  files: TlsFiles,
  { pair, log, everyMs }: { pair: TlsPair; log: Log; everyMs: number },
): () => void {
  let inForce = pair;
  const timer = setInterval(() => {
    try {
      const now = readTlsPair(files);
      if (now.cert.equals(inForce.cert) && now.key.equals(inForce.key)) return;
      server.setSecureContext(now);
      inForce = now;
      log.info({ cert: files.cert }, 'the renewed certificate of the dashboard is in force');
    } catch (error) {
      log.warn({ err: error }, 'the certificate of the dashboard could not be read again; the old one stays');
    }
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
