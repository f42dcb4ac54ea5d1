import type { PolicySet } from '@codepiper/core/policies/policy.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowDown, ArrowUp, X } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { client } from '../../../api/client.ts';
import { wordsOf } from '../../../api/words-of.ts';
import { Badge } from '../../../kit/badge.tsx';
import { Button, IconButton } from '../../../kit/button.tsx';
import { ConfirmDialog } from '../../../kit/dialog.tsx';
import { Field, Input, Select } from '../../../kit/field.tsx';
import { Section } from '../../../kit/page.tsx';
import { Switch } from '../../../kit/switch.tsx';
import { isReadOnly, policiesQuery, policySetsQuery, sourceWords } from '../policies-queries.ts';

interface Draft {
  name: string;
  description: string;
  isDefault: boolean;
  policyIds: readonly string[];
}

interface Props {
  /** Null for a new one. */
  set: PolicySet | null;
  /** Its id, or undefined when it was removed. */
  onSaved(set: string | undefined): void;
}

/** A set to read, or to write: its policies in their order, and whether new sessions get it. */
export function SetEditor({ set, onSaved }: Props) {
  const queryClient = useQueryClient();
  const { data: policies = [] } = useQuery(policiesQuery);
  const stored: Draft = set
    ? {
        name: set.name,
        description: set.description ?? '',
        isDefault: set.isDefault,
        policyIds: set.policyIds,
      }
    : { name: '', description: '', isDefault: false, policyIds: [] };
  const [edited, setEdited] = useState<Draft | null>(null);
  const [isRemoving, setRemoving] = useState(false);
  const draft = edited ?? stored;
  const change = (part: Partial<Draft>) => setEdited({ ...draft, ...part });
  const isFixed = set !== null && isReadOnly(set);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(stored);
  const names = new Map(policies.map(({ id, name }) => [id, name]));
  const others = policies.filter(({ id, scope }) => scope === 'set' && !draft.policyIds.includes(id));
  /** @param written what is stored now, or gone: what was written since stays */
  const done = async (id: string | undefined, written: Draft | null) => {
    await queryClient.invalidateQueries({ queryKey: policySetsQuery.queryKey });
    setEdited((now) => (now === written ? null : now));
    onSaved(id);
  };

  const save = useMutation({
    mutationFn: ({ name, isDefault, policyIds, description }: Draft) => {
      const body = {
        name,
        isDefault,
        policyIds: [...policyIds],
        description: description.trim() === '' ? null : description,
      };
      return set === null
        ? client.request('POST', '/policy-sets', { body })
        : client.request('PUT', '/policy-sets/:id', { params: { id: set.id }, body });
    },
    onSuccess: ({ policySet }, written) => {
      toast.success(`${policySet.name} is saved.`);
      return done(policySet.id, written);
    },
  });
  const remove = useMutation({
    mutationFn: (id: string) => client.request('DELETE', '/policy-sets/:id', { params: { id } }),
    onSuccess: () => done(undefined, edited),
    onError: (error) => toast.error(wordsOf(error)),
    onSettled: () => setRemoving(false),
  });
  const move = (at: number, to: number) => {
    const next = [...draft.policyIds];
    const [moved] = next.splice(at, 1);
    if (moved !== undefined) next.splice(to, 0, moved);
    change({ policyIds: next });
  };

  return (
    <form
      aria-label={set?.name ?? 'New set'}
      className="mx-auto flex max-w-4xl flex-col px-4 py-4 sm:px-6"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(draft);
      }}
    >
      <div className="mb-4 flex flex-wrap items-center gap-2">
        <h2 className="min-w-0 flex-1 font-semibold text-base">{set?.name ?? 'New set'}</h2>
        {set && <Badge tone={isFixed ? 'quiet' : 'accent'}>{sourceWords[set.source]}</Badge>}
      </div>
      <Section title="What it is">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Name">
            {(props) => (
              <Input
                {...props}
                required
                maxLength={100}
                disabled={isFixed}
                value={draft.name}
                onChange={({ target }) => change({ name: target.value })}
              />
            )}
          </Field>
          <Field label="Description">
            {(props) => (
              <Input
                {...props}
                maxLength={1000}
                disabled={isFixed}
                value={draft.description}
                onChange={({ target }) => change({ description: target.value })}
              />
            )}
          </Field>
        </div>
        <div className="mt-3">
          <Switch
            label="Default"
            hint="Every new session that names no set gets it; one set at most is it."
            checked={draft.isDefault}
            disabled={isFixed}
            onChange={(isDefault) => change({ isDefault })}
          />
        </div>
      </Section>
      <Section title="Policies" hint="Which is asked first is said by their priorities, not by this order.">
        {draft.policyIds.length === 0 ? (
          <p className="text-quiet text-sm">None yet: it changes nothing.</p>
        ) : (
          <ol className="flex flex-col gap-1">
            {draft.policyIds.map((id, at) => (
              <li
                key={id}
                className="flex min-h-10 items-center gap-1 rounded-md border border-line bg-ground pl-3 text-sm"
              >
                <Link
                  to="/policies"
                  search={{ tab: 'rules', policy: id }}
                  className="min-w-0 flex-1 truncate hover:underline"
                >
                  {names.get(id) ?? id}
                </Link>
                {!isFixed && (
                  <>
                    <IconButton
                      label={`Move ${names.get(id) ?? id} up`}
                      size="small"
                      disabled={at === 0}
                      onClick={() => move(at, at - 1)}
                    >
                      <ArrowUp aria-hidden="true" className="size-4" />
                    </IconButton>
                    <IconButton
                      label={`Move ${names.get(id) ?? id} down`}
                      size="small"
                      disabled={at === draft.policyIds.length - 1}
                      onClick={() => move(at, at + 1)}
                    >
                      <ArrowDown aria-hidden="true" className="size-4" />
                    </IconButton>
                    <IconButton
                      label={`Take ${names.get(id) ?? id} out`}
                      size="small"
                      onClick={() => change({ policyIds: draft.policyIds.filter((one) => one !== id) })}
                    >
                      <X aria-hidden="true" className="size-4" />
                    </IconButton>
                  </>
                )}
              </li>
            ))}
          </ol>
        )}
        {!isFixed && (
          <Field label="Put in" className="mt-3 sm:max-w-sm" hint="Policies that hold “In its sets”.">
            {(props) => (
              <Select
                {...props}
                value=""
                onChange={({ target }) => change({ policyIds: [...draft.policyIds, target.value] })}
              >
                <option value="">Choose a policy</option>
                {others.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        )}
      </Section>
      {!isFixed && (
        <footer className="sticky bottom-0 -mx-4 flex flex-wrap items-center gap-2 border-line border-t bg-ground px-4 py-3 sm:-mx-6 sm:px-6">
          {set && (
            <Button tone="danger" onClick={() => setRemoving(true)}>
              Remove…
            </Button>
          )}
          <div role="alert" className="min-w-0 flex-1 text-gone text-sm">
            {save.error ? wordsOf(save.error) : null}
          </div>
          {isChanged && set && <Button onClick={() => setEdited(null)}>Discard changes</Button>}
          <Button
            type="submit"
            tone="primary"
            isBusy={save.isPending}
            disabled={!isChanged || draft.name.trim() === ''}
          >
            {set === null ? 'Create set' : 'Save'}
          </Button>
        </footer>
      )}
      {set && (
        <ConfirmDialog
          isOpen={isRemoving}
          title={`Remove ${set.name}?`}
          description="Sessions that have it lose what its policies say. The policies stay."
          action="Remove set"
          isBusy={remove.isPending}
          onConfirm={() => remove.mutate(set.id)}
          onClose={() => setRemoving(false)}
        />
      )}
    </form>
  );
}
