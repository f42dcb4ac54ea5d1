import type { LintFinding } from '@codepiper/core/policies/policy.endpoints.ts';
import type { Policy, Rule, Scope } from '@codepiper/core/policies/policy.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { client } from '../../../api/client.ts';
import { sessionsQuery } from '../../../api/queries.ts';
import { nameOf } from '../../../api/session-words.ts';
import { wordsOf } from '../../../api/words-of.ts';
import { Badge } from '../../../kit/badge.tsx';
import { Button } from '../../../kit/button.tsx';
import { ConfirmDialog } from '../../../kit/dialog.tsx';
import { Field, Input, Select } from '../../../kit/field.tsx';
import { Section } from '../../../kit/page.tsx';
import { Switch } from '../../../kit/switch.tsx';
import { TryCall } from '../laboratory/try-call.tsx';
import { isReadOnly, policiesQuery, scopeWords, sourceWords } from '../policies-queries.ts';
import { beginWith, type Draft, draftOf, emptyDraft, useDraft } from './draft.ts';
import { Findings } from './findings.tsx';
import { FixedNote, InSets } from './policy-notes.tsx';
import { RulesEditor } from './rules-editor.tsx';
import { useReading } from './use-reading.ts';

interface Props {
  /** Null for a new one. */
  policy: Policy | null;
  /** What is wrong with it as it is stored, among the others. */
  findings: readonly LintFinding[];
  /** Its id, or undefined when it was removed. */
  onSaved(policy: string | undefined): void;
}

