import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { authStore } from '../../api/auth-store.ts';
import { client } from '../../api/client.ts';
import { Button } from '../../kit/button.tsx';
import { Code } from '../../kit/code.tsx';
import { CopyButton } from '../../kit/copy-button.tsx';
import { Field, Input } from '../../kit/field.tsx';
import { ErrorState, Skeleton } from '../../kit/states.tsx';
import { useStep } from './use-step.ts';

/** Ties an authenticator to the account, and proves that it works. There is no session before. */
export function EnrolStep({ onCodes }: { onCodes(codes: readonly string[]): void }) {
  const [code, setCode] = useState('');
  const { problem, isBusy, run } = useStep();
  const secret = useQuery({
    queryKey: ['auth', 'mfa-setup'],
    queryFn: () => client.request('POST', '/auth/mfa/setup'),
    gcTime: 0,
  });
  if (secret.error) return <ErrorState error={secret.error} onRetry={() => void secret.refetch()} />;
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void run(async () => {
          const { key, recoveryCodes } = await client.request('POST', '/auth/mfa/verify', {
            body: { totpCode: code },
          });
          if (recoveryCodes) onCodes(recoveryCodes);
          await authStore.signedIn(key);
        });
      }}
    >
      <p className="text-quiet text-sm">
        Scan this with your authenticator app, then enter the code it shows.
      </p>
      {secret.data ? (
        <>
          <img
            alt="QR code for your authenticator"
            className="mx-auto size-48 rounded-lg bg-white p-2"
            src={`data:image/svg+xml,${encodeURIComponent(secret.data.qrSvg)}`}
          />
          <div className="flex flex-col gap-1 text-sm">
            <span className="text-quiet">Or enter this key by hand:</span>
            <span className="flex items-center gap-2">
              <span className="break-all">
                <Code>{secret.data.secret}</Code>
              </span>
              <CopyButton text={secret.data.secret} label="Copy the key" />
            </span>
            <a className="text-accent underline" href={secret.data.otpauthUri}>
              Open in an app on this device
            </a>
          </div>
        </>
      ) : (
        <Skeleton className="mx-auto size-48" />
      )}
      <Field label="Code it shows" error={problem}>
        {(props) => (
          <Input
            {...props}
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            value={code}
            onChange={({ target }) => setCode(target.value)}
          />
        )}
      </Field>
      <Button type="submit" tone="primary" isBusy={isBusy} disabled={code === ''}>
        Finish
      </Button>
    </form>
  );
}
