import type { CreatePolicy, Policy, Rule, Scope } from '@codepiper/core/policies/policy.ts';
import type { Input } from '../args.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import { readNamed, readRules } from './read-text.ts';

const scopes = ['global', 'set', 'session'] as const satisfies readonly Scope[];
const maxPriority = 1_000_000;

/** What options say of a policy, for one that is made and one that is changed. */
export interface Edit {
  name: string | undefined;
  description: string | undefined;
  enabled: boolean | undefined;
  priority: number | undefined;
  scope: Scope | undefined;
  sessionId: string | undefined;
  /** ISO 8601; null for no end. */
  expiresAt: string | null | undefined;
}

export const editOptions = [
  'name',
  'description',
  'enabled',
  'disabled',
  'priority',
  'scope',
  'session',
  'expires',
] as const;

/** @throws UsageError */
export function readEdit({ input, io }: Context): Edit {
  const expires = input.text('expires');
  return {
    name: input.text('name'),
    description: input.text('description'),
    enabled: readEnabled(input),
    priority: readPriority(input),
    scope: input.choice('scope', scopes),
    sessionId: input.text('session'),
    expiresAt: expires === undefined ? undefined : readExpiry(expires, io.now()),
  };
}

/** `--enabled` and `--disabled`. @throws UsageError for both */
export function readEnabled(input: Input): boolean | undefined {
  if (input.flag('enabled') && input.flag('disabled')) {
    throw new UsageError('--enabled and --disabled exclude each other.');
  }
  return input.flag('enabled') ? true : input.flag('disabled') ? false : undefined;
}

function readPriority(input: Input): number | undefined {
  const text = input.text('priority');
  if (text === undefined) return undefined;
  const value = /^-?\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (Math.abs(value) <= maxPriority) return value;
  throw new UsageError(
    `--priority is "${text}"; it must be a whole number from -${maxPriority} to ${maxPriority}.`,
  );
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time that is to come: `30m` from now, a time in ISO 8601, or `never`. */
function readExpiry(text: string, now: number): string | null {
  if (text === 'never') return null;
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ahead = unitMs[unit];
  const at = ahead === undefined ? Date.parse(/^\d{4}-/.test(text) ? text : '') : now + Number(count) * ahead;
  if (at > now && at < 8.64e15) return new Date(at).toISOString();
  throw new UsageError(
    `--expires is "${text}"; it must be an age ahead like 30m, 2h or 7d, a time to come like 2027-01-31T18:00Z, or never.`,
  );
}

/** Rules of `--rules`; undefined without it. @throws CodepiperError that names the place of each problem */
export async function readEditRules(context: Context): Promise<Rule[] | undefined> {
  const written = context.input.text('rules');
  if (written === undefined) return undefined;
  const { text, label } = await readRules(context, written);
  const { parseRules } = await import('@codepiper/daemon/policies/rules-text.ts');
  return parseRules(text, label);
}

/** Policies of a file that are to be made, with what options say of all of them. */
export async function readPolicies(context: Context, file: string, edit: Edit): Promise<CreatePolicy[]> {
  if (edit.name !== undefined) throw new UsageError('--name names one policy; a file has the names in it.');
  const { text, label } = await readNamed(context, file, '--file');
  const { parsePolicies } = await import('@codepiper/daemon/policies/rules-text.ts');
  const { policies } = parsePolicies(text, label);
  return policies.map((policy) => ({ ...policy, ...given(edit) }));
}

/** What a copy takes of a policy, before options change it. */
export function copyOf(policy: Policy): Pick<CreatePolicy, 'description' | 'priority' | 'rules' | 'scope'> {
  const { description, priority, rules, scope } = policy;
  return { description, priority, rules, ...(scope === 'session' ? {} : { scope }) };
}

/** The fields that were given. */
export function given<T extends object>(edit: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
