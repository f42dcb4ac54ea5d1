import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { AuditService, type NewDecision } from '../src/audit/audit.service.ts';
import { AuditStore } from '../src/audit/audit.store.ts';
import { loadAuditKey } from '../src/audit/audit-key.ts';
import { CheckpointFile, checkpointPath } from '../src/audit/checkpoints.ts';
import { type OpenDatabase, openDatabase } from '../src/db/open.ts';
import { createLedger, type Ledger } from '../src/events/ledger.ts';
import { silentLog } from '../src/log/log.ts';

/** An audit room with its own database, key and checkpoint file. */
export interface AuditHouse extends AsyncDisposable {
  readonly directory: string;
  readonly database: string;
  readonly key: string;
  readonly checkpoints: string;
  readonly open: OpenDatabase;
  readonly ledger: Ledger;
  readonly audit: AuditService;
  /** One entry in a transaction of its own. */
  add(entry?: Partial<NewDecision>): Promise<void>;
  /** Signs the end and closes; the files stay. */
  close(): Promise<void>;
}

const startedAt = Date.parse('2026-11-21T10:00:00.000Z');

export async function openAuditHouse(): Promise<AuditHouse> {
  const temp = await makeTempDir();
  const database = join(temp.path, 'codepiper.db');
  const key = join(temp.path, 'audit.key');
  let now = startedAt;
  const clock = { now: () => now++ };
  const open = await openDatabase(database, { log: silentLog, clock });
  const ledger = createLedger({ db: open.db, clock, log: silentLog });
  const checkpoints = checkpointPath(database);
  const audit = new AuditService({
    ledger,
    store: new AuditStore(open.db),
    key: loadAuditKey(key),
    checkpoints: new CheckpointFile(checkpoints),
    clock,
    log: silentLog,
  });
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await audit[Symbol.asyncDispose]();
    await open[Symbol.asyncDispose]();
  };
  return {
    directory: temp.path,
    database,
    key,
    checkpoints,
    open,
    ledger,
    audit,
    add: (entry = {}) => ledger.record((tx) => audit.append(tx, anEntry(entry))),
    close,
    async [Symbol.asyncDispose]() {
      await close();
      await temp[Symbol.asyncDispose]();
    },
  };
}

/** A denied `git push`. */
export function anEntry(over: Partial<NewDecision> = {}): NewDecision {
  const rule = { policyId: 'p1', policyName: 'careful', index: 2, reason: 'pushing is for people' };
  return {
    decision: 'deny',
    by: 'rule',
    reason: 'pushing is for people',
    session: { id: '3fa2b1c0-1111-4222-8333-444455556666', name: 'review', provider: 'claude-code' },
    tool: 'Bash',
    toolKind: 'shell',
    callId: 'call-1',
    input: { command: 'git push origin main', description: 'Push' },
    cwd: '/home/ada/app',
    rule,
    parts: [
      {
        kind: 'shell',
        text: 'git push origin main',
        action: 'deny',
        basis: 'rule',
        rule,
        why: 'a rule denies it',
      },
    ],
    latencyUs: 812,
    ...over,
  };
}
