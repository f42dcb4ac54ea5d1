import type { Context } from '../context.ts';

/** Words for completion: a daemon that is away or slow offers none, and says nothing. */
export async function run(context: Context): Promise<void> {
  if (context.input.required(0) !== 'sessions') return;
  try {
    const { sessions } = await context.client().request('GET', '/sessions', { timeoutMs: 2000 });
    const names = sessions.flatMap(({ name }) => (name !== null && /^[\w.@:+-]+$/.test(name) ? [name] : []));
    context.io.out([...names, ...sessions.map(({ id }) => id)].map((word) => `${word}\n`).join(''));
  } catch {
    // Nothing to offer.
  }
}