/** A policy to read, or to write: its rules as fields or text, what is wrong with them, and what they would say. */
export function PolicyEditor({ policy, findings, onSaved }: Props) {
  const queryClient = useQueryClient();
  const { data: sessions = [] } = useQuery(sessionsQuery);
  const stored = policy === null ? emptyDraft : draftOf(policy);
  const [draft, setDraft, forget] = useDraft(policy?.id ?? 'new', stored);
  const [isRemoving, setRemoving] = useState(false);
  const [text, setText] = useState<string | null>(null);
  const reading = useReading(text ?? draft.rules);
  const isFixed = policy !== null && isReadOnly(policy);
  const isChanged = policy === null || JSON.stringify(draft) !== JSON.stringify(stored);
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  // A text that can be read is the draft; one that cannot leaves it as it was.
  const [taken, setTaken] = useState<readonly Rule[]>([]);
  const isRead = text !== null && !reading.isReading && reading.rules.length > 0;
  if (isRead && reading.rules !== taken) {
    setTaken(reading.rules);
    if (JSON.stringify(reading.rules) !== JSON.stringify(draft.rules)) set({ rules: reading.rules });
  }

  const discard = () => {
    forget();
    setText(null);
  };

  const save = useMutation({
    mutationFn: async (written: Draft) => {
      const body = bodyOf(written);
      return policy === null
        ? client.request('POST', '/policies', { body })
        : client.request('PUT', '/policies/:id', { params: { id: policy.id }, body });
    },
    onSuccess: async ({ policy: saved }, written) => {
      await queryClient.invalidateQueries({ queryKey: policiesQuery.queryKey });
      forget(written);
      toast.success(`${saved.name} is saved: it holds from the next call.`);
      onSaved(saved.id);
    },
  });
  const remove = useMutation({
    mutationFn: (id: string) => client.request('DELETE', '/policies/:id', { params: { id } }),
    onSuccess: async () => {
      forget();
      await queryClient.invalidateQueries({ queryKey: policiesQuery.queryKey });
      onSaved(undefined);
    },
    onError: (error) => toast.error(wordsOf(error)),
    onSettled: () => setRemoving(false),
  });

  return (
    <form
      aria-label={policy?.name ?? 'New policy'}
      className="mx-auto flex max-w-4xl flex-col px-4 py-4 sm:px-6"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(draft);
      }}
    >
      <div className="mb-4 flex flex-wrap items-center gap-2">
        <h2 className="min-w-0 flex-1 font-semibold text-base">{policy?.name ?? 'New policy'}</h2>
        {policy && <Badge tone={isFixed ? 'quiet' : 'accent'}>{sourceWords[policy.source]}</Badge>}
      </div>
      {isFixed && (
        <FixedNote
          policy={policy}
          onCopy={() => {
            beginWith(policy);
            onSaved('new');
          }}
        />
      )}
      {policy?.scope === 'set' && <InSets policy={policy.id} />}
      {isFixed ? (
        <Fixed draft={draft} />
      ) : (
        <Section title="What it is">
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Name">
              {(props) => (
                <Input
                  {...props}
                  required
                  maxLength={100}
                  value={draft.name}
                  onChange={({ target }) => set({ name: target.value })}
                />
              )}
            </Field>
            <Field label="Priority" hint="Higher is asked first.">
              {(props) => (
                <Input
                  {...props}
                  type="number"
                  step={1}
                  min={-1_000_000}
                  max={1_000_000}
                  value={draft.priority}
                  onChange={({ target }) => set({ priority: Math.trunc(target.valueAsNumber) || 0 })}
                />
              )}
            </Field>
            <Field label="Description" className="sm:col-span-2">
              {(props) => (
                <Input
                  {...props}
                  maxLength={1000}
                  value={draft.description}
                  onChange={({ target }) => set({ description: target.value })}
                />
              )}
            </Field>
            <Field label="Where it holds">
              {(props) => (
                <Select
                  {...props}
                  value={draft.scope}
                  onChange={({ target }) => set({ scope: target.value as Scope })}
                >
                  {Object.entries(scopeWords).map(([scope, words]) => (
                    <option key={scope} value={scope}>
                      {words}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            {draft.scope === 'session' && (
              <Field label="Session">
                {(props) => (
                  <Select
                    {...props}
                    required
                    value={draft.sessionId}
                    onChange={({ target }) => set({ sessionId: target.value })}
                  >
                    <option value="">Choose one</option>
                    {sessions.map((session) => (
                      <option key={session.id} value={session.id}>
                        {nameOf(session)}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
            )}
          </div>
          <div className="mt-3">
            <Switch
              label="Enabled"
              hint="One that is off counts nowhere."
              checked={draft.enabled}
              onChange={(enabled) => set({ enabled })}
            />
          </div>
        </Section>
      )}
      <RulesEditor
        rules={draft.rules}
        text={text}
        onText={setText}
        isFixed={isFixed}
        problems={reading.problems}
        onChange={(rules) => set({ rules })}
      />
      <Findings
        problems={reading.problems}
        findings={isChanged ? reading.findings : merged(reading.findings, findings)}
        isReading={reading.isReading}
      />
      <Section
        title="Try it"
        hint="What would be said of a call, with this policy as it is above and all others as they are stored."
      >
        <TryCall
          draft={
            reading.problems.length > 0
              ? null
              : {
                  policies: [
                    {
                      ...(policy === null ? {} : { id: policy.id }),
                      name: draft.name.trim() || 'new policy',
                      enabled: draft.enabled,
                      priority: draft.priority,
                      scope: 'global',
                      rules: [...draft.rules],
                    },
                  ],
                }
          }
        />
      </Section>
      {!isFixed && (
        <footer className="sticky bottom-0 -mx-4 flex flex-wrap items-center gap-2 border-line border-t bg-ground px-4 py-3 sm:-mx-6 sm:px-6">
          {policy && (
            <Button tone="danger" onClick={() => setRemoving(true)}>
              Remove…
            </Button>
          )}
          <div role="alert" className="min-w-0 flex-1 text-gone text-sm">
            {save.error ? wordsOf(save.error) : null}
          </div>
          {isChanged && policy && <Button onClick={discard}>Discard changes</Button>}
          <Button
            type="submit"
            tone="primary"
            isBusy={save.isPending}
            disabled={
              !isChanged || draft.name.trim() === '' || reading.problems.length > 0 || reading.isReading
            }
          >
            {policy === null ? 'Create policy' : 'Save'}
          </Button>
        </footer>
      )}
      {policy && (
        <ConfirmDialog
          isOpen={isRemoving}
          title={`Remove ${policy.name}?`}
          description={`Its ${policy.rules.length} ${policy.rules.length === 1 ? 'rule is' : 'rules are'} gone, and it leaves its sets. Calls they spoke of are judged by the others from then on.`}
          action="Remove policy"
          isBusy={remove.isPending}
          onConfirm={() => remove.mutate(policy.id)}
          onClose={() => setRemoving(false)}
        />
      )}
    </form>
  );
}

/** What a policy is that cannot be changed: no fields, where nothing can be filled in. */
function Fixed({ draft: { description, priority, scope } }: { draft: Draft }) {
  return (
    <p className="mb-6 text-sm">
      {description}{' '}
      <span className="text-quiet">
        Priority {priority}. {scopeWords[scope]}.
      </span>
    </p>
  );
}

function bodyOf({ name, description, enabled, priority, scope, sessionId, rules }: Draft) {
  return {
    name,
    enabled,
    priority,
    scope,
    rules: [...rules],
    description: description.trim() === '' ? null : description,
    sessionId: scope === 'session' ? sessionId : null,
  };
}

/** Those of the policy alone, and those that come of the others. */
function merged(own: readonly LintFinding[], among: readonly LintFinding[]): LintFinding[] {
  const isNew = ({ kind, rule }: LintFinding) => !own.some((one) => one.kind === kind && one.rule === rule);
  return [...own, ...among.filter(isNew)];
}
