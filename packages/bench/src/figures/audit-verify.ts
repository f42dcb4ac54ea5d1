import { builtCli } from '@codepiper/testkit/house.ts';
import { fillAuditTrail } from '../audit-trail.ts';
import { buildHouse, timeNode } from '../bench-house.ts';
import type { Figure } from '../figure.ts';
import { measurePairs } from '../pairs.ts';

const entries = 1_000_000;
/** Each takes seconds. */
const mostRuns = 3;

/** Reads the same rows in the same order and chains SHA-256 over them, and looks at nothing. */
const chain = `
const { DatabaseSync } = require('node:sqlite');
const { hash } = require('node:crypto');
const rows = new DatabaseSync(process.argv[1], { readOnly: true }).prepare('SELECT * FROM decisions ORDER BY seq');
let before = '';
for (const row of rows.iterate()) before = hash('sha256', before + JSON.stringify(row));
`;

/** The whole command on an audit trail of a million entries, no daemon running. */
export const auditVerify: Figure = {
  name: 'audit-verify',
  async measure({ runs }) {
    await using house = await buildHouse();
    await house.start();
    await house.halt('SIGTERM');
    const database = fillAuditTrail(house, entries);
    const pairs = await measurePairs(
      Math.min(runs, mostRuns),
      () => timeNode([builtCli, 'audit', 'verify'], house.env),
      () => timeNode(['-e', chain, database], house.env),
      1,
    );
    return [
      {
        figure: 'codepiper audit verify (1 million entries)',
        ...pairs,
        floorOf: 'the rows read and hashed',
        unit: 'ms',
        target: { of: 'ours', max: 10_000 },
      },
    ];
  },
};
