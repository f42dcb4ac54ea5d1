import { randomUUID } from 'node:crypto';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sessionRecord } from '../../test/session-record.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { createLedger, type Ledger } from '../events/ledger.ts';
import { silentLog } from '../log/log.ts';
import { systemClock } from '../platform/clock.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import { SessionsStore } from '../sessions/sessions.store.ts';
import type { PaneInfo, Tmux, TypeRequest, TypeResult } from '../tmux/tmux.ts';
import { DeliveriesService } from './deliveries.service.ts';
import { DeliveriesStore } from './deliveries.store.ts';
import { Typist } from './typist.ts';

const paneId = '%1';
const session = sessionRecord({ id: randomUUID() });

/** Long enough for several chunks. */
const longText = Array.from({ length: 40 }, (_, i) => `line ${i} of a long prompt`).join('\n');

let database: OpenDatabase;
let ledger: Ledger;
let sessions: SessionsStore;
let deliveries: DeliveriesService;
let typist: Typist;
let asked: TypeRequest[];
/** What tmux answers to each typing, in turn; then `typed`. */
let answers: (TypeResult | Error)[];
let mark: string;
/** Called at each typing. */
let whenTyped: (request: TypeRequest) => void;
let guarded: string[];
/** The screen before the typing and since. */
let before: string;
let after: string;
let looks: number;

const pane = (): PaneInfo => ({
  sessionName: `codepiper-${session.id}`,
  paneId,
  pid: 1,
  cols: 80,
  rows: 24,
  title: '',
  attached: false,
  home: '/home',
  typed: mark,
});

