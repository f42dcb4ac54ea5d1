import type { EntryKind } from '@codepiper/core/transcripts/transcript.ts';
import type { SeededRandom } from '../faults/random.ts';
import type { Agent, GeneratedFile, GeneratedTranscripts, TrueResponse } from './truth.ts';

/** Keeps the books while transcripts are written. */
export class Ledger {
  readonly #files = new Map<string, GeneratedFile>();
  readonly #responses = new Map<string, TrueResponse>();
  readonly #entries = new Map<string, Map<EntryKind, Map<string, boolean>>>();
  readonly #junk = new Map<string, { invalid: number; unknown: number }>();
  readonly #forks = new Map<string, string>();

  file(agent: Agent, path: string, lines: readonly string[], torn: string): void {
    const content = lines.map((line) => `${line}\n`).join('') + torn;
    this.#files.set(path, { agent, path, content });
  }

  response(key: string, response: TrueResponse): void {
    const full = this.#responses.get(key);
    if (!full || response.tokens.output > full.tokens.output) this.#responses.set(key, response);
  }

  /** @param subAgent whether it stands in a sub-agent's file, which nobody copies */
  entry(conversation: string, kind: EntryKind, id: string, subAgent = false): void {
    const kinds = this.#entries.get(conversation) ?? new Map<EntryKind, Map<string, boolean>>();
    this.#entries.set(conversation, kinds);
    kinds.set(kind, (kinds.get(kind) ?? new Map()).set(id, subAgent));
  }

  /** Everything in one conversation's own file is in the other's as well. */
  copyEntries(from: string, to: string): void {
    for (const [kind, ids] of this.#entries.get(from) ?? []) {
      for (const [id, subAgent] of ids) if (!subAgent) this.entry(to, kind, id);
    }
  }

  fork(from: string, to: string): void {
    this.#forks.set(to, from);
  }

  junk(path: string, kind: 'invalid' | 'unknown'): void {
    const counts = this.#junk.get(path) ?? { invalid: 0, unknown: 0 };
    this.#junk.set(path, { ...counts, [kind]: counts[kind] + 1 });
  }

  close(): GeneratedTranscripts {
    const entries = [...this.#entries].map(([conversation, kinds]) => {
      const counts = Object.fromEntries([...kinds].map(([kind, ids]) => [kind, ids.size]));
      return [conversation, counts as Partial<Record<EntryKind, number>>] as const;
    });
    return {
      files: [...this.#files.values()],
      truth: {
        responses: this.#responses,
        entries: new Map(entries),
        junk: this.#junk,
        forks: this.#forks,
      },
    };
  }
}

/** A UUID of random digits. */
export function uuid(random: SeededRandom): string {
  const digits = (count: number) =>
    Array.from({ length: count }, () => random.int(0, 15).toString(16)).join('');
  return `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}`;
}

const words =
  `reads parseConfig from src/config/load_config.ts and fixes the off-by-one in nextPage; naïve café 東京
tests pass 🎉 "quoted" back\\slash tab\there retry_count maxRetries /var/log/app.log HTTPServer <b>tag</b> usage`.split(
    /\s+/,
  );

export function sentence(random: SeededRandom, count = random.int(3, 14)): string {
  return Array.from({ length: count }, () => random.pick(words)).join(' ');
}

const junkLines = {
  invalid: ['{"type":"user","mess', 'not JSON at all "usage"', '[1,2,3]', '42', '{"a":1}}'],
  unknown: ['{"type":"brand-new-line","usage":{"output_tokens":999999}}', '{}', '{"payload":{"type":"?"}}'],
} as const;

/** Puts lines nobody understands between the others. */
export function withJunk(
  random: SeededRandom,
  ledger: Ledger,
  path: string,
  lines: readonly string[],
): string[] {
  return lines.flatMap((line) => {
    if (!random.chance(0.05)) return [line];
    const kind = random.pick(['invalid', 'unknown'] as const);
    ledger.junk(path, kind);
    return [line, random.pick(junkLines[kind])];
  });
}

/** The beginning of a line whose rest is not written yet. */
export function tornLine(random: SeededRandom): string {
  return random.chance(0.3) ? '{"type":"assistant","message":{"usage":{"output_tokens":77' : '';
}

/** Moments shortly before midnight somewhere, and any other. */
export function startTime(random: SeededRandom): number {
  const day = Date.UTC(2026, random.int(0, 10), random.int(1, 28));
  const hours = random.pick([0, 5.5, -5.5, 8, -13, 12.75, random.next() * 24]);
  return Math.round(day - hours * 3_600_000) - random.int(0, 40_000);
}
