import type { Session } from '@codepiper/core/sessions/session.ts';
import type { Context } from '../context.ts';
import { chosenSessions, forEach } from '../each.ts';
import { label, statusText } from '../session-text.ts';

export async function run(context: Context): Promise<number> {
  const timeoutMs = (context.input.number('timeout', 0, 600) ?? 10) * 1000;
  const refs = await chosenSessions(context, 'stop');
  const stop = (id: string): Promise<Session> =>
    context
      .client()
      .request('POST', '/sessions/:id/stop', {
        params: { id },
        body: { timeoutMs },
        timeoutMs: timeoutMs + 30_000,
      })
      .then(({ session }) => session);
  return context.during(
    'Stopping',
    forEach(context, refs, stop, (session) => `${label(session)}: ${statusText(session)}`),
  );
}
