import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotificationsHouse } from '../../test/notifications-house.ts';

let house: NotificationsHouse;
beforeEach(async () => {
  house = await NotificationsHouse.open();
});
afterEach(() => house[Symbol.asyncDispose]());

const busy = { status: 'running', activity: 'busy' } as const;
const idle = { status: 'running', activity: 'idle' } as const;
const kinds = async () => (await house.notifications()).map(({ eventType }) => eventType);

describe('a notification', () => {
  it('tells of an approval, and is settled by its answer', async () => {
    const session = await house.session({ name: 'review' });
    const approval = await house.ask(session, 'npm  test\n--all');
    expect(await house.notifications()).toEqual([
      expect.objectContaining({
        ...{ sessionId: session.id, sessionName: 'review', eventType: 'session.permission_required' },
        ...{ approvalId: approval, title: 'review needs permission', body: 'npm test …' },
        ...{ sound: 'knock', readAt: null, settledAt: null },
      }),
    ]);
    await house.rooms.answers.approve(approval, { grant: 'once' }, 'cli');
    await house.room.tick();
    const [settled] = await house.notifications();
    expect(settled).toMatchObject({ readSource: 'settled', settledAt: expect.any(String) });
    const events = await house.told();
    expect(events.map(({ type }) => type)).toEqual(['notification.created', 'notification.read']);
    expect(events[0]?.payload.notification).toMatchObject({ id: settled?.id, title: settled?.title });
    expect(events[1]?.payload).toEqual({ notifications: [settled?.id], by: 'settled' });
  });

  it('tells of a question as of an answer that is wanted', async () => {
    await house.ask(await house.session({ name: 'review' }), 'which?', 'question');
    expect(await house.notifications()).toMatchObject([
      { eventType: 'session.input_required', title: 'review needs an answer' },
    ]);
  });

  it('is not made of an approval that was settled before anybody could be told', async () => {
    const session = await house.session();
    await house.room[Symbol.asyncDispose]();
    const approval = await house.ask(session, 'npm test');
    await house.rooms.answers.approve(approval, { grant: 'once' }, 'cli');
    const waiting = await house.ask(session, 'npm publish');
    await house.restart();
    await house.room.tick();
    expect(await house.notifications()).toMatchObject([{ approvalId: waiting }]);
  });

  it('is made though what is old could not be tidied up', async () => {
    house.signInsFail = true;
    await expect(house.restart()).rejects.toThrow('full');
    house.signInsFail = false;
    const approval = await house.ask(await house.session(), 'npm test');
    expect(await house.notifications()).toMatchObject([{ approvalId: approval }]);
  });

  it('tells of a turn that is over, once, and not of what is no turn', async () => {
    const session = await house.session(idle);
    await house.state(session, busy);
    await house.state(session, { ...idle, detail: 'the turn is over' });
    expect(await house.notifications()).toMatchObject([
      { eventType: 'session.turn_completed', body: 'The turn is over.', readAt: null },
    ]);
    // It goes on: that it was done is old.
    await house.state(session, busy);
    expect(await house.notifications()).toMatchObject([{ readSource: 'settled' }]);
    await house.state(session, { ...idle, detail: 'the turn was interrupted' });
    await house.state(session, { status: 'needs_input', activity: null });
    await house.state(session, idle);
    expect(await kinds()).toEqual(['session.input_required', 'session.turn_completed']);
  });

  it('says why a turn failed', async () => {
    const session = await house.session(busy);
    await house.state(session, { ...idle, detail: 'the turn failed: overloaded' });
    expect(await house.notifications()).toMatchObject([{ body: 'the turn failed: overloaded' }]);
  });

  it('tells of a dialog on the screen until it is gone, and again of the next one', async () => {
    const session = await house.session(busy);
    const dialog = { status: 'needs_permission', activity: null, detail: 'trust the folder?' } as const;
    await house.state(session, dialog);
    expect(await house.notifications()).toMatchObject([{ body: 'trust the folder?', settledAt: null }]);
    await house.state(session, busy);
    expect(await house.notifications()).toMatchObject([{ settledAt: expect.any(String) }]);
    await house.state(session, dialog);
    expect(await kinds()).toEqual(['session.permission_required', 'session.permission_required']);
  });

  it('is one when both the screen and an approval ask', async () => {
    const session = await house.session(busy);
    await house.state(session, { status: 'needs_permission', activity: null });
    const approval = await house.ask(session, 'npm test');
    await house.state(session, { status: 'needs_permission', activity: null });
    const open = (await house.notifications()).filter(({ settledAt }) => settledAt === null);
    expect(open).toMatchObject([{ approvalId: approval }]);
  });

  it('tells of a crash, not of an end that was asked for, and settles what waited', async () => {
    const session = await house.session(busy);
    await house.ask(session, 'npm test');
    await house.fact(session, 'session.ended', {
      run: 1,
      status: 'crashed',
      exitCode: 137,
      signal: 'SIGKILL',
    });
    expect(await house.notifications()).toMatchObject([
      {
        eventType: 'session.crashed',
        body: 'The program was ended by SIGKILL.',
        sound: 'alarm',
        readAt: null,
      },
      { eventType: 'session.permission_required', settledAt: expect.any(String) },
    ]);
    const other = await house.session(busy);
    await house.fact(other, 'session.ended', { run: 1, status: 'stopped', exitCode: 0, signal: null });
    expect(await house.notifications()).toHaveLength(2);
  });

  it('goes with its session', async () => {
    const session = await house.session();
    await house.fact(session, 'session.ended', { run: 1, status: 'crashed', exitCode: 1 });
    await house.room.notifications.setPref(session.id, true);
    await house.fact(session, 'session.removed', {});
    expect(await house.notifications()).toEqual([]);
    expect(await house.room.notifications.pref(session.id)).toBeNull();
  });
});

