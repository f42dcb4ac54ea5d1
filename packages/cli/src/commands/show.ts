import type { Approval } from '@codepiper/core/approvals/approval.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Recording } from '@codepiper/core/recordings/recording.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { clean as cleanApproval, shortApproval } from '../approvals/text.ts';
import type { Context } from '../context.ts';
import { age, clean, shortPath } from '../output.ts';
import { recordingText } from '../recordings/text.ts';
import { endText, statusColour, statusText } from '../session-text.ts';

export async function run(context: Context): Promise<void> {
  const client = context.client();
  const { session } = await client.request('GET', '/sessions/:id', {
    params: { id: context.input.required(0) },
  });
  const waiting = session.approvals > 0 && !context.isJson ? await readWaiting(context, session) : [];
  const recording = context.isJson ? null : await readRecording(context, session);
  context.print(session, () => describe(context, session, waiting, recording));
}

async function readWaiting(context: Context, { id }: Session): Promise<Approval[]> {
  const { approvals } = await context
    .client()
    .request('GET', '/approvals', { query: { session: id, status: 'pending' } });
  return approvals;
}

/** null from a daemon that is older than this command, as it may be until it is restarted. */
async function readRecording(context: Context, { id }: Session): Promise<Recording | null> {
  try {
    const reply = await context.client().request('GET', '/sessions/:id/recording', { params: { id } });
    return reply.recording;
  } catch (error) {
    if (error instanceof CodepiperError && error.code === 'not_found') return null;
    throw error;
  }
}

/** What waits for the person, each with the command that answers it. */
function waitingFacts(session: Session, waiting: readonly Approval[]): [string, string | null][] {
  return [
    ['approvals waiting', session.approvals === 0 ? null : String(session.approvals)],
    ...waiting.map((approval): [string, string] => {
      const id = shortApproval(approval);
      return ['', `codepiper approve ${id}  ${cleanApproval(approval.summary)}`];
    }),
  ];
}

function describe(
  { io, paint }: Context,
  session: Session,
  waiting: readonly Approval[],
  recording: Recording | null,
): string {
  const { launch, providerSession, security } = session.metadata;
  const ago = (iso: string) => `${iso} (${age(iso, io.now())} ago)`;
  const facts: [string, string | null][] = [
    ['id', session.id],
    ['name', session.name],
    ['provider', session.provider],
    ['status', statusText(session)],
    ['because', `${session.evidence.source}: ${session.evidence.detail}`],
    ['model', session.model],
    ['directory', shortPath(session.cwd, io.env.userHome)],
    ['created', ago(session.createdAt)],
    ['ended', session.endedAt && `${ago(session.endedAt)} ${endText(session)}`.trimEnd()],
    ['process', session.pid === null ? null : String(session.pid)],
    ['size', `${session.ptyCols}x${session.ptyRows}`],
    ['billing', launch.billingMode],
    ['policy sets', security.policySets.join(' ') || 'none'],
    ['policy default', security.policyDefault],
    ['dangerous', security.dangerousMode ? 'asks are answered yes; denials still hold' : null],
    ['host access', security.codexHostAccessProfileEnabled ? 'no sandbox; only rules hold it back' : null],
    ...waitingFacts(session, waiting),
    ['arguments', launch.args.length === 0 ? null : JSON.stringify(launch.args)],
    ['environment', launch.envKeys.length === 0 ? null : launch.envKeys.join(' ')],
    ['conversation', providerSession.id],
    ['transcript', session.transcriptPath],
    ['recording', recording && recordingText(recording)],
    ['queued texts', session.queued === 0 ? null : String(session.queued)],
    ['attach with', session.attachCommand],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => {
      const text = clean(value ?? '');
      const colour =
        name === 'status' ? statusColour(session.status) : name === 'dangerous' ? ('red' as const) : null;
      const shown = colour === null ? text : paint(text, colour);
      return `${name.padEnd(width)}  ${shown}\n`;
    })
    .join('');
}
