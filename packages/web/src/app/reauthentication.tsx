import { useEffect, useState } from 'react';
import { client } from '../api/client.ts';
import { whenAsked } from '../api/reauthenticate.ts';
import { useAuth } from '../api/use-auth.ts';
import { wordsOf } from '../api/words-of.ts';
import { Button } from '../kit/button.tsx';
import { Dialog } from '../kit/dialog.tsx';
import { Field, Input } from '../kit/field.tsx';

interface Asked {
  settle(isProved: boolean): void;
}

/** Asks who is there before something dangerous, by a code or a passkey. */
export function Reauthentication() {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [code, setCode] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const { hasPasskeys } = useAuth();
  useEffect(() => {
    whenAsked(() => new Promise((resolve) => setAsked({ settle: resolve })));
  }, []);

  const end = (isProved: boolean) => {
    asked?.settle(isProved);
    setAsked(null);
    setCode('');
    setProblem(null);
  };
  const prove = async (how: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    try {
      await how();
      end(true);
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setBusy(false);
    }
  };
  const byCode = () =>
    prove(() => client.request('POST', '/auth/reauthenticate', { body: { totpCode: code } }));
  const byPasskey = () =>
    prove(async () => {
      const { askForPasskey } = await import('../pages/shared/passkey.ts');
      const { options } = await client.request('POST', '/auth/reauthenticate/options');
      const response = await askForPasskey(options);
      await client.request('POST', '/auth/reauthenticate', { body: { response } });
    });

  return (
    <Dialog
      isOpen={asked !== null}
      title="Confirm that it is you"
      description="This is dangerous. You will not be asked again for ten minutes."
      onClose={() => end(false)}
      footer={
        <>
          {hasPasskeys && (
            <Button isBusy={isBusy} onClick={() => void byPasskey()}>
              Use a passkey
            </Button>
          )}
          <Button tone="primary" form="reauthenticate" type="submit" isBusy={isBusy} disabled={code === ''}>
            Confirm
          </Button>
        </>
      }
    >
      <form
        id="reauthenticate"
        onSubmit={(event) => {
          event.preventDefault();
          void byCode();
        }}
      >
        <Field label="Code of your authenticator" error={problem}>
          {(props) => (
            <Input
              {...props}
              inputMode="numeric"
              autoComplete="one-time-code"
              value={code}
              onChange={({ target }) => setCode(target.value)}
            />
          )}
        </Field>
      </form>
    </Dialog>
  );
}
