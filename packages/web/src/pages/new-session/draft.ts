import type { SessionDraft } from '@codepiper/core/fleet/new-session.ts';
import type { DefaultAction } from '@codepiper/core/policies/policy.ts';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import type { BillingMode } from '@codepiper/core/sessions/session.ts';
import type { EnvRow } from './env-text.ts';

/** The form as it is filled in. */
export interface Draft {
  provider: ProviderId;
  cwd: string;
  /** Said for the directory that is typed: another one needs it anew. */
  trust: boolean;
  prompt: string;
  name: string;
  model: string;
  billingMode: BillingMode;
  /** One argument a line. */
  args: string;
  /** Null for those that new sessions get by themselves. */
  policySets: readonly string[] | null;
  /** Null for the daemon's. */
  policyDefault: DefaultAction | null;
  dangerousMode: boolean;
  env: readonly EnvRow[];
  /** A conversation to go on with, or to copy. */
  continues: 'no' | 'resume' | 'fork';
  conversation: string;
  /** Null as the daemon is set. */
  record: boolean | null;
}

export const emptyDraft: Draft = {
  provider: 'claude-code',
  cwd: '',
  trust: false,
  prompt: '',
  name: '',
  model: '',
  billingMode: 'subscription',
  args: '',
  policySets: null,
  policyDefault: null,
  dangerousMode: false,
  env: [],
  continues: 'no',
  conversation: '',
  record: null,
};

/** What the daemon is asked about, and what it then starts but for the prompt and the recording. */
export function toRequest(draft: Draft): SessionDraft {
  const filled = draft.env.filter(({ key }) => key.trim() !== '');
  return {
    provider: draft.provider,
    cwd: draft.cwd.trim(),
    trust: draft.trust,
    billingMode: draft.billingMode,
    dangerousMode: draft.dangerousMode,
    args: draft.args.split('\n').filter((line) => line !== ''),
    env: Object.fromEntries(filled.map(({ key, value }) => [key.trim(), value])),
    ...(draft.name.trim() === '' ? {} : { name: draft.name.trim() }),
    ...(draft.model.trim() === '' ? {} : { model: draft.model.trim() }),
    ...(draft.policySets === null ? {} : { policySets: [...draft.policySets] }),
    ...(draft.policyDefault === null ? {} : { policyDefault: draft.policyDefault }),
    ...(draft.continues === 'no' || draft.conversation.trim() === ''
      ? {}
      : { providerResume: { providerSessionId: draft.conversation.trim(), mode: draft.continues } }),
  };
}

/** Something is not filled in that only the person can say, and the daemon would not miss. */
export function isIncomplete({ cwd, continues, conversation }: Draft): boolean {
  return cwd.trim() === '' || (continues !== 'no' && conversation.trim() === '');
}

const name = 'codepiper.draft.new-session';
const envName = `${name}.env`;

/**
 * What was typed and not started yet. Values of the environment are often secrets, so they live in the storage of this
 * tab and go with it; the rest stays on the device. Trust and dangerous mode are given for one start, and never kept.
 */
export function loadDraft(): Draft {
  const {
    trust: _trust,
    dangerousMode: _mode,
    env: _env,
    ...kept
  } = read<Partial<Draft>>(localStorage, name, {});
  return { ...emptyDraft, ...kept, env: read<EnvRow[]>(sessionStorage, envName, []) };
}

export function saveDraft({ trust: _trust, dangerousMode: _mode, env, ...kept }: Draft): void {
  write(localStorage, name, kept);
  write(sessionStorage, envName, env);
}

export function forgetDraft(): void {
  write(localStorage, name, null);
  write(sessionStorage, envName, null);
}

function read<T>(storage: Storage, key: string, none: T): T {
  try {
    return (JSON.parse(storage.getItem(key) ?? 'null') as T | null) ?? none;
  } catch {
    return none;
  }
}

function write(storage: Storage, key: string, value: unknown): void {
  try {
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
  } catch {
    // Full, or forbidden: the form still holds it.
  }
}
