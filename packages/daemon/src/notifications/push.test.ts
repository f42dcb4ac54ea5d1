import { createECDH } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeFiles } from '@codepiper/core/paths.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotificationsHouse } from '../../test/notifications-house.ts';

let house: NotificationsHouse;
beforeEach(async () => {
  house = await NotificationsHouse.open();
});
afterEach(async () => {
  expect(house.service.complaints).toEqual([]);
  await house[Symbol.asyncDispose]();
});

const busy = { status: 'running', activity: 'busy' } as const;
const idle = { status: 'running', activity: 'idle' } as const;

describe('a push message', () => {
  it('reaches every browser, encrypted and signed, and is taken back by the answer', async () => {
    const session = await house.session({ name: 'review' });
    const [one, two] = [await house.subscribe(), await house.subscribe('phone')];
    const approval = await house.ask(session, 'npm test');
    const [notification] = await house.notifications();
    const shown = {
      ...{ type: 'show', id: notification?.id, kind: 'session.permission_required' },
      ...{ title: 'review needs permission', body: 'npm test', sound: 'knock' },
      ...{ tag: `approval-${approval}`, url: `/approvals/${approval}` },
      ...{ sessionId: session.id, approvalId: approval },
    };
    expect(house.service.messages(one.id)).toEqual([shown]);
    expect(house.service.messages(two.id)).toEqual([shown]);
    expect(house.service.received[0]).toMatchObject({
      ...{ urgency: 'high', ttl: 86_400, topic: approval.replaceAll('-', ''), subject: expect.any(String) },
      senderKey: house.room.push.status().publicKey,
    });
    await house.rooms.answers.deny(approval, undefined, 'cli');
    await house.room.tick();
    expect(house.service.messages(one.id).at(-1)).toEqual({ type: 'close', tag: `approval-${approval}` });
    expect(house.service.received).toHaveLength(4);
  });

  it('has no answers for a question', async () => {
    const browser = await house.subscribe();
    await house.ask(await house.session(), 'which?', 'question');
    expect(house.service.messages(browser.id)).toMatchObject([{ approvalId: null }]);
  });

  it('is never sent when what it says was over first', async () => {
    const browser = await house.subscribe();
    const session = await house.session(busy);
    await house.state(session, { status: 'needs_input', activity: null });
    await house.state(session, busy);
    await house.state(session, idle);
    await house.pass(2_000);
    // One tag for the session, and only what is true still.
    expect(house.service.messages(browser.id)).toMatchObject([{ kind: 'session.turn_completed' }]);
    await house.state(session, busy);
    await house.pass(2_000);
    expect(house.service.messages(browser.id).slice(1)).toEqual([
      { type: 'close', tag: `session-${session.id}` },
    ]);
  });

  it('keeps what is newer under the same tag when the older is taken back', async () => {
    const browser = await house.subscribe();
    const session = await house.session(busy);
    await house.state(session, idle);
    await house.pass(2_000);
    await house.fact(session, 'session.ended', { run: 1, status: 'crashed', exitCode: 1 });
    await house.pass(2_000);
    const [crashed, done] = await house.notifications();
    await house.room.notifications.read(done?.id ?? 0, 'click');
    await house.pass(2_000);
    expect(house.service.messages(browser.id)).toMatchObject([
      { kind: 'session.turn_completed' },
      { kind: 'session.crashed', id: crashed?.id },
    ]);
  });

  it('waits while somebody looks at the session, and is sent when they leave', async () => {
    const browser = await house.subscribe();
    const session = await house.session(busy);
    await house.room.notifications.look('page-0001', session.id);
    await house.ask(session, 'npm test');
    await house.pass(15_000);
    expect(house.service.requests).toBe(0);
    await house.room.notifications.look('page-0001', null);
    await house.pass(15_000);
    expect(house.service.messages(browser.id)).toMatchObject([{ kind: 'session.permission_required' }]);
    await house.room.notifications.look('page-0001', session.id);
    await house.fact(session, 'session.ended', { run: 1, status: 'crashed', exitCode: 1 });
    await house.pass(15_000);
    // The approval is over, and the crash was seen.
    expect(house.service.messages(browser.id).slice(1)).toMatchObject([{ type: 'close' }]);
  });

  it('is not sent when systems are not to be told', async () => {
    await house.subscribe();
    house.settings = { ...house.settings, system: false };
    await house.ask(await house.session(), 'npm test');
    expect(await house.notifications()).toHaveLength(1);
    expect(house.service.requests).toBe(0);
  });

  it('is tried again with growing delays, and not before the push service wants it', async () => {
    const browser = await house.subscribe();
    house.service.refuse(
      browser.id,
      { status: 500 },
      { status: 429, headers: { 'retry-after': '300' } },
      { status: 503 },
    );
    await house.ask(await house.session(), 'npm test');
    const requests: number[] = [];
    for (const seconds of [14, 1, 299, 1, 59, 1]) {
      await house.pass(seconds * 1000);
      requests.push(house.service.requests);
    }
    expect(requests).toEqual([1, 2, 2, 3, 3, 4]);
    expect(house.service.messages(browser.id)).toHaveLength(1);
    await house.pass(3_600_000);
    expect(house.service.requests).toBe(4);
  });

  it('is given up when it is not worth sending any more', async () => {
    const browser = await house.subscribe();
    house.service.refuse(browser.id, { status: 500 });
    await house.state(await house.session(busy), idle);
    await house.ask(await house.session(), 'npm test');
    await house.pass(25 * 3_600_000);
    expect(house.service.messages(browser.id)).toEqual([]);
  });

  it('is not repeated when the push service refuses it for good; the reason is shown', async () => {
    const browser = await house.subscribe();
    house.service.refuse(browser.id, { status: 403 });
    await house.ask(await house.session(), 'npm test');
    await house.pass(3_600_000);
    expect(house.service.requests).toBe(1);
    expect(await house.room.push.list(null)).toMatchObject([{ lastError: 'the push service answered 403' }]);
  });

  it('follows no redirection', async () => {
    const [browser, other] = [await house.subscribe(), await house.subscribe()];
    house.service.refuse(browser.id, { status: 307, headers: { location: other.endpoint } });
    await house.ask(await house.session(), 'npm test');
    expect(house.service.messages(other.id)).toHaveLength(1);
    expect(house.service.requests).toBe(2);
  });
});

