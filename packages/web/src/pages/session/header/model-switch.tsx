import type { Session } from '@codepiper/core/sessions/session.ts';
import { useQuery } from '@tanstack/react-query';
import { ChevronDown } from 'lucide-react';
import { useState } from 'react';
import { sessionsQuery } from '../../../api/queries.ts';
import { Button } from '../../../kit/button.tsx';
import { Dialog } from '../../../kit/dialog.tsx';
import { Field, Input } from '../../../kit/field.tsx';
import type { SessionActions } from '../use-session-actions.ts';

interface Props {
  session: Session;
  isPossible: boolean;
  actions: SessionActions;
}

/** The model, and another one where the agent can change it while it runs. */
export function ModelSwitch({ session, isPossible, actions }: Props) {
  const [isOpen, setOpen] = useState(false);
  const { model, endedAt } = session;
  if (!isPossible || endedAt !== null) return model === null ? null : <span>{model}</span>;
  return (
    <>
      <button
        type="button"
        title="Switch the model"
        onClick={() => setOpen(true)}
        className="flex items-center gap-1 rounded hover:text-text pointer-coarse:h-9"
      >
        <span className="sr-only">Model: </span>
        {model ?? 'model'}
        <ChevronDown aria-hidden="true" className="size-3.5" />
      </button>
      {isOpen && <ModelDialog session={session} actions={actions} onClose={() => setOpen(false)} />}
    </>
  );
}

function ModelDialog({ session, actions, onClose }: Omit<Props, 'isPossible'> & { onClose(): void }) {
  const [model, setModel] = useState(session.model ?? '');
  const { data: sessions } = useQuery(sessionsQuery);
  const others = new Set(
    sessions?.filter(({ provider }) => provider === session.provider).flatMap((other) => other.model ?? []),
  );
  const save = async () => {
    if (await actions.setModel(model.trim())) onClose();
  };
  return (
    <Dialog
      isOpen
      title="Switch the model"
      description="Of this session only; your own default is untouched. The agent must be idle."
      onClose={onClose}
      footer={
        <Button
          tone="primary"
          type="submit"
          form="switch-model"
          isBusy={actions.busy === 'model'}
          disabled={model.trim() === '' || model === session.model}
        >
          Switch
        </Button>
      }
    >
      <form
        id="switch-model"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label="Model" hint="As the agent calls it.">
          {(props) => (
            <Input
              {...props}
              list="models"
              value={model}
              onFocus={({ target }) => target.select()}
              onChange={({ target }) => setModel(target.value)}
            />
          )}
        </Field>
        <datalist id="models">
          {[...others].map((other) => (
            <option key={other} value={other} />
          ))}
        </datalist>
      </form>
    </Dialog>
  );
}
