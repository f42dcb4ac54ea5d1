import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NotificationsHouse } from '../../test/notifications-house.ts';
import type { Ledger } from '../events/ledger.ts';

/** A daemon that dies at one of its transactions: in it, or right behind its commit. Nothing of it goes on after. */
class Mortal {
  #dies: { at: number; where: 'inside' | 'behind' } | null = null;
  #isDead = false;
  #count = 0;

  dieAt(at: number, where: 'inside' | 'behind'): void {
    this.#dies = { at: this.#count + at, where };
  }

  readonly wrap = (real: Ledger): Ledger => {
    this.#dies = null;
    this.#isDead = false;
    return {
      ...real,
      record: async (work) => {
        if (this.#isDead) throw new Error('dead');
        this.#count++;
        const isLast = this.#dies?.at === this.#count;
        if (isLast) this.#isDead = true;
        const isInside = isLast && this.#dies?.where === 'inside';
        const result = await real.record(async (tx, emit) => {
          const done = await work(tx, emit);
          if (isInside) throw new Error('died inside of the transaction');
          return done;
        });
        if (isLast) throw new Error('died behind the commit');
        return result;
      },
    };
  };
}

const step = fc.oneof(
  fc.record({ do: fc.constant('crash' as const), session: fc.nat(2) }),
  fc.record({ do: fc.constant('ask' as const), session: fc.nat(2) }),
  fc.record({ do: fc.constant('answer' as const) }),
  fc.record({ do: fc.constant('restart' as const) }),
  fc.record({
    do: fc.constant('die' as const),
    at: fc.integer({ min: 1, max: 3 }),
    where: fc.constantFrom('inside' as const, 'behind' as const),
  }),
  fc.record({ do: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 30 }) }),
);

it('makes exactly one notification of each fact, and says last what is true, whenever the daemon dies', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), async (steps) => {
      await using house = await NotificationsHouse.open();
      const mortal = new Mortal();
      house.wrapLedger = mortal.wrap;
      await house.restart();
      const browser = await house.subscribe(null);
      const sessions = [await house.session(), await house.session(), await house.session()];
      const sessionOf = (index: number) => sessions[index] ?? sessions[0] ?? expect.fail();
      for (const each of steps) {
        if (each.do === 'crash') {
          await house.fact(sessionOf(each.session), 'session.ended', {
            run: 0,
            status: 'crashed',
            exitCode: 1,
          });
        }
        if (each.do === 'ask') await house.ask(sessionOf(each.session), 'npm test');
        if (each.do === 'answer') {
          const [oldest] = await house.rooms.store.pending();
          if (oldest) await house.rooms.answers.deny(oldest.id, undefined, 'cli');
          await house.room.tick();
        }
        if (each.do === 'restart') await house.restart();
        if (each.do === 'die') mortal.dieAt(each.at, each.where);
        if (each.do === 'pass') await house.pass(each.seconds * 1000);
      }
      await house.restart();
      await house.room.tick();
      await house.pass(120_000);

      const all = await house.room.notifications.list({ limit: 200 });
      const crashes = all.records.filter(({ eventType }) => eventType === 'session.crashed').reverse();
      const facts = (await house.rooms.ledger.list({ type: 'session.ended', limit: 1000 })).events;
      expect(crashes.map(({ sourceEvent }) => sourceEvent)).toEqual(facts.map(({ id }) => id));

      const pending = (await house.rooms.store.pending()).map(({ id }) => id);
      const ofApprovals = all.records.filter(({ approvalId }) => approvalId !== null).reverse();
      expect(new Set(ofApprovals.map(({ approvalId }) => approvalId)).size).toBe(ofApprovals.length);
      const open = ofApprovals.filter(({ settledAt }) => settledAt === null);
      expect(open.map(({ approvalId }) => approvalId).sort()).toEqual(pending.sort());

      const created = (await house.told()).filter(({ type }) => type === 'notification.created');
      const told = created.map(({ payload }) => (payload.notification as { id: number }).id);
      expect(told).toEqual(all.records.map(({ id }) => id).reverse());

      const last = new Map(house.service.messages(browser.id).map((push) => [push.tag, push]));
      for (const { approvalId } of open) {
        expect(last.get(`approval-${approvalId}`)).toMatchObject({ type: 'show', approvalId });
      }
      for (const { approvalId } of ofApprovals.filter(({ settledAt }) => settledAt !== null)) {
        expect([undefined, 'close']).toContain(last.get(`approval-${approvalId}`)?.type);
      }
      for (const session of sessions) {
        const newest = crashes.findLast(({ sessionId }) => sessionId === session.id);
        if (newest) expect(last.get(`session-${session.id}`)).toMatchObject({ type: 'show', id: newest.id });
      }
      expect(house.service.complaints).toEqual([]);
    }),
    { numRuns: 25 },
  );
});
