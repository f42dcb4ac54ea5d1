import { Outlet, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { authStore } from '../api/auth-store.ts';
import { followFacts } from '../api/query.ts';
import { useAuth } from '../api/use-auth.ts';
import { ErrorState } from '../kit/states.tsx';
import { Notifying } from '../notify/notifying.tsx';
import { Shell } from './shell.tsx';

/** Shows its pages to whoever is signed in; everybody else is led to the door and back. */
export function AuthGate() {
  const { stage, problem } = useAuth();
  const router = useRouter();
  useEffect(() => {
    void authStore.refresh();
  }, []);
  const isIn = stage === 'full';
  useEffect(() => {
    if (isIn) return followFacts();
  }, [isIn]);
  const isOut = stage === 'signed-out' || stage === 'password';
  useEffect(() => {
    if (!isOut) return;
    void router.navigate({ to: '/sign-in', search: { to: router.state.location.href }, replace: true });
  }, [isOut, router]);

  if (isIn) {
    return (
      <Notifying>
        <Shell>
          <Outlet />
        </Shell>
      </Notifying>
    );
  }
  if (problem) {
    return (
      <main className="grid h-full place-items-center">
        <ErrorState error={problem} onRetry={() => void authStore.refresh()} />
      </main>
    );
  }
  return null;
}
