import type { PriceBook } from '@codepiper/core/analytics/pricing.ts';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';

/** A connection to transcripts.db for reading. */
export interface Reader {
  all<Row>(sql: string, ...values: readonly unknown[]): Row[];
  get<Row>(sql: string, ...values: readonly unknown[]): Row | undefined;
  /** Rows as lists of their columns: quicker where there are many. */
  lists(sql: string, ...values: readonly unknown[]): unknown[][];
  /** Rows one at a time. */
  iterate<Row>(sql: string, ...values: readonly unknown[]): IterableIterator<Row>;
}

/** What a query may use. It runs in the thread that reads, so it may take as long as it needs. */
export interface QueryContext {
  db: Reader;
  /** codepiper's own database. @throws CodepiperError `unsupported` when it is in memory */
  main(): Reader;
  /** The prices in force. @throws CodepiperError `invalid_request` when the user's own are wrong */
  prices(): PriceBook;
  formats: Readonly<Record<string, TranscriptFormat>>;
  /** Paths. `main` is codepiper's own database, or `:memory:`. */
  files: { main: string; auditKey: string };
  /** A text with its secrets replaced. */
  redact(text: string): string;
}

/** Queries by name. What goes in and comes out is plain data: it crosses between threads. */
// biome-ignore lint/suspicious/noExplicitAny: each query has arguments of its own
export type Queries = Readonly<Record<string, (context: QueryContext, args: any) => unknown>>;

/**
 * Runs one of the queries in the thread that reads.
 *
 * @throws CodepiperError as the query does; `internal` when the thread failed, `shutting_down` when the daemon stops
 */
export type Ask<Q extends Queries> = <Name extends keyof Q>(
  name: Name,
  args: Parameters<Q[Name]>[1],
) => Promise<Awaited<ReturnType<Q[Name]>>>;
