import type { Session } from '@codepiper/core/sessions/session.ts';
import { useState } from 'react';
import { nameOf } from '../../../api/session-words.ts';
import { Button } from '../../../kit/button.tsx';
import { Dialog } from '../../../kit/dialog.tsx';
import { Field, Input, TextArea } from '../../../kit/field.tsx';
import type { SessionActions } from '../use-session-actions.ts';

interface Props {
  session: Session;
  actions: SessionActions;
  onClose(): void;
}

/** A new session that knows what this one knows. */
export function ForkDialog({ session, actions, onClose }: Props) {
  const [name, setName] = useState('');
  const [prompt, setPrompt] = useState('');
  const fork = () =>
    actions.fork({
      ...(name.trim() === '' ? {} : { name: name.trim() }),
      ...(prompt.trim() === '' ? {} : { prompt }),
    });
  return (
    <Dialog
      isOpen
      title={`Fork ${nameOf(session)}`}
      description="A new session in the same directory, from a copy of the conversation. This one stays as it is."
      onClose={onClose}
      footer={
        <Button tone="primary" type="submit" form="fork" isBusy={actions.busy === 'fork'}>
          Fork
        </Button>
      }
    >
      <form
        id="fork"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void fork();
        }}
      >
        <Field label="Name" hint="May be left empty.">
          {(props) => (
            <Input {...props} maxLength={80} value={name} onChange={({ target }) => setName(target.value)} />
          )}
        </Field>
        <Field label="First prompt" hint="May be left empty.">
          {(props) => (
            <TextArea {...props} value={prompt} onChange={({ target }) => setPrompt(target.value)} />
          )}
        </Field>
      </form>
    </Dialog>
  );
}
