import type { Policy, Rule, Scope } from '@codepiper/core/policies/policy.ts';
import { useEffect, useState } from 'react';

/** A policy as it is being written. */
export interface Draft {
  name: string;
  description: string;
  enabled: boolean;
  priority: number;
  scope: Scope;
  sessionId: string;
  rules: readonly Rule[];
}

export const emptyDraft: Draft = {
  name: '',
  description: '',
  enabled: true,
  priority: 10,
  scope: 'global',
  sessionId: '',
  rules: [{ action: 'ask', tool: 'shell', args: { command: 'git push*' } }],
};

export function draftOf({ name, description, enabled, priority, scope, sessionId, rules }: Policy): Draft {
  return {
    name,
    description: description ?? '',
    enabled,
    priority,
    scope,
    sessionId: sessionId ?? '',
    rules,
  };
}

const keyOf = (id: string) => `codepiper.draft.policy.${id}`;

/** Begins a new policy with what another one has. */
export function beginWith(policy: Policy): void {
  const copy: Draft = { ...draftOf(policy), name: `${policy.name} (copy)`, enabled: true };
  write('new', copy.scope === 'session' ? { ...copy, scope: 'global', sessionId: '' } : copy);
}

function write(id: string, draft: Draft | null): void {
  try {
    if (draft === null) localStorage.removeItem(keyOf(id));
    else localStorage.setItem(keyOf(id), JSON.stringify(draft));
  } catch {
    // A browser that keeps nothing still lets one write.
  }
}

/**
 * A draft that outlives a reload. What is stored meanwhile by others does not change it.
 *
 * `forget` goes back to what is stored; given the draft that was saved, only if nothing was written since.
 */
export function useDraft(
  id: string,
  stored: Draft,
): [Draft, (draft: Draft) => void, forget: (saved?: Draft) => void] {
  const [draft, setDraft] = useState<Draft | null>(() => read(id));
  useEffect(() => write(id, draft), [id, draft]);
  const forget = (saved?: Draft) => setDraft((now) => (saved === undefined || now === saved ? null : now));
  return [draft ?? stored, setDraft, forget];
}

function read(id: string): Draft | null {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(id)) ?? 'null') as Partial<Draft> | null;
    return Array.isArray(kept?.rules) ? { ...emptyDraft, ...kept } : null;
  } catch {
    return null;
  }
}
