import { setTimeout as sleep } from 'node:timers/promises';
import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { Rule } from '@codepiper/core/policies/policy.ts';
import type { Context } from '../context.ts';
import { explain } from '../explain.ts';
import { toJsonLine } from '../output.ts';
import { UsageError } from '../usage-error.ts';
import { ApprovalBoard, type BoardAction, deafMs, folded } from './board.ts';
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
  try {
    await readPending(context, options.session);
  } catch (error) {
    if (options.isPopup) {
      using screen = openScreen(io.out);
      await sayAndWait(context, screen, explain(error).message);
    }
    throw error;
  }
  if (!isTerminal) return printChanges(context, options);
  using screen = openScreen(io.out);
  await runBoard(context, screen, options);
}

/** Shows why there is no board until a key is pressed: tmux closes a popup as soon as its program ends. */
export async function sayAndWait({ io }: Context, screen: Screen, message: string): Promise<void> {
  const draw = () => {
    const lines = folded(clean(message), Math.max(1, screen.columns));
    screen.draw([...lines, '', 'Any key closes this.']);
  };
  draw();
  screen.onResize(draw);
  const openedAt = io.now();
  // What is typed as it opens was meant for what it covers.
  for await (const _key of screen.keys) if (io.now() - openedAt >= deafMs) return;
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
      board.break(reason);
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
  const propose = (rule: Rule | undefined) =>
    client.request('POST', '/approvals/:id/proposal', { params, body: { rule } });
  try {
    if (action.do === 'propose') board.propose(id, action.grant, await propose(undefined));
    else if (action.do === 'edit') {
      const rule = await screen.lend(() => editRule(context.io, action.rule));
      board.propose(id, action.grant, await propose(rule));
    } else if (action.do === 'deny') {
      await client.request('POST', '/approvals/:id/deny', { params, body: { reason: action.reason } });
      board.say(`${id.slice(0, 8)} denied`);
    } else {
      const body =
        action.do === 'keep'
          ? { grant: action.grant, rule: action.rule }
          : { grant: 'once' as const, answers: action.answers };
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
    io.out(isJson ? toJsonLine(approval) : `${line}\n`);
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
