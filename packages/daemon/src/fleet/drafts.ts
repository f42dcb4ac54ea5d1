import { stat } from 'node:fs/promises';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { DraftVerdict, Remark, SessionDraft } from '@codepiper/core/fleet/new-session.ts';
import { type ProviderId, resolveProviderId } from '@codepiper/core/providers/provider.ts';
import { type CreateSession, createSessionSchema } from '@codepiper/core/sessions/session.ts';
import type { Provider } from '@codepiper/providers/provider.ts';
import { findGitPlace, readBranch } from '../git/repository.ts';
import { hasUncommittedChanges, listBranches } from '../git/run-git.ts';
import { findProblems } from '../http/problems.ts';
import type { LaunchCheck, LaunchChecks } from '../sessions/launch-checks.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { Directories } from './directories.ts';

export interface DraftsOptions {
  checks: Pick<LaunchChecks, 'of' | 'ofPlace' | 'isTrusted'>;
  /** Throws `CodepiperError` for a provider that does not exist. */
  requireProvider(name: string): Provider;
  liveSessions(): Promise<SessionRecord[]>;
  directories: Pick<Directories, 'absolute'>;
  /** The daemon's own environment: git is found by it. */
  environment: Readonly<Record<string, string | undefined>>;
  /** How long git may take, in milliseconds. */
  gitMs?: number;
}

const usualGitMs = 1500;
const mostBranches = 200;

/** Says what would be wrong with a session, by the very checks of its start. */
export class Drafts {
  readonly #o: DraftsOptions;

  constructor(options: DraftsOptions) {
    this.#o = options;
  }

  async check(draft: SessionDraft): Promise<DraftVerdict> {
    const cwd = this.#o.directories.absolute(draft.cwd) ?? draft.cwd;
    const { request, errors } = readDraft({ ...draft, cwd });
    const provider = this.#provider(draft.provider, errors);
    const info = await stat(cwd).catch(() => null);
    const directoryExists = info?.isDirectory() ?? false;
    await this.#runChecks(provider, request, errors);
    const isTrusted =
      provider && directoryExists
        ? await this.#o.checks.isTrusted(provider, request).catch(() => null)
        : null;
    const git = directoryExists ? await this.#git(cwd) : null;
    return {
      valid: errors.length === 0,
      cwd,
      directoryExists,
      isGitRepo: git !== null,
      isTrusted,
      errors,
      warnings: await this.#warnings(request, directoryExists, git),
      git,
    };
  }

  #provider(name: string | undefined, errors: Remark[]): Provider | null {
    // As long as none is chosen, what does not depend on it is checked.
    if (name === undefined) return null;
    try {
      return this.#o.requireProvider(name);
    } catch (error) {
      note(errors, 'provider', error);
      return null;
    }
  }

  async #runChecks(provider: Provider | null, request: CreateSession, errors: Remark[]): Promise<void> {
    const { checks } = this.#o;
    const isWrong = (field: string) =>
      errors.some((error) => error.field === field || error.field.startsWith(`${field}.`));
    for (const { field, check } of provider ? checks.of(provider, request) : checks.ofPlace(request)) {
      if (isWrong(field) || needs[field]?.some(isWrong)) continue;
      try {
        await check();
      } catch (error) {
        note(errors, field, error);
      }
    }
  }

  async #warnings(request: CreateSession, isThere: boolean, git: DraftVerdict['git']): Promise<Remark[]> {
    if (!isThere) return [];
    const warnings: Remark[] = [];
    const warn = (field: string, message: string): void => void warnings.push({ field, message });
    const { cwd } = request;
    const beside = (await this.#o.liveSessions()).filter((session) => session.cwd === cwd);
    if (beside.length > 0) {
      const names = beside.map(({ id, name }) => name ?? id.slice(0, 8));
      const shown = names.length > 3 ? [...names.slice(0, 3), '…'] : names;
      const what = beside.length === 1 ? 'Another session works' : `${beside.length} sessions work`;
      warn('cwd', `${what} in this directory: ${shown.join(', ')}. They would change the same files.`);
    }
    if (git?.hasUncommittedChanges) {
      warn('cwd', 'There are uncommitted changes: what the agent changes is mixed with them.');
    }
    if (git === null && request.provider !== 'shell') {
      warn('cwd', 'This is no git repository: what the agent changes cannot be told or taken back.');
    }
    if (request.dangerousMode) {
      warn('dangerousMode', 'The agent asks nobody: only what a policy denies is held back.');
    }
    return warnings;
  }

  async #git(cwd: string): Promise<DraftVerdict['git']> {
    const place = await findGitPlace(cwd);
    if (!place) return null;
    const { root, gitDir } = place;
    const { environment, gitMs = usualGitMs } = this.#o;
    const request = { root, environment, timeoutMs: gitMs };
    const [branch, changes, branches] = await Promise.all([
      readBranch(gitDir).catch(() => null),
      hasUncommittedChanges(request),
      listBranches(request, mostBranches),
    ]);
    return { root, branch, hasUncommittedChanges: changes, branches };
  }
}

/** What cannot be said while something else is wrong. */
const needs: Partial<Record<LaunchCheck['field'], readonly string[]>> = {
  args: ['cwd', 'env', 'provider'],
  trust: ['cwd', 'provider'],
};

/**
 * The request as far as it is right, and what is not. A field that is wrong has its default, so that the others can be
 * checked.
 */
function readDraft(draft: SessionDraft): { request: CreateSession; errors: Remark[] } {
  // Which provider it is has a check of its own, and it may not be chosen yet.
  const provider: ProviderId = (draft.provider && resolveProviderId(draft.provider)) || 'shell';
  const typed: Record<string, unknown> = { ...draft, provider };
  // An empty field of a form is one that nobody filled in.
  for (const field of ['name', 'model'] as const) if (typed[field] === '') delete typed[field];
  const errors: Remark[] = [];
  let result = createSessionSchema.safeParse(typed);
  if (!result.success) {
    for (const { path, message } of findProblems(createSessionSchema, result.error.issues)) {
      errors.push({ field: path.map(String).join('.') || 'session', message: sentence(message) });
    }
    const wrong = new Set(result.error.issues.map(({ path }) => String(path[0])));
    for (const field of wrong) delete typed[field];
    if (wrong.has('cwd')) typed.cwd = '/';
    result = createSessionSchema.safeParse(typed);
  }
  if (result.success) return { request: result.data, errors };
  throw new Error('a draft without what is wrong in it is still wrong');
}

function note(errors: Remark[], field: string, error: unknown): void {
  if (!(error instanceof CodepiperError)) throw error;
  const message = error.message.startsWith(`${field}: `)
    ? error.message.slice(field.length + 2)
    : error.message;
  errors.push({ field, message });
}

function sentence(message: string): string {
  return /[.?!]$/.test(message) ? message : `${message}.`;
}