beforeEach(async () => {
  database = await openDatabase(':memory:', { log: silentLog, clock: systemClock });
  ledger = createLedger({ db: database.db, clock: systemClock, log: silentLog });
  sessions = new SessionsStore(database.db);
  await sessions.insert(session);
  [asked, answers, mark, guarded] = [[], [], '', []];
  [before, after, looks] = ['', '', 0];
  whenTyped = () => undefined;
  const tmux: Pick<Tmux, 'type' | 'listPanes' | 'capture' | 'takeKeptScreen'> = {
    type: async (request) => {
      asked.push(request);
      whenTyped(request);
      const answer = answers.shift() ?? 'typed';
      if (answer instanceof Error) throw answer;
      return answer;
    },
    listPanes: async () => [pane()],
    capture: async () => {
      looks++;
      return after;
    },
    takeKeptScreen: async () => before,
  };
  const store = new DeliveriesStore(database.db);
  typist = new Typist({
    store,
    deliveries: () => deliveries,
    sessions,
    panes: new Map([[session.id, { sessionId: session.id, run: 1, paneId, wrapperPid: 1 }]]),
    tmux: tmux as Tmux,
    log: silentLog,
    onGuarded: (id) => guarded.push(id),
  });
  deliveries = new DeliveriesService({
    ledger,
    store,
    sessions: {
      get: async () => session,
      requireLive: () => ({ record: session }),
    } as unknown as SessionsService,
    clock: systemClock,
    log: silentLog,
    preflight: () => undefined,
    wake: (id) => typist.wake(id),
  });
});
afterEach(async () => {
  await typist[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const send = (text: string) => deliveries.send(session.id, { kind: 'prompt', text, idempotencyKey: null });
const seen = (text: string) =>
  ledger
    .record((tx, emit) => deliveries.observeIn(tx, emit, session, [{ kind: 'prompt', text }], 'hook'))
    .then((ids) => deliveries.announce(ids));
const status = async (id: string) => (await deliveries.list(session.id, 10)).find((d) => d.id === id)?.status;

describe('a text on its way into the pane', () => {
  it('goes on behind the chunks that are in when its typing is cut off, and is never begun again', async () => {
    answers = [new CodepiperError('tmux_failed', 'the connection was lost')];
    const { id } = await send(longText);
    mark = `${id}:3`;
    await waitFor('a second attempt', () => asked.length === 2);
    expect(asked.map((request) => request.from)).toEqual([0, 3]);
    expect(asked[1]?.chunks).toEqual(asked[0]?.chunks);
    expect(asked[0]?.chunks.length).toBeGreaterThan(3);
    await seen(longText);
    await waitFor('the proof', async () => (await status(id)) === 'delivered');
  });

  it('is not typed again when the mark says that it is in', async () => {
    answers = [new CodepiperError('tmux_failed', 'the answer was lost')];
    const { id } = await send('one prompt');
    mark = id;
    await waitFor('the mark to be read', async () => (await status(id)) === 'typed');
    expect(asked).toHaveLength(1);
  });

  it('after a restart goes on by the mark of the pane', async () => {
    answers = ['guarded'];
    const { id } = await send(longText);
    await waitFor('the first attempt', () => asked.length === 1);
    mark = `${id}:2`;
    await typist.restore([pane()]);
    typist.wake(session.id);
    await waitFor('the next attempt', () => asked.length === 2);
    expect(asked[1]?.from).toBe(2);
  });

  it('goes on by what is in when it was cut off on its way to an image', async () => {
    const image = '@"/home/sessions/0f8f0000-0000-4000-8000-000000000001/images/a-1.png"';
    answers = [new CodepiperError('tmux_failed', 'the connection was lost')];
    const { id } = await send(`${longText} ${image}`);
    const goal = asked[0]?.chunks.length ?? 0;
    expect(goal).toBeGreaterThan(3);
    // As far as the image it would have been that many; the second step of it was the last.
    mark = `${id}:${goal}:2`;
    await waitFor('a second attempt', () => asked.length === 2);
    expect(asked[1]).toMatchObject({ from: 2, enter: false, chunks: { length: goal } });
  });

  it('waits until the agent has taken in an image before anything follows it, Enter least of all', async () => {
    const image = '@"/home/sessions/0f8f0000-0000-4000-8000-000000000001/images/a-1.png"';
    const rule = '─'.repeat(40);
    const composer = (text: string) => `${rule}\n❯ ${text}\n${rule}\n`;
    after = composer('look');
    const { id } = await send(`look ${image} ${image}`);
    await waitFor('three looks at the screen', () => looks > 3);
    expect(asked).toMatchObject([{ enter: false, mark: `${id}:2`, from: 0, chunks: { length: 2 } }]);
    after = composer('look [Image #4]');
    await waitFor('the second image', () => asked.length === 2);
    expect(asked[1]).toMatchObject({ enter: false, mark: `${id}:4`, from: 2, chunks: { length: 4 } });
    after = composer('look [Image #4] [Image #5]');
    await waitFor('the rest', () => asked.length === 3);
    expect(asked[2]).toMatchObject({ enter: true, mark: id, from: 4 });
    await seen('look [Image #4] [Image #5]');
    await waitFor('the proof', async () => (await status(id)) === 'delivered');
  });

  it('leaves the rest to the next daemon when this one stops before the image is taken in', async () => {
    after = `${'─'.repeat(40)}\n❯ look\n${'─'.repeat(40)}\n`;
    const { id } = await send('look @"/home/sessions/0f8f0000-0000-4000-8000-000000000001/images/a-1.png"');
    await waitFor('a look at the screen', () => looks > 0);
    await typist[Symbol.asyncDispose]();
    expect(asked).toMatchObject([{ enter: false, mark: `${id}:2` }]);
    expect(await status(id)).toBe('queued');
  });

  it('goes on behind an image that is in when a dialog came up', async () => {
    answers = ['typed', 'guarded'];
    after = `${'─'.repeat(40)}\n❯ [Image #1]\n${'─'.repeat(40)}\n`;
    const { id } = await send('@"/home/sessions/0f8f0000-0000-4000-8000-000000000001/images/a-1.png"');
    await waitFor('the word', () => guarded.length === 1);
    typist.wake(session.id);
    await waitFor('the rest', async () => (await status(id)) === 'typed');
    expect(asked.map(({ from, enter }) => [from, enter])).toEqual([
      [0, false],
      [1, true],
      [1, true],
    ]);
  });

  it('is stored, with its event, before it is typed', async () => {
    const stored: unknown[] = [];
    whenTyped = () => {
      const text = database.sqlite.prepare('select text, status from deliveries').get();
      const event = database.sqlite.prepare('select type from events').pluck().get();
      stored.push(text, event, database.sqlite.inTransaction);
    };
    await send('stored first');
    await waitFor('the typing', () => stored.length > 0);
    expect(stored).toEqual([{ text: 'stored first', status: 'queued' }, 'delivery.queued', false]);
  });

  it('is typed once, and in its turn, however many come at once', async () => {
    const texts = Array.from({ length: 8 }, (_, index) => `text ${index} of many`);
    whenTyped = (request) => void seen(request.chunks.join('\n'));
    // As the daemon does: who listens to the events wakes the typist too.
    ledger.listen((events) => {
      for (const { sessionId } of events) if (sessionId) typist.wake(sessionId);
    });
    const sent = await Promise.all(texts.map(send));
    for (const { id } of sent) await waitFor('the proof', async () => (await status(id)) === 'delivered');
    expect(asked.map((request) => request.mark)).toEqual(sent.map(({ id }) => id));
    expect(asked.map((request) => request.chunks.join('\n'))).toEqual(texts);
  });

  it('is typed once when it comes while the queue is being read', async () => {
    let meanwhile: Promise<unknown> | null = null;
    const read = sessions.getState.bind(sessions);
    vi.spyOn(sessions, 'getState').mockImplementationOnce((id) => {
      meanwhile = send('meanwhile');
      return read(id);
    });
    whenTyped = (request) => void seen(request.chunks.join('\n'));
    typist.wake(session.id);
    await waitFor('the text to come', () => meanwhile);
    const { id } = await send('after');
    await waitFor('the proof', async () => (await status(id)) === 'delivered');
    expect(asked.map((request) => request.chunks.join(''))).toEqual(['meanwhile', 'after']);
  });

  it('is not typed when it could not be stored', async () => {
    database.sqlite.exec(
      `create trigger full before insert on events begin select raise(abort, 'no room'); end`,
    );
    await expect(send('lost')).rejects.toThrow('no room');
    database.sqlite.exec('drop trigger full');
    await send('kept');
    await waitFor('the typing', () => asked.length > 0);
    expect(asked.map((request) => request.chunks.join(''))).toEqual(['kept']);
  });

  it('stays in the queue while the session is not ready, and can be withdrawn', async () => {
    await sessions.update(session.id, { activity: 'busy' }, 1);
    const withdrawn = await send('withdrawn');
    const waiting = await send('waiting');
    expect((await deliveries.cancel(session.id, withdrawn.id)).status).toBe('cancelled');
    expect(asked).toEqual([]);
    await sessions.update(session.id, { activity: 'idle' }, 1);
    typist.wake(session.id);
    await waitFor('the typing', async () => (await status(waiting.id)) === 'typed');
    expect(asked.map((request) => request.mark)).toEqual([waiting.id]);
  });

  it('waits behind a dialog, and says that one is up', async () => {
    answers = ['guarded'];
    const { id } = await send('not into a dialog');
    await waitFor('the word', () => guarded.length === 1);
    expect(await status(id)).toBe('queued');
    typist.wake(session.id);
    await waitFor('the typing', () => asked.length === 2);
  });

  it('keeps the next text back until the one before is proven', async () => {
    const first = await send('first');
    await send('second');
    await waitFor('the first to be typed', async () => (await status(first.id)) === 'typed');
    expect(asked).toHaveLength(1);
    await seen('first');
    await waitFor('the second', () => asked.length === 2);
  });

  it('is proven by its echo, not by the same text that stood there before', async () => {
    [before, after] = ['> ls\n', '> ls\n'];
    const { id } = await deliveries.send(session.id, { kind: 'draft', text: 'ls', idempotencyKey: null });
    await waitFor('the typing', async () => (await status(id)) === 'typed');
    expect(asked[0]?.keepScreen).toBeDefined();
    expect((await deliveries.outcome(id, 100)).outcome).toBe('accepted');
    after = '> ls\n> ls';
    expect((await deliveries.outcome(id, 10_000)).outcome).toBe('delivered');
  });

  it('is delivered, and says how, when the agent took it behind a draft that stood in its input', async () => {
    const { id } = await send('and this');
    await waitFor('the typing', async () => (await status(id)) === 'typed');
    await seen('something else entirely');
    await seen('and this, said by somebody else');
    expect(await status(id)).toBe('typed');
    await seen('half a thought and\n this');
    const [delivery] = await deliveries.list(session.id, 1);
    expect(delivery).toMatchObject({
      status: 'delivered',
      evidence: { detail: 'the agent took it together with other text that stood in its input' },
    });
  });

  it('is not proven by just any prompt when it is only white space', async () => {
    const { id } = await send('  ');
    await waitFor('the typing', async () => (await status(id)) === 'typed');
    await seen('something else entirely');
    expect(await status(id)).toBe('typed');
  });

  it('counts a proof that comes before the typing has returned', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const queued = await send('quick');
    deliveries.typing.add(queued.id);
    await seen('quick').then(resolve);
    await promise;
    expect(await status(queued.id)).toBe('delivered');
  });
});
