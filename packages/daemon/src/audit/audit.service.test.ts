import { readFileSync, statSync } from 'node:fs';
import { canonicalJson } from '@codepiper/core/policies/canonical.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditHouse, anEntry, openAuditHouse } from '../../test/audit-house.ts';
import { sha256 } from './chain.ts';
import { verifyTrail } from './verify.ts';

let house: AuditHouse;
beforeEach(async () => {
  house = await openAuditHouse();
});
afterEach(async () => {
  await house[Symbol.asyncDispose]();
});

const all = { limit: 1000 };
const rows = () => house.open.sqlite.prepare('SELECT * FROM decisions ORDER BY seq').all() as Row[];
type Row = Record<string, unknown> & { seq: number; hash: string };
const checkpoints = () =>
  house.open.sqlite.prepare('SELECT seq FROM audit_checkpoints ORDER BY seq').pluck().all() as number[];

describe('append', () => {
  it('chains entries: each hash covers every other column and the hash before', async () => {
    await house.add();
    await house.add({ session: null, input: null, decision: 'change', by: 'user', who: 'cli', parts: [] });
    let before = '0'.repeat(64);
    for (const { hash, ...columns } of rows()) {
      expect(hash).toBe(sha256(before + canonicalJson(columns)));
      before = hash;
    }
    expect(rows().map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('keeps what the entry says', async () => {
    await house.add({ approvalId: 'a1' });
    const { decisions, hasMore } = await house.audit.list(all);
    expect(hasMore).toBe(false);
    expect(decisions).toEqual([
      expect.objectContaining({
        seq: 1,
        decision: 'deny',
        by: 'rule',
        who: null,
        sessionName: 'review',
        provider: 'claude-code',
        tool: 'Bash',
        toolKind: 'shell',
        callId: 'call-1',
        input: { command: 'git push origin main', description: 'Push' },
        inputHash: sha256('{"command":"git push origin main","description":"Push"}'),
        cwd: '/home/ada/app',
        rule: anEntry().rule,
        parts: anEntry().parts,
        approvalId: 'a1',
        latencyMs: 0.812,
      }),
    ]);
  });

  it('stays without gaps when transactions race and some are rolled back', async () => {
    const works = Array.from({ length: 60 }, (_, i) =>
      house.ledger.record(async (tx) => {
        await house.audit.append(tx, anEntry({ reason: `n ${i}` }));
        if (i % 3 === 0) await house.audit.append(tx, anEntry({ reason: `again ${i}` }));
        if (i % 4 === 0) throw new Error('taken back');
      }),
    );
    const settled = await Promise.allSettled(works);
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(15);
    const found = rows();
    expect(found.map(({ seq }) => seq)).toEqual(found.map((_, i) => i + 1));
    expect(found).toHaveLength(60);
    await house.close();
    expect(verifyTrail(house)).toMatchObject({ entries: 60, signedUpTo: 60, findings: [] });
  });

  it('bears texts that are no Unicode', async () => {
    await house.add({ reason: 'half \ud83d', tool: '\udc00', cwd: '/\ud800', input: { command: 'x\ud800' } });
    await house.close();
    expect(verifyTrail(house).findings).toEqual([]);
  });

  it('takes no change and no removal', async () => {
    await house.add();
    const run = (sql: string) => () => house.open.sqlite.exec(sql);
    expect(run(`UPDATE decisions SET reason = 'x'`)).toThrow(/only added to/);
    expect(run('DELETE FROM decisions')).toThrow(/only added to/);
  });
});

describe('list', () => {
  beforeEach(async () => {
    await house.add();
    await house.add({ decision: 'allow', tool: 'Write', toolKind: 'write' });
    await house.add({ session: null, decision: 'change', tool: null, toolKind: null });
  });
  const seqs = async (query: object) =>
    (await house.audit.list({ ...all, ...query })).decisions.map(({ seq }) => seq);

  it('filters, newest first', async () => {
    const second = (await house.audit.list(all)).decisions[1];
    expect(await seqs({})).toEqual([3, 2, 1]);
    expect(await seqs({ decision: 'allow' })).toEqual([2]);
    expect(await seqs({ tool: 'Bash' })).toEqual([1]);
    expect(await seqs({ tool: 'write' })).toEqual([2]);
    expect(await seqs({ sessionId: '3fa2b1c0-1111-4222-8333-444455556666' })).toEqual([2, 1]);
    expect(await seqs({ sessionId: 'nobody' })).toEqual([]);
    expect(await seqs({ before: 3 })).toEqual([2, 1]);
    expect(await seqs({ since: second?.at })).toEqual([3]);
    expect(await seqs({ until: second?.at })).toEqual([2, 1]);
    await house.add({ callId: 'call-2' });
    expect(await seqs({ callId: 'call-2' })).toEqual([4]);
  });

  it('says whether there is more', async () => {
    expect(await house.audit.list({ limit: 2 })).toMatchObject({ hasMore: true });
    expect(await house.audit.list({ limit: 3 })).toMatchObject({ hasMore: false });
  });
});

describe('decisionsSince', () => {
  const read = async (since: number | null, limit: number) => {
    const found: number[] = [];
    for await (const call of house.audit.decisionsSince(since, limit)) found.push(call.seq);
    return found;
  };

  it('gives the newest calls, oldest first, whatever the size of a piece', async () => {
    await house.ledger.record(async (tx) => {
      for (let i = 0; i < 1203; i++) {
        await house.audit.append(tx, anEntry(i === 600 ? { decision: 'change', input: null } : {}));
      }
    });
    const seqs = Array.from({ length: 1203 }, (_, i) => i + 1).filter((seq) => seq !== 601);
    expect(await read(null, 10_000)).toEqual(seqs);
    expect(await read(null, 3)).toEqual([1201, 1202, 1203]);
    const at = rows()[1199]?.at as number;
    expect(await read(at, 10_000)).toEqual([1201, 1202, 1203]);
    expect(await read(at + 1_000_000, 10)).toEqual([]);
  });

  it('gives what a judge needs', async () => {
    await house.add();
    for await (const call of house.audit.decisionsSince(null, 1)) {
      expect(call).toMatchObject({
        tool: 'Bash',
        toolKind: 'shell',
        cwd: '/home/ada/app',
        decision: 'deny',
        input: { command: 'git push origin main' },
        sessionId: '3fa2b1c0-1111-4222-8333-444455556666',
      });
    }
  });
});

describe('checkpoints', () => {
  it('come after a burst, without anybody asking', async () => {
    await house.add();
    await house.add();
    await waitFor('a checkpoint', () => checkpoints().length > 0);
    expect(checkpoints()).toEqual([2]);
    expect(JSON.parse(readFileSync(house.checkpoints, 'utf8'))).toMatchObject({ seq: 2 });
  });

  it('come at once when there are many entries', async () => {
    await house.ledger.record(async (tx) => {
      for (let i = 0; i < 300; i++) await house.audit.append(tx, anEntry());
    });
    await waitFor('a checkpoint', () => checkpoints().length > 0);
  });

  it('come at the end, once for one place', async () => {
    await house.add();
    await house.audit.sign();
    await house.audit.sign();
    expect(checkpoints()).toEqual([1]);
    await house.add();
    await house.close();
    expect(verifyTrail(house)).toMatchObject({ checkpoints: 2, signedUpTo: 2, findings: [] });
  });

  it('and the key are for their owner only', async () => {
    await house.add();
    await house.close();
    for (const file of [house.key, house.checkpoints]) expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
