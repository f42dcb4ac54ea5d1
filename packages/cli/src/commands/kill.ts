import type { Session } from '@codepiper/core/sessions/session.ts';
import type { Context } from '../context.ts';
import { chosenSessions, forEach } from '../each.ts';
import { label, statusText } from '../session-text.ts';

export async function run(context: Context): Promise<number> {
  const refs = await chosenSessions(context, 'kill');
  const kill = (id: string): Promise<Session> =>
    context
      .client()
      .request('POST', '/sessions/:id/kill', { params: { id } })
      .then(({ session }) => session);
  return context.during(
    'Killing',
    forEach(context, refs, kill, (session) => `${label(session)}: ${statusText(session)}`),
  );
}
