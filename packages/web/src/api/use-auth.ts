import { useSyncExternalStore } from 'react';
import { type AuthState, authStore } from './auth-store.ts';

/** How far this browser has got in signing in. */
export function useAuth(): AuthState {
  return useSyncExternalStore(authStore.subscribe, authStore.state);
}
