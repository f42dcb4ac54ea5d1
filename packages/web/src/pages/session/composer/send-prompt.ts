import { withMentions } from '@codepiper/core/attachments/images.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { client } from '../../../api/client.ts';
import { queryClient } from '../../../api/query.ts';
import { keepSession } from '../use-session-actions.ts';

export interface Outgoing {
  text: string;
  /** How the prompt names its images. */
  mentions: readonly string[];
  /** The text is one of the agent's own slash commands. */
  isCommand: boolean;
  /** The same key is delivered once, however often it is sent. */
  key: string;
}

/** Whether a text reads as a slash command: one line that begins with one. */
export function readsAsCommand(text: string): boolean {
  return /^\/[A-Za-z0-9][\w:.-]*(?: [^\n]*)?$/.test(text.trimEnd());
}

/** Queues the prompt; a session that has ended begins again with it. */
export async function sendPrompt(
  session: Session,
  { text, mentions, isCommand, key }: Outgoing,
): Promise<void> {
  const params = { id: session.id };
  const whole = withMentions(text, mentions);
  if (session.status === 'stopped' || session.status === 'crashed') {
    const reply = await client.request('POST', '/sessions/:id/resume', { params, body: { prompt: whole } });
    keepSession(reply.session);
    return;
  }
  if (isCommand) {
    const [command = '', ...args] = text.trim().split(/\s+/);
    await client.request('POST', '/sessions/:id/slash', { params, body: { command, args } });
  } else {
    await client.request('POST', '/sessions/:id/send', {
      params,
      body: { text: whole, idempotencyKey: key },
    });
  }
  void queryClient.invalidateQueries({ queryKey: ['deliveries', session.id] });
}
