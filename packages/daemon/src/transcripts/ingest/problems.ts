import type { FromIngest } from './messages.ts';

/** Tells of what cannot be read or stored: once for each file and cause. */
export class Problems {
  readonly #tell: (message: FromIngest) => void;
  readonly #told = new Set<string>();

  constructor(tell: (message: FromIngest) => void) {
    this.#tell = tell;
  }

  note(path: string | null, code: string, error?: unknown): void {
    const name = `${path} ${code}`;
    if (this.#told.has(name)) return;
    this.#told.add(name);
    const why = error instanceof Error ? error.message : code;
    this.#tell({ type: 'problem', path, code, message: `${path ?? 'transcripts'}: ${why}` });
  }
}
