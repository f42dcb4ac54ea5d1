import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Policy } from '@codepiper/core/policies/policy.ts';
import type { Log } from '../log/log.ts';
import { filePrefix, slug } from './policy-ids.ts';
import { parsePolicies } from './rules-text.ts';

export interface RulesFileOptions {
  path: string;
  log: Log;
  /** How often the file is looked at beside the notices of the file system, in milliseconds. */
  pollMs?: number;
}

/** Notices of the file system may be missing (network drives, no watches left): then this finds changes. */
const defaultPollMs = 2_000;
/** How long the file must be left alone after a notice, in milliseconds. */
const settleMs = 50;

/**
 * The policies of the rules file. A change that cannot be read leaves the last good rules in force; a file that could
 * never be read has none, and then nothing may run.
 */
export class RulesFile implements Disposable {
  readonly path: string;
  readonly #log: Log;
  readonly #pollMs: number;
  #policies: readonly Policy[] | null = null;
  #problem: string | null = null;
  /** What was read last, right or wrong. */
  #text: string | null = null;
  #seen = '';
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;
  #settling: NodeJS.Timeout | null = null;

  constructor({ path, log, pollMs = defaultPollMs }: RulesFileOptions) {
    this.path = path;
    this.#log = log;
    this.#pollMs = pollMs;
    this.read();
  }

  /** The last good rules; null while there never were any. */
  get policies(): readonly Policy[] | null {
    return this.#policies;
  }

  /** What is wrong with the file now; null when nothing is. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Reads the file; true when other rules are in force than before. */
  read(): boolean {
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(this.path));
    } catch (error) {
      const why =
        error instanceof TypeError ? 'it is not UTF-8' : error instanceof Error ? error.message : '';
      this.#text = null;
      this.#complain(`${this.path} cannot be read: ${why}`);
      return false;
    }
    if (text === this.#text) return false;
    this.#text = text;
    try {
      this.#policies = policiesOf(text, this.path);
      this.#problem = null;
      this.#log.info(
        { file: this.path, policies: this.#policies.length },
        'the rules of the file are in force',
      );
      return true;
    } catch (error) {
      if (!(error instanceof CodepiperError)) throw error;
      this.#complain(error.message);
      return false;
    }
  }

  /** Calls `changed` whenever other rules are in force. */
  follow(changed: () => void): void {
    const look = () => {
      const seen = stamp(this.path);
      if (seen === this.#seen) return;
      this.#seen = seen;
      if (this.read()) changed();
    };
    this.#seen = stamp(this.path);
    try {
      // Editors put a new file in the place of the old one: it is the directory that tells.
      this.#watcher = watch(dirname(this.path), { persistent: false }, (_event, name) => {
        if (name !== null && name !== basename(this.path)) return;
        // A file that is still being written has only the first of its rules.
        if (this.#settling) this.#settling.refresh();
        else this.#settling = setTimeout(look, settleMs).unref();
      });
      this.#watcher.on('error', (error) => {
        this.#log.warn({ err: error, file: this.path }, 'the rules file is looked at from time to time only');
      });
    } catch (error) {
      this.#log.warn({ err: error, file: this.path }, 'the rules file is looked at from time to time only');
    }
    this.#timer = setInterval(look, this.#pollMs).unref();
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    if (this.#timer) clearInterval(this.#timer);
    if (this.#settling) clearTimeout(this.#settling);
  }

  #complain(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    const force = this.#policies
      ? 'the last good rules stay in force'
      : 'every call is denied until it is mended';
    this.#log.error({ file: this.path, problem }, `the rules file is not valid: ${force}`);
  }
}

/** Changes whenever the file does, links to it followed. */
function stamp(path: string): string {
  try {
    const found = statSync(path, { bigint: true });
    return `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
  } catch {
    return '';
  }
}

/** @throws CodepiperError `invalid_request` that names the lines of the problems */
function policiesOf(text: string, file: string): Policy[] {
  const { policies } = parsePolicies(text, file);
  const taken = new Set<string>();
  return policies.map((policy, index) => {
    const id = `${filePrefix}${policy.id ?? slug(policy.name)}`;
    if (taken.has(id)) {
      throw new CodepiperError(
        'invalid_request',
        `${file}: two policies have the id "${id.slice(filePrefix.length)}"; give each an id of its own`,
      );
    }
    taken.add(id);
    if (policy.scope === 'session') {
      throw new CodepiperError(
        'invalid_request',
        `${file}: policy "${policy.name}" has scope session; a file's policies hold everywhere (global) or in sets (set)`,
      );
    }
    // Older than anything stored, and in the order of the file: so the same priority is asked first here.
    const at = new Date(index).toISOString();
    return {
      id,
      name: policy.name,
      description: policy.description ?? null,
      enabled: policy.enabled,
      priority: policy.priority,
      scope: policy.scope ?? 'global',
      sessionId: null,
      rules: policy.rules,
      source: 'file' as const,
      createdAt: at,
      updatedAt: at,
      expiresAt: null,
    };
  });
}
