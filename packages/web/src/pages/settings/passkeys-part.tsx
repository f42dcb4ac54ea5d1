import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { Button } from '../../kit/button.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { Field, Input } from '../../kit/field.tsx';
import { Section } from '../../kit/page.tsx';
import { Ago } from '../../kit/time.tsx';
import { passkeysQuery, useAccountAction } from './settings-queries.ts';

/** Passkeys: the quick way back in, by a finger or a face. */
export function PasskeysPart() {
  const { data } = useQuery(passkeysQuery);
  const [name, setName] = useState<string | null>(null);
  const add = useAccountAction(async (passkeyName: string) => {
    const { makePasskey } = await import('../shared/passkey.ts');
    const { options } = await client.request('POST', '/auth/passkeys/options');
    const response = await makePasskey(options);
    return client.request('POST', '/auth/passkeys', { body: { name: passkeyName, response } });
  });
  const remove = useAccountAction((id: string) =>
    client.request('DELETE', '/auth/passkeys/:id', { params: { id } }),
  );
  const isPossible = window.isSecureContext && 'PublicKeyCredential' in window;
  return (
    <Section
      title="Passkeys"
      hint={
        isPossible
          ? 'Sign in with a finger, a face or a security key. A passkey belongs to the address you see above.'
          : 'This address cannot have passkeys: they need HTTPS, or http://localhost.'
      }
      actions={
        <Button size="small" disabled={!isPossible} onClick={() => setName('')}>
          Add a passkey
        </Button>
      }
    >
      {data?.length === 0 && <p className="text-quiet text-sm">There are none.</p>}
      <ul className="divide-y divide-line">
        {data?.map((passkey) => (
          <li key={passkey.id} className="flex items-center gap-3 py-2.5">
            <div className="min-w-0 flex-1">
              <p className="truncate text-sm">{passkey.name}</p>
              <p className="text-quiet text-xs">
                on {passkey.host}
                {passkey.lastUsedAt && (
                  <>
                    {' · used '}
                    <Ago time={passkey.lastUsedAt} suffix=" ago" />
                  </>
                )}
              </p>
            </div>
            <Button
              size="small"
              tone="danger"
              aria-label={`Remove the passkey ${passkey.name}`}
              onClick={() => remove.mutate(passkey.id)}
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
      <Dialog
        isOpen={name !== null}
        title="Add a passkey"
        description="Your browser will ask for it next."
        onClose={() => setName(null)}
        footer={
          <Button
            tone="primary"
            type="submit"
            form="add-passkey"
            isBusy={add.isPending}
            disabled={!name?.trim()}
          >
            Continue
          </Button>
        }
      >
        <form
          id="add-passkey"
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate(name ?? '', { onSuccess: () => setName(null) });
          }}
        >
          <Field label="Its name" hint="So that you know it again: the device, or where it is kept.">
            {(props) => (
              <Input
                {...props}
                maxLength={80}
                value={name ?? ''}
                onChange={({ target }) => setName(target.value)}
              />
            )}
          </Field>
        </form>
      </Dialog>
    </Section>
  );
}
