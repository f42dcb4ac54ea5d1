import type { Session } from '@codepiper/core/sessions/session.ts';
import type { Context } from '../context.ts';
import { age, clean, shortPath } from '../output.ts';
import { endText, statusColour, statusText } from '../session-text.ts';

export async function run(context: Context): Promise<void> {
  const { session } = await context
    .client()
    .request('GET', '/sessions/:id', { params: { id: context.input.required(0) } });
  context.print(session, () => describe(context, session));
}

function describe({ io, paint }: Context, session: Session): string {
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
    ['permission checks', security.dangerousMode ? 'off (started with --dangerous)' : null],
    ['arguments', launch.args.length === 0 ? null : JSON.stringify(launch.args)],
    ['environment', launch.envKeys.length === 0 ? null : launch.envKeys.join(' ')],
    ['conversation', providerSession.id],
    ['transcript', session.transcriptPath],
    ['queued texts', session.queued === 0 ? null : String(session.queued)],
    ['attach with', session.attachCommand],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => {
      const text = clean(value ?? '');
      const shown = name === 'status' ? paint(text, statusColour(session.status)) : text;
      return `${name.padEnd(width)}  ${shown}\n`;
    })
    .join('');
}
