/** One request as a transport carries it: the path has its query. */
export interface TransportRequest {
  method: string;
  path: string;
  /** Text is JSON; a blob is sent as it is, its `type` as the content type. */
  body?: string | Blob;
  /** Longest silence that is waited through, in milliseconds; the transport's own default when absent. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface TransportReply {
  status: number;
  body: string;
}

export interface TransportStream {
  status: number;
  /** Bytes as they come. Leaving the loop closes the connection. */
  chunks: AsyncIterable<Uint8Array>;
}

/** How the client reaches the daemon: a Unix socket in the CLI, fetch in the browser. */
export interface Transport {
  /** @throws TransportError when no whole answer came */
  request(request: TransportRequest): Promise<TransportReply>;
  /** Resolves when the head of the answer is there. @throws TransportError as `request`, also while reading */
  stream(request: TransportRequest): Promise<TransportStream>;
}

/**
 * unreachable: nobody listens. denied: somebody does, and not for us. timeout: no answer in time.
 * broken: the connection ended too early, or what came is not HTTP.
 */
export type TransportFailure = 'unreachable' | 'denied' | 'timeout' | 'broken';

export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly failure: TransportFailure;

  constructor(failure: TransportFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}
