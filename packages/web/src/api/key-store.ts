import { createStore, del, get, set } from 'idb-keyval';

/**
 * The half of a session that the page keeps: sent as `X-CodePiper-Key`, beside the cookie. The service worker reads it
 * too, and nothing else can: not a script of another port, not an address, not a log.
 */
const store = createStore('codepiper', 'keys');
const name = 'session';

/** What was read last; another tab may have signed in since. */
let known: Promise<string | null> | null = null;

export function loadKey(): Promise<string | null> {
  known ??= readKey();
  return known;
}

/** Looks again at what is stored: null when nothing is, or nothing can be. */
export function reloadKey(): Promise<string | null> {
  known = readKey();
  return known;
}

export async function saveKey(key: string): Promise<void> {
  known = Promise.resolve(key);
  await set(name, key, store);
}

export async function forgetKey(): Promise<void> {
  known = Promise.resolve(null);
  await del(name, store);
}

function readKey(): Promise<string | null> {
  return get<string>(name, store).then(
    (key) => key ?? null,
    () => null,
  );
}