describe('preferences', () => {
  const crash = { run: 1, status: 'crashed', exitCode: 1 };

  it('keep silent in general, of an event, or of a session; a session may want all', async () => {
    const session = await house.session();
    const other = await house.session();
    house.settings = { ...house.settings, events: { 'session.crashed': false } };
    await house.fact(session, 'session.ended', crash);
    expect(await house.notifications()).toEqual([]);
    await house.room.notifications.setPref(session.id, true);
    await house.fact(session, 'session.ended', crash);
    expect(await house.notifications()).toHaveLength(1);
    house.settings = { ...house.settings, events: {} };
    await house.room.notifications.setPref(other.id, false);
    await house.fact(other, 'session.ended', crash);
    expect(await house.notifications()).toHaveLength(1);
    await house.room.notifications.setPref(other.id, null);
    house.settings = { ...house.settings, enabled: false };
    await house.fact(other, 'session.ended', crash);
    await house.fact(session, 'session.ended', crash);
    expect(await house.notifications()).toHaveLength(1);
  });

  it('say what each sounds like', async () => {
    const session = await house.session();
    house.settings = { ...house.settings, soundMap: { 'session.crashed': 'ping' } };
    await house.fact(session, 'session.ended', crash);
    house.settings = { ...house.settings, sounds: false };
    await house.fact(session, 'session.ended', crash);
    expect((await house.notifications()).map(({ sound }) => sound)).toEqual(['none', 'ping']);
  });
});

describe('reading', () => {
  it('counts what is unread, and reads one, those of a session, or all', async () => {
    const [one, two] = [await house.session(), await house.session()];
    for (const session of [one, one, two, two]) {
      await house.fact(session, 'session.ended', { run: 1, status: 'crashed', exitCode: 1 });
    }
    const { notifications } = house.room;
    expect(await notifications.counts()).toEqual({
      totalUnread: 4,
      bySession: { [one.id]: 2, [two.id]: 2 },
    });
    const [newest] = await house.notifications();
    expect(await notifications.read(newest?.id ?? 0, 'click')).toMatchObject({ readSource: 'click' });
    expect(await notifications.read(newest?.id ?? 0, 'again')).toMatchObject({ readSource: 'click' });
    expect(await notifications.readAll(one.id, 'bulk')).toBe(2);
    expect(await notifications.counts()).toEqual({ totalUnread: 1, bySession: { [two.id]: 1 } });
    expect(await notifications.readAll(undefined, 'bulk')).toBe(1);
    await expect(notifications.read(99, 'click')).rejects.toMatchObject({ code: 'notification_not_found' });
    const { records, hasMore } = await notifications.list({ limit: 2, before: newest?.id });
    expect([records.length, hasMore]).toEqual([2, true]);
  });

  it('is done by looking at the session, for what was only told, until the page is silent', async () => {
    const session = await house.session(busy);
    const { notifications } = house.room;
    await house.ask(session, 'npm test');
    await house.fact(session, 'session.ended', { run: 1, status: 'crashed', exitCode: 1 });
    await notifications.look('page-0001', session.id);
    expect(await house.notifications()).toMatchObject([{ readSource: 'looking' }, { readSource: 'settled' }]);
    const other = await house.session(busy);
    await notifications.look('page-0001', other.id);
    await house.state(other, idle);
    expect((await house.notifications())[0]).toMatchObject({
      ...{ eventType: 'session.turn_completed', readSource: 'looking' },
    });
    await house.ask(other, 'npm test');
    expect((await house.notifications())[0]).toMatchObject({ readAt: null });
    await house.pass(61_000);
    await house.fact(other, 'session.ended', { run: 1, status: 'crashed', exitCode: 1 });
    expect((await house.notifications())[0]).toMatchObject({ eventType: 'session.crashed', readAt: null });
  });
});
