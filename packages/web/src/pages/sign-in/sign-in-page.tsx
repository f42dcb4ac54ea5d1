import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { authStore } from '../../api/auth-store.ts';
import { useAuth } from '../../api/use-auth.ts';
import { Code } from '../../kit/code.tsx';
import { useTitle } from '../../kit/page.tsx';
import { ErrorState, SkeletonRows } from '../../kit/states.tsx';
import { RecoveryCodes } from '../shared/recovery-codes.tsx';
import { CodeStep } from './code-step.tsx';
import { EnrolStep } from './enrol-step.tsx';
import { PasswordStep } from './password-step.tsx';

/** The door: password, second factor (which is set up the first time), and in. */
export function SignInPage() {
  const auth = useAuth();
  const navigate = useNavigate();
  const { to } = useSearch({ from: '/sign-in' });
  /** Shown once, after the second factor is set up. */
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  useTitle('Sign in');
  useEffect(() => {
    void authStore.refresh();
  }, []);
  const isIn = auth.stage === 'full' && codes === null;
  useEffect(() => {
    if (isIn) void navigate({ href: ownAddress(to), replace: true });
  }, [isIn, navigate, to]);

  if (codes !== null) {
    return (
      <Frame title="Keep these recovery codes">
        <RecoveryCodes codes={codes} action="To the dashboard" onDone={() => setCodes(null)} />
      </Frame>
    );
  }
  if (auth.stage === 'unknown') {
    return (
      <Frame title="Sign in">
        {auth.problem ? (
          <ErrorState error={auth.problem} onRetry={() => void authStore.refresh()} />
        ) : (
          <SkeletonRows rows={2} />
        )}
      </Frame>
    );
  }
  if (auth.setupRequired) {
    return (
      <Frame title="There is no account yet">
        <p className="text-quiet text-sm">
          Run <Code>codepiper auth reset-password --generate</Code> on the machine of the daemon. It prints
          the password to sign in with.
        </p>
      </Frame>
    );
  }
  if (auth.stage === 'signed-out') {
    return (
      <Frame title="Sign in">
        <PasswordStep hasPasskeys={auth.hasPasskeys} />
      </Frame>
    );
  }
  if (auth.mfaSetupRequired) {
    return (
      <Frame title="Set up your second factor">
        <EnrolStep onCodes={setCodes} />
      </Frame>
    );
  }
  return (
    <Frame title="Your second factor">
      <CodeStep />
    </Frame>
  );
}

/** Where to go once signed in: an address of ours, whoever wrote the link. */
function ownAddress(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])/.test(to) ? to : '/';
}

function Frame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="grid min-h-full place-items-center overflow-y-auto bg-ground px-4 py-10">
      <div className="w-full max-w-sm">
        <p className="mb-6 text-center font-semibold text-quiet tracking-tight">codepiper</p>
        <div className="rounded-xl border border-line bg-panel p-6">
          <h1 className="mb-4 font-semibold text-lg tracking-tight">{title}</h1>
          {children}
        </div>
      </div>
    </main>
  );
}
