import type { Account } from '@codepiper/core/auth/auth.ts';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { authStore } from '../../api/auth-store.ts';
import { client } from '../../api/client.ts';
import { wordsOf } from '../../api/words-of.ts';
import { Badge } from '../../kit/badge.tsx';
import { Button } from '../../kit/button.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { Field, Input } from '../../kit/field.tsx';
import { Section } from '../../kit/page.tsx';
import { Ago } from '../../kit/time.tsx';

const empty = { currentPassword: '', newPassword: '', again: '' };

export function PasswordPart({ account }: { account: Account }) {
  const [isOpen, setOpen] = useState(false);
  const [draft, setDraft] = useState(empty);
  const close = () => {
    setOpen(false);
    setDraft(empty);
    change.reset();
  };
  const change = useMutation({
    mutationFn: async () => {
      const { again: _again, ...body } = draft;
      const { key } = await client.request('POST', '/auth/password', { body });
      await authStore.signedIn(key);
    },
    onSuccess: () => {
      toast('The password is changed. Other devices are signed out.');
      close();
    },
  });
  const differs = draft.again !== '' && draft.again !== draft.newPassword;
  const field = (name: keyof typeof empty, label: string, autoComplete: string, error?: string | false) => (
    <Field label={label} error={error}>
      {(props) => (
        <Input
          {...props}
          type="password"
          autoComplete={autoComplete}
          value={draft[name]}
          onChange={({ target }) => setDraft({ ...draft, [name]: target.value })}
        />
      )}
    </Field>
  );
  return (
    <Section
      title="Password"
      actions={
        <Button size="small" onClick={() => setOpen(true)}>
          Change
        </Button>
      }
    >
      <p className="flex flex-wrap items-center gap-2 text-sm">
        {account.passwordChangedAt && (
          <span>
            Changed <Ago time={account.passwordChangedAt} suffix=" ago" />
          </span>
        )}
        {account.isPasswordGenerated && <Badge tone="wait">still the one codepiper made</Badge>}
      </p>
      <Dialog
        isOpen={isOpen}
        title="Change the password"
        description="Other devices are signed out."
        onClose={close}
        footer={
          <Button
            tone="primary"
            type="submit"
            form="change-password"
            isBusy={change.isPending}
            disabled={differs || Object.values(draft).includes('')}
          >
            Change
          </Button>
        }
      >
        <form
          id="change-password"
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate();
          }}
        >
          <input type="text" name="username" autoComplete="username" value="owner" readOnly hidden />
          {field(
            'currentPassword',
            'Current password',
            'current-password',
            change.error ? wordsOf(change.error) : false,
          )}
          {field('newPassword', 'New password', 'new-password')}
          {field('again', 'New password again', 'new-password', differs && 'It is not the same.')}
        </form>
      </Dialog>
    </Section>
  );
}
