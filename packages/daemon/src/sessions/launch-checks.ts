import { CodepiperError } from '@codepiper/core/errors.ts';
import type { CreateSession } from '@codepiper/core/sessions/session.ts';
import type { Provider } from '@codepiper/providers/provider.ts';
import { checkDirectory, type Launcher } from './launcher.ts';
import type { SessionPolicies } from './session-policies.ts';
import type { SessionsStore } from './sessions.store.ts';

export interface LaunchChecksOptions {
  store: SessionsStore;
  launcher: Pick<Launcher, 'program' | 'environment' | 'checkCommand' | 'isTrusted'>;
  policies: Pick<SessionPolicies, 'setsFor'>;
  maxSessions: number;
}

/** One thing that must hold before a session is started. */
export interface LaunchCheck {
  /** What of the request it is about; `session` where it is about none. */
  field: keyof CreateSession | 'session';
  /** @throws CodepiperError when it does not hold */
  check(): Promise<void> | void;
}

/** What is checked before a session is started: by who starts it, and by who asks what would be wrong. */
export class LaunchChecks {
  readonly #o: LaunchChecksOptions;

  constructor(options: LaunchChecksOptions) {
    this.#o = options;
  }

  /** All of them, in the order in which a start tells what is wrong. */
  of(provider: Provider, request: CreateSession): LaunchCheck[] {
    const { launcher, policies } = this.#o;
    const { cwd, args } = request;
    return [
      { field: 'provider', check: () => void launcher.program(provider) },
      ...this.ofPlace(request),
      { field: 'dangerousMode', check: () => checkDangerousMode(provider, request) },
      { field: 'providerResume', check: () => checkResume(provider, request) },
      { field: 'session', check: () => this.requireRoom() },
      {
        field: 'args',
        check: () => launcher.checkCommand(provider, args, cwd, this.#environment(provider, request)),
      },
      { field: 'trust', check: () => this.#requireTrust(provider, request) },
      { field: 'policySets', check: () => void policies.setsFor(request.policySets) },
    ];
  }

  /** Those that need no provider. */
  ofPlace({ cwd, name }: Pick<CreateSession, 'cwd' | 'name'>): LaunchCheck[] {
    return [
      { field: 'cwd', check: () => checkDirectory(cwd) },
      ...(name ? [{ field: 'name' as const, check: () => this.requireFreeName(name, null) }] : []),
    ];
  }

  /** Whether the agent starts there without asking. */
  async isTrusted(provider: Provider, request: CreateSession): Promise<boolean> {
    const told = await this.#o.store.trustedDirectories(provider.id);
    const env = this.#environment(provider, request);
    return this.#o.launcher.isTrusted(provider, request.cwd, env, told);
  }

  /** Whether a person said that they trust the directory, with this request or an earlier one. */
  async wasTrusted(provider: Provider, { cwd, trust }: CreateSession): Promise<boolean> {
    return trust || (await this.#o.store.trustedDirectories(provider.id)).includes(cwd);
  }

  /** Throws `name_taken`. */
  async requireFreeName(name: string, exceptId: string | null): Promise<void> {
    const holder = await this.#o.store.findByName(name);
    if (!holder || holder.id === exceptId) return;
    throw new CodepiperError(
      'name_taken',
      `Session ${holder.id.slice(0, 8)} (${holder.status}) is named "${name}" already. Choose another name, or rename that one.`,
      { session: holder.id, status: holder.status },
    );
  }

  /** Throws `session_limit`. */
  async requireRoom(): Promise<void> {
    if ((await this.#o.store.countLive()) < this.#o.maxSessions) return;
    throw new CodepiperError(
      'session_limit',
      `Maximum concurrent sessions (${this.#o.maxSessions}) reached. Stop an existing session first, or raise sessions.max.`,
    );
  }

  async #requireTrust(provider: Provider, request: CreateSession): Promise<void> {
    const { cwd } = request;
    if (request.trust || (await this.isTrusted(provider, request))) return;
    throw new CodepiperError(
      'trust_required',
      `${provider.label} does not trust ${cwd} yet: it could read, edit and run files there. If you trust them, start with --trust.`,
      { cwd, provider: provider.id },
    );
  }

  #environment(provider: Provider, { billingMode, env }: CreateSession): Record<string, string> {
    return this.#o.launcher.environment(provider, { launch: { billingMode } }, env);
  }
}

function checkDangerousMode(provider: Provider, { dangerousMode }: CreateSession): void {
  if (!dangerousMode || provider.capabilities.supportsDangerousMode) return;
  throw new CodepiperError('unsupported', `${provider.label} has no dangerous mode.`);
}

function checkResume(provider: Provider, { providerResume }: CreateSession): void {
  if (!providerResume || provider.capabilities.supportsResume) return;
  throw new CodepiperError('unsupported', `${provider.label} has no conversations to resume.`);
}
