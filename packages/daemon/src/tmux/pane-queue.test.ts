import { beforeEach, describe, expect, it } from 'vitest';
import { blankPane } from '../../test/blank-pane.ts';
import { PaneQueue } from './pane-queue.ts';
import type { PaneState } from './pane-state.ts';
import type { PaneEvent } from './tmux.ts';

let queue: PaneQueue;
let waits: number;
let told: string[];

beforeEach(() => {
  [waits, told] = [0, []];
  queue = new PaneQueue(
    () => undefined,
    () => waits++,
    () => undefined,
  );
});

const bytes = (text: string) => ({ type: 'bytes', bytes: Buffer.from(text) }) as const;
const take = (event: PaneEvent): void => {
  if (event.type === 'bytes') told.push(Buffer.from(event.bytes).toString());
  else told.push(event.type === 'resize' ? `${event.cols}x${event.rows}` : event.type);
};
const picture = (state: Promise<PaneState | null>) => ({ type: 'rebuilt', state }) as const;
const seen = () => picture(Promise.resolve(blankPane(80, 24)));

describe('a reader that takes each event', () => {
  it('is given it in the very turn, and what waits behind a picture once that is there', async () => {
    const later = Promise.withResolvers<PaneState>();
    const done = queue.each(take);
    queue.push(picture(later.promise));
    queue.push(bytes('a'));
    queue.push({ type: 'resize', cols: 80, rows: 24 });
    queue.push({ type: 'resize', cols: 90, rows: 24 });
    expect(told).toEqual([]);
    later.resolve(blankPane(80, 24));
    await later.promise;
    await new Promise(setImmediate);
    expect(told.splice(0)).toEqual(['rebuilt', 'a', '90x24']);
    queue.push(bytes('b'));
    expect(told).toEqual(['b']);
    queue.push({ type: 'ended' });
    queue.end();
    await done;
    expect(told).toEqual(['b', 'ended']);
  });

  it('is told of when it waits, as one that asks is', async () => {
    queue.push(seen());
    void queue.each(take);
    expect(waits).toBe(0);
    await new Promise(setImmediate);
    expect([told, waits]).toEqual([['rebuilt'], 1]);
  });

  it('is done when there will be no more', async () => {
    const done = queue.each(take);
    queue.end();
    await done;
    expect(told).toEqual([]);
  });

  it('may push while it takes', async () => {
    void queue.each((event) => {
      take(event);
      if (told.length < 3) queue.push(bytes('more'));
    });
    queue.push(seen());
    await new Promise(setImmediate);
    expect(told).toEqual(['rebuilt', 'more', 'more']);
  });

  it.each(['at a picture', 'at bytes'])('that throws %s gets nothing more', async (when) => {
    const done = queue.each((event) => {
      take(event);
      if (when === 'at a picture' || event.type === 'bytes') throw new Error('full');
    });
    queue.push(seen());
    queue.push(bytes('a'));
    await expect(done).rejects.toThrow('full');
    const count = told.length;
    queue.push(bytes('b'));
    queue.end();
    await new Promise(setImmediate);
    expect(told).toHaveLength(count);
  });
});
