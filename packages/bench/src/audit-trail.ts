import { createPrivateKey, hash as digest, type KeyObject, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { House } from '@codepiper/testkit/house.ts';

const entriesPerCheckpoint = 256;

/**
 * Fills the database of a house, whose daemon has made it and is gone, with a trail of so many entries. Written from
 * the format's description, not with the daemon's code.
 * @returns path of the database
 */
export function fillAuditTrail(house: House, count: number): string {
  const path = join(house.home, 'codepiper.db');
  const key = createPrivateKey(readFileSync(join(house.home, 'audit.key')));
  using database = new DatabaseSync(path);
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  const names = Object.keys(entry(0));
  const insert = database.prepare(
    `INSERT INTO decisions (${[...names, 'hash'].map((name) => `"${name}"`).join(', ')}) VALUES (${names.map(() => '?').join(', ')}, ?)`,
  );
  const check = database.prepare(
    'INSERT INTO audit_checkpoints (seq, hash, at, signature) VALUES (?, ?, ?, ?)',
  );
  const lines: string[] = [];
  let hash = '0'.repeat(64);
  for (let seq = 1; seq <= count; seq++) {
    const row = entry(seq);
    hash = digest('sha256', hash + JSON.stringify(row));
    insert.run(...Object.values(row), hash);
    if (seq % entriesPerCheckpoint !== 0 && seq !== count) continue;
    const checkpoint = signed(key, { seq, hash, at: row.at });
    check.run(checkpoint.seq, checkpoint.hash, checkpoint.at, checkpoint.signature);
    lines.push(`${JSON.stringify(checkpoint)}\n`);
  }
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  writeFileSync(`${path}.audit-checkpoints.jsonl`, lines.join(''));
  return path;
}

/** One entry of a usual kind; its names are in order. */
function entry(seq: number) {
  const command = `cd packages/daemon && pnpm vitest run src/file-${seq}.test.ts`;
  const rule = { policyId: 'careful', policyName: 'careful', index: 14, reason: null };
  const part = { kind: 'shell', action: 'allow', basis: 'rule', rule, why: 'a rule of careful allows it' };
  return {
    approval_id: null,
    at: 1_790_000_000_000 + seq,
    by: 'rule',
    call_id: `toolu_${String(seq).padStart(24, '0')}`,
    cwd: '/home/ada/projects/app',
    decision: 'allow',
    input: JSON.stringify({ command, description: 'Run the tests of the file' }),
    input_hash: digest('sha256', command),
    latency_us: 900,
    parts: JSON.stringify([{ ...part, text: command }]),
    provider: 'claude-code',
    reason: 'a rule of careful allows it',
    rule: JSON.stringify(rule),
    seq,
    session_id: '3fa2b1c0-1111-4222-8333-444455556666',
    session_name: 'review',
    tool: 'Bash',
    tool_kind: 'shell',
    who: null,
  };
}

function signed(key: KeyObject, body: { seq: number; hash: string; at: number }) {
  const text = `codepiper audit checkpoint\n${body.seq}\n${body.hash}\n${body.at}\n`;
  return { ...body, signature: sign(null, Buffer.from(text), key).toString('base64') };
}
