import type { z } from 'zod';
import type { ErrorCode } from './errors.ts';

/**
 * `public`: nothing. `pending`: the password was right, the second factor may be missing. `never`: it is for the Unix
 * socket alone.
 */
export type WebAccess = 'public' | 'pending' | 'never';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A file that comes as `multipart/form-data`, in the place of a JSON body: one, under this name. */
export interface Upload {
  readonly field: string;
  /** Largest file. */
  readonly maxBytes: number;
  /** What it has to be, in words, with an article. */
  readonly what: string;
}

/**
 * One endpoint of the API, written once: the daemon mounts it, the client is inferred from it, the
 * reference is printed from it. Paths use `:name` for parameters.
 */
export interface Endpoint<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
> {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** Instead of `body`. */
  readonly upload?: Upload;
  readonly reply: Reply;
  /** HTTP status of success; 200 when absent. */
  readonly status?: 200 | 201 | 202;
  /** Codes a caller should expect beside those every endpoint may answer. */
  readonly errors?: readonly ErrorCode[];
  /** Only a person may call it: it is refused to whatever runs inside a session. */
  readonly personal?: true;
  /** What a browser needs to call it; a session that is signed in, unless said otherwise. */
  readonly web?: WebAccess;
  /** A browser must have proved in the last minutes who is there. */
  readonly recent?: true;
}

type Infer<T> = T extends z.ZodType ? z.output<T> : undefined;
type InferInput<T> = T extends z.ZodType ? z.input<T> : undefined;

/** What a handler is given: every part validated. */
export interface EndpointInput<E extends Endpoint> {
  params: Infer<E['params']>;
  query: Infer<E['query']>;
  body: Infer<E['body']>;
}

/** What a caller passes: parts that have no schema are left out. */
export type EndpointCall<E extends Endpoint> = (E['params'] extends z.ZodType
  ? { params: InferInput<E['params']> }
  : { params?: never }) &
  (E['query'] extends z.ZodType ? { query?: InferInput<E['query']> } : { query?: never }) &
  (E['body'] extends z.ZodType ? { body: InferInput<E['body']> } : { body?: never });

export type EndpointReply<E extends Endpoint> = z.output<E['reply']>;

/** Declares an endpoint and keeps its exact types. */
export function defineEndpoint<const E extends Endpoint>(endpoint: E): E {
  return endpoint;
}
