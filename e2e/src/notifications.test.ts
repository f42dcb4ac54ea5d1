import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NotifyingHouse, openNotifyingHouse } from './notifying-house.ts';

let house: NotifyingHouse;
let at: NotifyingHouse['at'];
let service: NotifyingHouse['service'];
beforeAll(async () => {
  house = await openNotifyingHouse();
  ({ at, service } = house);
});
afterAll(() => house[Symbol.asyncDispose]());

describe('push messages', () => {
  it('reach a browser when a real agent asks and when its turn is over, and are taken back', async () => {
    const browser = await house.subscribe();
    const { id, project, approval } = await house.asks('asking', 'touch asked.txt');
    const shown = await waitFor('the message', () => service.messages(browser.id)[0]);
    expect(shown).toMatchObject({
      ...{ type: 'show', kind: 'session.permission_required', title: 'asking needs permission' },
      ...{ body: 'touch asked.txt', approvalId: approval.id, url: `/approvals/${approval.id}` },
    });
    expect((await at.owner.post(`/approvals/${approval.id}/approve`, {})).status).toBe(200);
    await waitFor('the file', () => existsSync(join(project, 'asked.txt')));
    const rest = await waitFor('the end of the turn', () => {
      const messages = service.messages(browser.id).slice(1);
      return messages.some(({ kind }) => kind === 'session.turn_completed') && messages;
    });
    expect(rest).toEqual([
      { type: 'close', tag: shown.tag },
      expect.objectContaining({ kind: 'session.turn_completed', title: 'asking is done' }),
    ]);
    expect((await house.notices(id)).map(({ eventType, readSource }) => [eventType, readSource])).toEqual([
      ['session.turn_completed', null],
      ['session.permission_required', 'settled'],
    ]);
    expect(service.complaints).toEqual([]);
    await at.house.run('kill', id);
  });

  it('tell once of a crash while the daemon was dead, also when it is killed again', async () => {
    const browser = await house.subscribe();
    const { id } = await at.house.create({
      ...{ provider: 'shell', name: 'doomed', args: ['sh', '-c', 'read line; exit 3'] },
    });
    await at.house.until(id, 'running', ({ status, pid }) => status === 'running' && pid !== null);
    const pane = await at.house.tmux('list-panes', '-t', `=codepiper-${id}`, '-F', '#{pane_id}');
    await at.house.halt();
    await at.house.tmux('send-keys', '-t', pane, 'Enter');
    await at.house.start();
    const message = await waitFor('the message', () => service.messages(browser.id)[0]);
    expect(message).toMatchObject({ kind: 'session.crashed', body: 'The program ended with status 3.' });
    const told = await house.notices(id);
    expect(told).toMatchObject([{ eventType: 'session.crashed', title: 'doomed has crashed', readAt: null }]);
    await at.house.halt();
    await at.house.start();
    expect(await house.notices(id)).toEqual(told);
  });

  it('are no longer sent to a device that was revoked', async () => {
    await house.subscribe();
    const { sessions } = (await at.owner.get('/auth/sessions')).body;
    const lost = at.visitor();
    const { password } = at;
    // The code of now may be used up.
    await lost.post('/auth/login', { password });
    expect((await lost.post('/auth/mfa/verify', { recoveryCode: at.recoveryCodes[0] })).status).toBe(200);
    const phone = service.subscribe();
    const body = { endpoint: phone.endpoint, keys: phone.keys };
    await lost.call('/api/notifications/push/subscriptions', { method: 'PUT', body });
    const after = (await at.owner.get('/auth/sessions')).body.sessions as { id: string }[];
    const known = new Set((sessions as { id: string }[]).map(({ id }) => id));
    const theirs = after.find(({ id }) => !known.has(id));
    await at.owner.call(`/api/auth/sessions/${theirs?.id}`, { method: 'DELETE' });
    await waitFor('it to be forgotten', async () => {
      const { subscriptions } = (await at.owner.get('/notifications/push/subscriptions')).body;
      return !subscriptions.some(({ endpoint }: { endpoint: string }) => endpoint === phone.endpoint);
    });
    const { results } = (await at.owner.post('/notifications/push/test', {})).body;
    expect(results.length).toBeGreaterThan(0);
    expect(service.messages(phone.id)).toEqual([]);
  });
});
