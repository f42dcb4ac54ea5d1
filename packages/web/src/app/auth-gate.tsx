import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useSyncExternalStore } from 'react';
import { authStore } from '../api/auth-store.ts';
import { followFacts } from '../api/query.ts';
import { ErrorState } from '../kit/states.tsx';
import { Shell } from './shell.tsx';

export function useAuth() {
  return useSyncExternalStore(authStore.subscribe, authStore.state);
}

/** Shows its pages to whoever is signed in; everybody else is led to the door and back. */
export function AuthGate() {
  const { stage, problem } = useAuth();
  const navigate = useNavigate();
  const href = useRouterState({ select: ({ location }) => location.href });
  useEffect(() => {
    void authStore.refresh();
  }, []);
  const isIn = stage === 'full';
  useEffect(() => {
    if (isIn) return followFacts();
  }, [isIn]);
  const isOut = stage === 'signed-out' || stage === 'password';
  useEffect(() => {
    if (isOut) void navigate({ to: '/sign-in', search: { to: href }, replace: true });
  }, [isOut, href, navigate]);

  if (isIn) {
    return (
      <Shell>
        <Outlet />
      </Shell>
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
