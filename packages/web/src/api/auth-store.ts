import { client } from './client.ts';
import { feed } from './feed.ts';
import { forgetKey, saveKey } from './key-store.ts';
import { whenSignedOut } from './transport.ts';

/** How far this browser has got; see `GET /auth/status`. `unknown` until that was answered. */
export interface AuthState {
  stage: 'unknown' | 'signed-out' | 'password' | 'full';
  setupRequired: boolean;
  mfaSetupRequired: boolean;
  hasPasskeys: boolean;
  /** Why it is not known. */
  problem: unknown;
}

const nobody: AuthState = {
  stage: 'unknown',
  setupRequired: false,
  mfaSetupRequired: false,
  hasPasskeys: false,
  problem: null,
};
const listeners = new Set<() => void>();
let state = nobody;

whenSignedOut(() => {
  if (state.stage !== 'full') return;
  change({ ...state, stage: 'signed-out' });
});

/** Who is signed in, for `useSyncExternalStore`. */
export const authStore = {
  state: (): AuthState => state,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Asks the daemon. */
  async refresh(): Promise<AuthState> {
    try {
      const { state: stage, ...rest } = await client.request('GET', '/auth/status');
      change({ stage, ...rest, problem: null });
    } catch (problem) {
      change({ ...state, problem });
    }
    return state;
  },
  /** A step of signing in gave a new key. */
  async signedIn(key: string): Promise<AuthState> {
    await saveKey(key);
    return authStore.refresh();
  },
  async signOut(): Promise<void> {
    await client.request('POST', '/auth/logout').catch(() => undefined);
    await forgetKey();
    await authStore.refresh();
  },
};

function change(next: AuthState): void {
  state = next;
  feed.enable(state.stage === 'full');
  for (const listener of listeners) listener();
}
