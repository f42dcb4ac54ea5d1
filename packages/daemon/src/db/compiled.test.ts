import { describe, expect, it } from 'vitest';
import { silentLog } from '../log/log.ts';
import { systemClock } from '../platform/clock.ts';
import { compileOnce } from './compiled.ts';
import { openDatabase } from './open.ts';

describe('a query that is compiled once', () => {
  it('binds the values of each call, and keeps those that are its own', async () => {
    await using database = await openDatabase(':memory:', { log: silentLog, clock: systemClock });
    let built = 0;
    const trust = compileOnce((db, { path, at }: { path: string; at: number }) => {
      built += 1;
      return db.insertInto('trusted_directories').values({ path, provider: 'codex', at });
    });
    const read = compileOnce((db, { path }: { path: string }) =>
      db
        .selectFrom('trusted_directories')
        .selectAll()
        .where('path', '=', path)
        .where('provider', '=', 'codex'),
    );
    await trust(database.db, { path: '/a', at: 1 });
    await trust(database.db, { path: '/b', at: 2 });
    expect(built).toBe(1);
    expect(await read(database.db, { path: '/b' })).toEqual([{ path: '/b', provider: 'codex', at: 2 }]);
    expect(await read(database.db, { path: '/a' })).toEqual([{ path: '/a', provider: 'codex', at: 1 }]);
    expect(await read(database.db, { path: '/c' })).toEqual([]);
  });

  it('runs in the transaction it is given', async () => {
    await using database = await openDatabase(':memory:', { log: silentLog, clock: systemClock });
    const trust = compileOnce((db, { path }: { path: string }) =>
      db.insertInto('trusted_directories').values({ path, provider: 'codex', at: 1 }),
    );
    const undone = database.db.transaction().execute(async (tx) => {
      await trust(tx, { path: '/a' });
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    expect(await database.db.selectFrom('trusted_directories').selectAll().execute()).toEqual([]);
  });
});
