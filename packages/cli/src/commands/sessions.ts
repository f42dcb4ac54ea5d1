import type { Session } from '@codepiper/core/sessions/session.ts';
import type { Context } from '../context.ts';
import { statusNames } from '../options.ts';
import { age, shortPath, table } from '../output.ts';
import { noteText, shortId, statusColour, statusText } from '../session-text.ts';

export async function run(context: Context): Promise<void> {
  const { input, io } = context;
  const { sessions } = await context.client().request('GET', '/sessions', {
    query: {
      provider: input.text('provider'),
      status: input.choice('status', statusNames),
      live: input.flag('live') ? 'true' : undefined,
    },
  });
  if (input.flag('quiet') && !context.isJson) io.out(sessions.map(({ id }) => `${id}\n`).join(''));
  else context.print(sessions, () => list(context, sessions));
}

/** Below this many columns id, name, status and directory are all there is room for. */
const roomForAll = 64;
const narrow: readonly number[] = [0, 1, 3, 4, 6];
/** Shown only where there is something to note. */
const noteColumn = 4;

function list(context: Context, sessions: readonly Session[]): string {
  const { io, input } = context;
  if (sessions.length === 0) {
    return io.isTTY.stdout ? 'No sessions. Start one: codepiper start -d <directory>\n' : '';
  }
  const isWide = input.flag('wide');
  const rows = sessions.map((session) => [
    shortId(session),
    session.name ?? '',
    session.provider,
    shortStatus(session),
    noteText(session),
    session.model ?? '',
    shortPath(session.cwd, io.env.userHome),
    age(session.createdAt, io.now()),
    ...(isWide ? [session.attachCommand ?? ''] : []),
  ]);
  const columns = [
    { title: 'ID' },
    { title: 'NAME', min: 8 },
    { title: 'PROVIDER', min: 5 },
    // What people look for is cut last; only where there is next to no room.
    { title: 'STATUS', min: (io.columns ?? roomForAll) < roomForAll ? 6 : 'needs permission'.length },
    { title: 'NOTE', min: 'dangerous,'.length },
    { title: 'MODEL', min: 6 },
    { title: 'DIRECTORY', min: 8 },
    { title: 'AGE' },
    ...(isWide ? [{ title: 'ATTACH WITH' }] : []),
  ];
  // The attach command is there to be copied: a wide table may be wider than the terminal.
  const width = isWide ? undefined : io.columns;
  const wanted = width !== undefined && width < roomForAll ? narrow : columns.map((_, i) => i);
  const hasNotes = rows.some((cells) => cells[noteColumn] !== '');
  const shown = hasNotes ? wanted : wanted.filter((i) => i !== noteColumn);
  const pick = <T>(cells: readonly T[]): T[] => cells.filter((_, i) => shown.includes(i));
  const colours = new Map(sessions.map((session) => [shortStatus(session), statusColour(session.status)]));
  return table(pick(columns), rows.map(pick), width, (text, column) => {
    if (shown[column] === noteColumn)
      return context.paint(text, text.startsWith('dangerous') ? 'red' : 'yellow');
    const name = shown[column] === 3 ? (colours.get(text) ?? 'dim') : undefined;
    return name ? context.paint(text, name) : text;
  });
}

/** A running agent is `busy` or `idle`: nobody has to be told that it runs. */
function shortStatus(session: Session): string {
  return session.activity ?? statusText(session);
}
