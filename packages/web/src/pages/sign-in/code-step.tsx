import { useState } from 'react';
import { toast } from 'sonner';
import { authStore } from '../../api/auth-store.ts';
import { client } from '../../api/client.ts';
import { Button } from '../../kit/button.tsx';
import { Field, Input } from '../../kit/field.tsx';
import { useStep } from './use-step.ts';

/** A code of the authenticator; a recovery code for who has lost it. */
export function CodeStep() {
  const [isRecovery, setRecovery] = useState(false);
  const [code, setCode] = useState('');
  const { problem, isBusy, run } = useStep();
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void run(async () => {
          const body = isRecovery ? { recoveryCode: code } : { totpCode: code };
          const { key, recoveryCodesLeft } = await client.request('POST', '/auth/mfa/verify', { body });
          await authStore.signedIn(key);
          if (isRecovery)
            toast(`${recoveryCodesLeft} recovery codes are left. Settings → Security makes new ones.`);
        }).then(() => authStore.refresh());
      }}
    >
      <Field
        label={isRecovery ? 'Recovery code' : 'Code of your authenticator'}
        hint={isRecovery ? 'One of those you kept. Each works once.' : 'Six digits.'}
        error={problem}
      >
        {(props) => (
          <Input
            {...props}
            key={String(isRecovery)}
            name="code"
            inputMode={isRecovery ? 'text' : 'numeric'}
            autoComplete="one-time-code"
            autoFocus
            value={code}
            onChange={({ target }) => setCode(target.value)}
          />
        )}
      </Field>
      <Button type="submit" tone="primary" isBusy={isBusy} disabled={code === ''}>
        Sign in
      </Button>
      <Button
        tone="quiet"
        onClick={() => {
          setRecovery(!isRecovery);
          setCode('');
        }}
      >
        {isRecovery ? 'Use a code of the authenticator' : 'Use a recovery code'}
      </Button>
      <Button tone="quiet" onClick={() => void authStore.signOut()}>
        Start over
      </Button>
    </form>
  );
}
