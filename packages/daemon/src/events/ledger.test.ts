import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileOnce } from '../db/compiled.ts';
import type { TxNow } from '../db/now.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { silentLog } from '../log/log.ts';
import { createLedger, type Ledger, type NewEvent } from './ledger.ts';

let database: OpenDatabase;
let ledger: Ledger;
let now = Date.parse('2026-01-01T00:00:00.000Z');
let logged: unknown[];
const clock = { now: () => now };
beforeEach(async () => {
  logged = [];
  database = await openDatabase(':memory:', { log: silentLog, clock });
  const log = { ...silentLog, error: (...args: unknown[]) => void logged.push(args) };
  ledger = createLedger({ db: database.db, clock, log });
});
afterEach(() => database[Symbol.asyncDispose]());

const event = (type: string, more: Partial<NewEvent> = {}): NewEvent => ({
  sessionId: null,
  source: 'daemon',
  type,
  payload: {},
  ...more,
});
const record = (...events: NewEvent[]) => ledger.record(async (_tx, emit) => events.forEach(emit));
const types = (events: readonly LedgerEvent[]) => events.map((one) => one.type);

describe('record', () => {
  it('stores the change and its facts together, then tells listeners', async () => {
    const heard: LedgerEvent[] = [];
    ledger.listen((events) => heard.push(...events));
    now += 1;
    const result = await ledger.record(async (tx, emit) => {
      await tx.insertInto('trusted_directories').values({ path: '/p', provider: 'x', at: 1 }).execute();
      emit(event('a', { sessionId: 's', payload: { deep: ['ü', null] } }));
      emit(event('b'));
      expect(heard).toEqual([]);
      return 42;
    });
    expect(result).toBe(42);
    expect(heard).toEqual([
      {
        id: 1,
        sessionId: 's',
        timestamp: '2026-01-01T00:00:00.001Z',
        source: 'daemon',
        type: 'a',
        payload: { deep: ['ü', null] },
      },
      expect.objectContaining({ id: 2, sessionId: null, type: 'b' }),
    ]);
    expect(await ledger.since(0, 10)).toEqual(heard);
    expect(await database.db.selectFrom('trusted_directories').selectAll().execute()).toHaveLength(1);
  });

  it('undoes both when the work fails, and tells nobody', async () => {
    const heard: unknown[] = [];
    ledger.listen((events) => heard.push(events));
    const failing = ledger.record(async (tx, emit) => {
      await tx.insertInto('trusted_directories').values({ path: '/p', provider: 'x', at: 1 }).execute();
      emit(event('a'));
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    expect(await ledger.lastId()).toBe(0);
    expect(await database.db.selectFrom('trusted_directories').selectAll().execute()).toEqual([]);
    await record(event('b'));
    expect(heard).toHaveLength(1);
  });

  it('undoes the change when a fact cannot be stored', async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    await expect(record(event('a'), event('b', { payload: circle }))).rejects.toThrow('circular');
    expect(await ledger.lastId()).toBe(0);
    const heard: unknown[] = [];
    ledger.listen((events) => heard.push(events));
    await record(event('c'));
    expect(heard).toHaveLength(1);
  });

  it('tells of many at once in the order of their ids', async () => {
    const heard: number[] = [];
    ledger.listen((events) => heard.push(...events.map((one) => one.id)));
    await Promise.all(Array.from({ length: 100 }, (_, n) => record(event(`a${n}`), event(`b${n}`))));
    expect(heard).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
  });

  it('lets a listener record again', async () => {
    let follow: Promise<void> | undefined;
    ledger.listen((events) => {
      if (events[0]?.type === 'a') follow = record(event('b'));
    });
    await record(event('a'));
    await follow;
    expect(types(await ledger.since(0, 10))).toEqual(['a', 'b']);
  });

  it('stores a fact of one origin once', async () => {
    const take = () =>
      ledger.record(async (tx, emit) => {
        if (!(await ledger.knowsOrigin(tx, 'file-1'))) emit(event('a', { origin: 'file-1' }));
      });
    await Promise.all([take(), take(), take()]);
    expect(await ledger.lastId()).toBe(1);
    await expect(record(event('a', { origin: 'file-1' }))).rejects.toThrow('UNIQUE');
  });
});

describe('record at once', () => {
  const trust = compileOnce((db, { path }: { path: string }) =>
    db.insertInto('trusted_directories').values({ path, provider: 'x', at: 1 }),
  );
  const trusted = async () =>
    (await database.db.selectFrom('trusted_directories').select('path').execute()).map(({ path }) => path);

  it('has stored the change and its facts, and told listeners, when it returns', async () => {
    const heard: LedgerEvent[] = [];
    ledger.listen((events) => {
      expect(database.sqlite.inTransaction).toBe(false);
      heard.push(...events);
    });
    const recording = ledger.recordNow((tx, emit) => {
      trust.now(tx, { path: '/p' });
      emit(event('a', { sessionId: 's' }));
      emit(event('b'));
      expect(database.sqlite.inTransaction).toBe(true);
      return 42;
    });
    expect(types(heard)).toEqual(['a', 'b']);
    expect(database.sqlite.prepare('select path from trusted_directories').pluck().all()).toEqual(['/p']);
    expect(await recording).toBe(42);
    expect(await ledger.since(0, 10)).toEqual(heard);
  });

  it('undoes both when the work or a fact of it fails, and tells nobody', async () => {
    const heard: unknown[] = [];
    ledger.listen((events) => heard.push(events));
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const failing = ledger.recordNow((tx, emit) => {
      trust.now(tx, { path: '/p' });
      emit(event('a'));
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    const unstorable = ledger.recordNow((tx, emit) => {
      trust.now(tx, { path: '/q' });
      emit(event('b', { payload: circle }));
    });
    await expect(unstorable).rejects.toThrow('circular');
    expect(await trusted()).toEqual([]);
    expect(await ledger.lastId()).toBe(0);
    await ledger.recordNow((_tx, emit) => emit(event('c')));
    expect(heard).toHaveLength(1);
  });

  it('never becomes part of a transaction that is open: it has its turn behind it', async () => {
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const undone = ledger.record(async (tx, emit) => {
      await trust(tx, { path: '/undone' });
      emit(event('undone'));
      begun.resolve();
      await goOn.promise;
      throw new Error('on purpose');
    });
    await begun.promise;
    const order: string[] = [];
    const kept = ['/first', '/second'].map((path) =>
      ledger.recordNow((tx, emit) => {
        order.push(path);
        trust.now(tx, { path });
        emit(event(path));
      }),
    );
    const outside = trust(database.db, { path: '/outside' });
    expect(order).toEqual([]);
    goOn.resolve();
    await expect(undone).rejects.toThrow('on purpose');
    await Promise.all([...kept, outside]);
    expect(order).toEqual(['/first', '/second']);
    expect((await trusted()).sort()).toEqual(['/first', '/outside', '/second']);
    expect(types(await ledger.since(0, 10))).toEqual(['/first', '/second']);
  });

  it('keeps ids and announcements in one order with the transactions that wait', async () => {
    const heard: number[] = [];
    ledger.listen((events) => heard.push(...events.map(({ id }) => id)));
    const both = Array.from({ length: 30 }, (_, index) =>
      index % 3 === 0 ? ledger.recordNow((_tx, emit) => emit(event('now'))) : record(event('later')),
    );
    await Promise.all(both);
    expect(heard).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  });

  it('is over when it has returned', async () => {
    let kept: TxNow | null = null;
    await ledger.recordNow((tx) => {
      kept = tx;
    });
    expect(() => kept && trust.now(kept, { path: '/p' })).toThrow('the transaction is over');
  });

  it('says in words when another program holds the database', async () => {
    const heard: unknown[] = [];
    ledger.listen((events) => heard.push(events));
    const busy = Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
    const failing = ledger.recordNow(() => {
      throw busy;
    });
    await expect(failing).rejects.toMatchObject({ code: 'database_busy' });
    expect(heard).toEqual([]);
  });
});

describe('listen', () => {
  it('logs a listener that throws and goes on with the others', async () => {
    const heard: string[] = [];
    ledger.listen(() => {
      throw new Error('bad listener');
    });
    ledger.listen((events) => heard.push(...types(events)));
    await record(event('a'));
    expect(heard).toEqual(['a']);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject([{ err: new Error('bad listener') }, 'an event listener failed']);
  });

  it('ends with its disposer', async () => {
    const heard: unknown[] = [];
    const listener = (events: unknown) => heard.push(events);
    const stop = ledger.listen(listener);
    ledger.listen(listener);
    stop();
    await record(event('a'));
    expect(heard).toHaveLength(1);
  });
});

describe('list', () => {
  beforeEach(async () => {
    await record(
      event('a', { sessionId: 's' }),
      event('b', { sessionId: 't', source: 'hook' }),
      event('c', { sessionId: 's' }),
    );
    await record(event('a', { sessionId: 's', source: 'hook' }), event('e'));
  });

  it.each([
    [{}, [1, 2, 3, 4, 5], false],
    [{ sessionId: 's' }, [1, 3, 4], false],
    [{ source: 'hook' }, [2, 4], false],
    [{ type: 'a' }, [1, 4], false],
    [{ since: 2 }, [3, 4, 5], false],
    [{ before: 3 }, [1, 2], false],
    [{ since: 1, before: 5, limit: 2 }, [2, 3], true],
    [{ order: 'desc', limit: 2 }, [5, 4], true],
    [{ limit: 5 }, [1, 2, 3, 4, 5], false],
    [{ sessionId: 'nobody' }, [], false],
  ] as const)('%j gives %j', async (query, ids, hasMore) => {
    const page = await ledger.list(query);
    expect([page.events.map((one) => one.id), page.hasMore]).toEqual([ids, hasMore]);
  });

  it('has the last id, and 0 before the first', async () => {
    expect(await ledger.lastId()).toBe(5);
    await using empty = await openDatabase(':memory:', { log: silentLog, clock });
    expect(await createLedger({ db: empty.db, clock, log: silentLog }).lastId()).toBe(0);
  });
});
