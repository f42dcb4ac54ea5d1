import { setTimeout as sleep } from 'node:timers/promises';
import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { Context } from '../context.ts';
import { explain } from '../explain.ts';
import { UsageError } from '../usage-error.ts';
import { ApprovalBoard, type BoardAction } from './board.ts';
import { openScreen, type Screen } from './keyboard.ts';
import { editRule } from './rule.ts';
import { clean, outcomeText, sessionLabel, shortApproval } from './text.ts';

export interface WatchOptions {
  session: string | undefined;
  isPopup: boolean;
}

/** How long after the stream of events broke off it is asked for again, in milliseconds. */
const retryMs = 1_000;
/** Ages on the screen are redrawn so often, in milliseconds. */
const redrawMs = 1_000;
/** How long a popup with nothing to answer says so, in milliseconds. */
const emptyMs = 1_500;

/** Keeps what waits up to date until the person leaves; on a terminal with keys to answer it. */
export async function watchApprovals(context: Context, options: WatchOptions): Promise<void> {
  const { io, isJson } = context;
  const isTerminal = io.isTTY.stdin && io.isTTY.stdout && !isJson;
  if (options.isPopup && !isTerminal)
    throw new UsageError('--popup needs a terminal; see approvals --watch.');
  // Asked once before the screen is taken: what is wrong is said where it stays.
  await readPending(context, options.session);
  if (!isTerminal) return printChanges(context, options);
  using screen = openScreen(io.out);
  await runBoard(context, screen, options);
}

/** The board on a screen; tests hand in their own. */
export async function runBoard(context: Context, screen: Screen, options: WatchOptions): Promise<void> {
  const { io, paint } = context;
  const leaving = new AbortController();
  const board = new ApprovalBoard({ isPopup: options.isPopup, now: io.now });
  const draw = () => {
    const view = { paint, now: io.now(), userHome: io.env.userHome };
    screen.draw(board.view(screen.columns, screen.rows, view));
  };
  screen.onResize(draw);
  const ages = setInterval(draw, redrawMs);
  let hadSome = false;
  const follow = followPending(context, options.session, leaving.signal, {
    async show(approvals) {
      board.show(approvals);
      draw();
      hadSome ||= approvals.length > 0;
      if (!options.isPopup || approvals.length > 0) return;
      if (!hadSome) await sleep(emptyMs, undefined, { signal: leaving.signal }).catch(() => undefined);
      leaving.abort();
    },
    broken(reason) {
      board.say(reason);
      draw();
    },
  });
  const steer = async () => {
    for await (const key of screen.keys) {
      const action = board.press(key);
      if (action?.do === 'quit') return;
      if (action) await act(context, board, screen, action);
      draw();
    }
  };
  const left = new Promise<void>((resolve) => {
    leaving.signal.addEventListener('abort', () => resolve());
    io.gone.addEventListener('abort', () => resolve());
  });
  try {
    await Promise.race([steer(), left]);
  } finally {
    clearInterval(ages);
    leaving.abort();
    await follow;
  }
}

/** Does what the person wants; what goes wrong is said on the board. */
async function act(
  context: Context,
  board: ApprovalBoard,
  screen: Screen,
  action: Exclude<BoardAction, { do: 'quit' }>,
): Promise<void> {
  const client = context.client();
  const { id } = action;
  const params = { id };
  const propose = async (rule: Extract<BoardAction, { do: 'edit' }>['rule'] | undefined) =>
    board.propose(id, await client.request('POST', '/approvals/:id/proposal', { params, body: { rule } }));
  try {
    if (action.do === 'propose') await propose(action.rule);
    else if (action.do === 'edit') await propose(await screen.lend(() => editRule(context.io, action.rule)));
    else if (action.do === 'deny') {
      await client.request('POST', '/approvals/:id/deny', { params, body: { reason: action.reason } });
      board.say(`${id.slice(0, 8)} denied`);
    } else {
      const body =
        action.do === 'keep'
          ? { grant: 'always' as const, rule: action.rule }
          : { grant: action.grant, answers: action.answers };
      await client.request('POST', '/approvals/:id/approve', { params, body });
      board.say(`${id.slice(0, 8)} approved`);
    }
  } catch (error) {
    board.say(explain(error).message);
  }
}

interface Follower {
  show(approvals: readonly Approval[]): void | Promise<void>;
  broken(reason: string): void;
}

/** Reads what waits, and again at every event that may have changed it. */
async function followPending(
  context: Context,
  session: string | undefined,
  signal: AbortSignal,
  follower: Follower,
): Promise<void> {
  const ended = AbortSignal.any([signal, context.io.gone]);
  while (!ended.aborted) {
    try {
      const events = context.client().events({ signal: ended })[Symbol.asyncIterator]();
      // Asked for before the list is read: what changes in between is not missed.
      let next = events.next();
      next.catch(() => undefined);
      await follower.show(await readPending(context, session));
      for (let event = await next; !event.done; event = await next) {
        next = events.next();
        next.catch(() => undefined);
        if (event.value.source === 'approval') await follower.show(await readPending(context, session));
      }
    } catch (error) {
      if (ended.aborted) return;
      follower.broken(`${explain(error).message} Trying again.`);
    }
    await sleep(retryMs, undefined, { signal: ended }).catch(() => undefined);
  }
}

async function readPending(context: Context, session: string | undefined): Promise<Approval[]> {
  const { approvals } = await context
    .client()
    .request('GET', '/approvals', { query: { session, status: 'pending', limit: 1000 } });
  return approvals;
}

/** For pipes: each approval when it is asked, and when it is settled. */
async function printChanges(context: Context, { session }: WatchOptions): Promise<void> {
  const { io, isJson } = context;
  const print = (approval: Approval) => {
    const what = approval.status === 'pending' ? 'waits' : outcomeText(approval);
    const line = [shortApproval(approval), sessionLabel(approval), what, clean(approval.summary)].join('  ');
    io.out(isJson ? `${JSON.stringify(approval)}\n` : `${line}\n`);
  };
  let known: readonly Approval[] = [];
  await followPending(context, session, io.gone, {
    async show(approvals) {
      const gone = known.filter(({ id }) => approvals.every((approval) => approval.id !== id));
      const added = approvals.filter(({ id }) => known.every((approval) => approval.id !== id));
      known = approvals;
      for (const { id } of gone) {
        const { approval } = await context.client().request('GET', '/approvals/:id', { params: { id } });
        print(approval);
      }
      for (const approval of added) print(approval);
    },
    broken: (reason) => io.err(`${reason}\n`),
  });
}
