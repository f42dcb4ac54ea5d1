import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  type LinkState,
  type SizeDecider,
  TerminalLink,
  type TerminalSize,
} from '@codepiper/client/terminal-link.ts';
import { TransportError } from '@codepiper/client/transport.ts';
import { CodepiperError, type ErrorCode, errorTable, exitCodes } from '@codepiper/core/errors.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import type { Context } from '../context.ts';
import { label, statusText } from '../session-text.ts';
import { LocalKeys } from './local-keys.ts';
import { type LocalTerminal, takeTerminal } from './local-terminal.ts';
import { historyLines, PaneView } from './pane-view.ts';
import { connectUnix } from './unix-web-socket.ts';

/** Escape is told from the beginning of a sequence by nothing following it for so long, in milliseconds. */
const escapeMs = 15;
/** How long a line for the person stays, in milliseconds. */
const noticeMs = 4_000;

export interface StreamOptions {
  isReadOnly: boolean;
  /** The size is taken also when another viewer decides it. */
  takesSize: boolean;
}

/** How it ended: `refusal` when the daemon did not let us, else why the person sees a shell again. */
type Outcome = { refusal: Error } | { code: number; said: 'detached' | 'ended' | 'nothing' };

/**
 * Shows the session on this terminal through the daemon's socket alone, until the person detaches or the session ends;
 * resolves to the exit code.
 *
 * @throws CodepiperError when the daemon refuses; TransportError when it cannot be reached to begin with
 */
export async function attachStream(
  context: Context,
  session: Session,
  options: StreamOptions,
): Promise<number> {
  const { io } = context;
  const outcome = await show(context, session, options);
  if ('refusal' in outcome) throw outcome.refusal;
  if (outcome.said === 'detached') io.out(`[detached from ${label(session)}]\n`);
  if (outcome.said === 'ended') {
    const { session: now } = await context
      .client()
      .request('GET', '/sessions/:id', { params: { id: session.id } });
    io.out(`[${label(now)}: ${statusText(now)}]\n`);
  }
  return outcome.code;
}

function show(
  context: Context,
  session: Session,
  { isReadOnly, takesSize }: StreamOptions,
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const socket = context.socket();
  const keys = new LocalKeys();
  let terminal: LocalTerminal | null = null;
  let size: (TerminalSize & { decides: SizeDecider }) | null = null;
  let isDown = false;
  let escapeTimer: NodeJS.Timeout | undefined;
  let noticeTimer: NodeJS.Timeout | undefined;

  const say = (text: string): void => {
    clearTimeout(noticeTimer);
    view.notice(text);
    noticeTimer = setTimeout(() => {
      if (!isDown) view.notice(null);
    }, noticeMs);
  };
  const take = (): void => {
    const { cols, rows } = terminal?.size ?? {};
    if (!isReadOnly && cols !== undefined && rows !== undefined) channel.takeSize(cols, rows);
  };
  const end = (outcome: Outcome): void => {
    clearTimeout(escapeTimer);
    clearTimeout(noticeTimer);
    link.close();
    view[Symbol.dispose]();
    terminal?.[Symbol.dispose]();
    terminal = null;
    resolve(outcome);
  };
  const handle = (inputs: ReturnType<LocalKeys['feed']>): void => {
    for (const input of inputs) {
      if (input.type === 'detach') end({ code: exitCodes.ok, said: 'detached' });
      else if (input.type === 'take') take();
      else if (!isReadOnly) {
        // Who types decides the size, unless somebody sits at the machine.
        if (size?.decides === 'other' && !isReport(input.bytes)) take();
        if (input.type === 'typed') channel.type(input.bytes);
        else channel.paste(Buffer.from(input.bytes).toString('utf8'));
      }
    }
  };

  const view = new PaneView({
    terminal: () => terminal,
    onReady: () => {
      if (terminal) return;
      terminal = takeTerminal({
        input: (bytes) => {
          clearTimeout(escapeTimer);
          handle(keys.feed(bytes));
          if (keys.isHolding) escapeTimer = setTimeout(() => handle(keys.flush()), escapeMs);
        },
        resized: () => {
          if (size?.decides !== 'other') take();
          view.repaint();
        },
        ending: (code) => end({ code, said: 'nothing' }),
        shownAgain: () => view.repaint(),
      });
      if (takesSize || size?.decides !== 'other') take();
      else tellSize();
    },
    onEnded: () => end({ code: exitCodes.ok, said: 'ended' }),
    onSize: (now) => {
      size = now;
      if (terminal) tellSize();
    },
    onProblem: ({ code, message }) => {
      if (channel.state === 'closed') end({ refusal: errorOf(code, message) });
      else say(message);
    },
  });
  /** Says who decides, where the pane is not what this terminal would make it. */
  const tellSize = (): void => {
    const here = terminal?.size;
    if (!size || !here || isDown) return;
    const { cols, rows, decides } = size;
    const isSame = cols === here.cols && rows === here.rows;
    if (isSame || decides === 'you' || decides === 'nobody') {
      view.notice(null);
      return;
    }
    const whose = decides === 'local' ? 'a terminal at the machine' : 'another viewer';
    const how = decides === 'local' || isReadOnly ? '' : ' Ctrl+B t takes it over.';
    say(`The session is ${cols}x${rows}: ${whose} decides the size.${how}`);
  };
  const link = new TerminalLink({
    connect: () =>
      connectUnix({
        socket,
        token: context.io.env.token,
        onRefused: (message) => end({ refusal: new CodepiperError('forbidden', message) }),
      }),
    clientId: randomUUID(),
    label: `${hostname()} (cli)`.slice(-60),
    onState: (state: LinkState, reason = '') => {
      isDown = state === 'reconnecting';
      if (isDown && !terminal) {
        end({ refusal: new TransportError('broken', `the live terminal at ${socket} broke: ${reason}`) });
      } else if (isDown) {
        clearTimeout(noticeTimer);
        view.notice(`No connection (${reason}): trying again. Ctrl+B d detaches.`);
      } else if (state === 'live') view.notice(null);
    },
  });
  const channel = link.open(session.id, view, {
    lines: historyLines,
    role: isReadOnly ? 'follow' : 'typist',
  });
  return promise;
}

/** Whether the terminal says something by itself: about its focus, or the mouse. */
function isReport(bytes: Uint8Array): boolean {
  return ['\x1b[I', '\x1b[O', '\x1b[<', '\x1b[M'].includes(Buffer.from(bytes).toString('latin1', 0, 3));
}

function errorOf(code: string, message: string): Error {
  return Object.hasOwn(errorTable, code)
    ? new CodepiperError(code as ErrorCode, message)
    : new Error(message);
}