describe('a browser', () => {
  it('that is no more is forgotten', async () => {
    const browser = await house.subscribe();
    house.service.forget(browser.id);
    await house.ask(await house.session(), 'npm test');
    expect(await house.room.push.list(null)).toEqual([]);
  });

  it('goes with the sign-in that subscribed it, also when that ended while no daemon ran', async () => {
    await house.subscribe('laptop');
    await house.subscribe('phone');
    const local = await house.subscribe(null);
    await house.signOut('laptop');
    const left = await house.room.push.list('phone');
    expect(left.map(({ isCurrent }) => isCurrent).sort()).toEqual([false, true]);
    house.signedIn.delete('phone');
    await house.restart();
    expect(await house.room.push.list(null)).toMatchObject([{ endpoint: local.endpoint }]);
  });

  it('whose sign-in ran out is not sent anything', async () => {
    await house.subscribe('phone');
    house.signedIn.delete('phone');
    await house.ask(await house.session(), 'npm test');
    expect(house.service.requests).toBe(0);
    expect(await house.room.push.list(null)).toEqual([]);
  });

  it('is one by its address; a new address takes the place of the old', async () => {
    const { endpoint, keys } = house.service.subscribe();
    const who = { device: 'Firefox on Linux', webSession: 'laptop' };
    await house.room.push.subscribe({ endpoint, keys }, who);
    await house.room.push.subscribe({ endpoint, keys }, who);
    const next = house.service.subscribe();
    await house.room.push.subscribe({ endpoint: next.endpoint, keys: next.keys, replaces: endpoint }, who);
    expect((await house.room.push.list(null)).map((each) => each.endpoint)).toEqual([next.endpoint]);
    expect(await house.room.push.unsubscribe(next.endpoint)).toBe(true);
    expect(await house.room.push.unsubscribe(next.endpoint)).toBe(false);
  });

  it.each([
    ['http://push.example.com/x', 'must be an https address'],
    ['https://ada:secret@push.example.com/x', 'must not have a user name'],
    ['https://10.0.0.7/x', 'inside of a private network'],
    ['https://169.254.169.254/latest', 'inside of a private network'],
    ['https://[fd00::1]/x', 'inside of a private network'],
    ['https://[::ffff:192.168.0.1]/x', 'inside of a private network'],
    ['ftp://127.0.0.1/x', 'must be an https address'],
  ])('is not taken at %s', async (endpoint, why) => {
    const { keys } = house.service.subscribe();
    await expect(
      house.room.push.subscribe({ endpoint, keys }, { device: 'x', webSession: null }),
    ).rejects.toMatchObject({ code: 'invalid_request', message: expect.stringContaining(why) });
  });

  it('is not taken with keys that nothing can be encrypted for', async () => {
    const { endpoint, keys } = house.service.subscribe();
    const other = Buffer.alloc(65, 4).toString('base64url');
    for (const wrong of [
      { ...keys, p256dh: other },
      { ...keys, auth: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    ]) {
      await expect(
        house.room.push.subscribe({ endpoint, keys: wrong }, { device: 'x', webSession: null }),
      ).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });

  it('can be sent a test, and says what became of it', async () => {
    const [one, two, gone] = [await house.subscribe(), await house.subscribe(), await house.subscribe()];
    house.service.forget(gone.id);
    house.service.refuse(two.id, { status: 500 });
    const message = { title: 'codepiper', body: 'hello', sessionId: null };
    expect((await house.room.push.test(message)).map(({ outcome }) => outcome).sort()).toEqual([
      'failed',
      'gone',
      'sent',
    ]);
    expect(house.service.messages(one.id)).toMatchObject([{ type: 'show', kind: 'test', body: 'hello' }]);
    expect(await house.room.push.test({ ...message, endpoint: one.endpoint })).toHaveLength(1);
  });
});

describe('the keys', () => {
  const reopen = async (change: Partial<NotificationsHouse['configuration']>) => {
    house.configuration = { enabled: true, publicKey: null, privateKey: null, subject: null, ...change };
    await house.restart();
    return house.room.push.status();
  };

  it('are made once, in a file that only its owner reads', async () => {
    const { publicKey } = house.room.push.status();
    const path = join(house.home, homeFiles.pushKey);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await reopen({})).toMatchObject({ enabled: true, configured: true, reasons: [], publicKey });
    const secret = readFileSync(path, 'utf8').trim();
    expect(JSON.stringify(house.room.push.status())).not.toContain(secret);
  });

  it('are those of the configuration, when they belong together', async () => {
    const pair = createECDH('prime256v1');
    pair.generateKeys();
    const publicKey = pair.getPublicKey('base64url');
    const privateKey = pair.getPrivateKey('base64url');
    const subject = 'mailto:ada@example.com';
    expect(await reopen({ publicKey, privateKey, subject })).toMatchObject({ enabled: true, publicKey });
    const browser = await house.subscribe();
    await house.ask(await house.session(), 'npm test');
    expect(house.service.received).toMatchObject([{ id: browser.id, subject, senderKey: publicKey }]);

    const alone = await reopen({ publicKey });
    expect(alone).toMatchObject({ enabled: false, configured: false, publicKey: null });
    expect(alone.reasons[0]).toContain('push.privateKey is missing');
    const strange = await reopen({ publicKey: house.service.subscribe().keys.p256dh, privateKey });
    expect(strange.reasons[0]).toContain('does not belong to');
    expect((await reopen({ publicKey, privateKey: 'AAAA' })).reasons[0]).toContain(
      'no private key of 32 bytes',
    );
    expect(await reopen({ enabled: false })).toMatchObject({ enabled: false, configured: true });
    await expect(house.subscribe()).rejects.toMatchObject({ code: 'push_unavailable' });
    await house.ask(await house.session(), 'npm test');
    expect(house.service.received).toHaveLength(1);
  });

  it('that are damaged are told of, and the daemon goes on', async () => {
    writeFileSync(join(house.home, homeFiles.pushKey), 'nonsense');
    const { configured, reasons } = await reopen({});
    expect([configured, reasons[0]]).toEqual([false, expect.stringContaining(homeFiles.pushKey)]);
  });

  it('that can be neither read nor made are told of, and the daemon goes on', async () => {
    const path = join(house.home, homeFiles.pushKey);
    rmSync(path);
    mkdirSync(path);
    const { configured, reasons } = await reopen({});
    expect([configured, reasons[0]]).toEqual([false, expect.stringContaining(`${path} cannot be used`)]);
  });
});
