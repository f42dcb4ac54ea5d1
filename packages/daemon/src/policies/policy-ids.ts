import { randomBytes } from 'node:crypto';

/** What the ids of policies from the rules file begin with; nobody else's do. */
export const filePrefix = 'file:';

/** A name as part of an id; `policy` where nothing of it can be. */
export function slug(name: string): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return words === '' ? 'policy' : words;
}

/** An id made from a name, with enough chance in it to be free. */
export function makeId(name: string): string {
  return `${slug(name)}-${randomBytes(3).toString('hex')}`;
}

/** The policy a session has of its own. */
export const sessionPolicyId = (sessionId: string): string => `${sessionId}-policy`;
/** The policy with the rules that were kept from answers to approvals, of a session or of all. */
export const keptPolicyId = (sessionId: string | null): string =>
  sessionId === null ? 'approved-always' : `${sessionId}-approved`;
/** The policy that answers every question of a session with yes, for a time. */
export const trustPolicyId = (sessionId: string): string => `${sessionId}-trust`;
