import { useState } from 'react';
import { authStore } from '../../api/auth-store.ts';
import { client } from '../../api/client.ts';
import { Button } from '../../kit/button.tsx';
import { Field, Input } from '../../kit/field.tsx';
import { useStep } from './use-step.ts';

export function PasswordStep({ hasPasskeys }: { hasPasskeys: boolean }) {
  const [password, setPassword] = useState('');
  const { problem, isBusy, run } = useStep();
  const byPasskey = () =>
    run(async () => {
      const { askForPasskey } = await import('../shared/passkey.ts');
      const { options } = await client.request('POST', '/auth/passkeys/login/options');
      const response = await askForPasskey(options);
      const { key } = await client.request('POST', '/auth/passkeys/login', { body: { response } });
      await authStore.signedIn(key);
    });
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void run(async () => {
          const { key } = await client.request('POST', '/auth/login', { body: { password } });
          await authStore.signedIn(key);
        });
      }}
    >
      {/* Password managers want to know whose it is; there is one owner. */}
      <input type="text" name="username" autoComplete="username" value="owner" readOnly hidden />
      <Field label="Password" error={problem}>
        {(props) => (
          <Input
            {...props}
            type="password"
            name="password"
            autoComplete="current-password"
            autoFocus
            value={password}
            onChange={({ target }) => setPassword(target.value)}
          />
        )}
      </Field>
      <Button type="submit" tone="primary" isBusy={isBusy} disabled={password === ''}>
        Continue
      </Button>
      {hasPasskeys && (
        <Button isBusy={isBusy} onClick={() => void byPasskey()}>
          Sign in with a passkey
        </Button>
      )}
    </form>
  );
}
