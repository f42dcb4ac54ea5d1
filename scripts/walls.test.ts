import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkWalls, type Violation, type WallsReport } from './walls.ts';

const root = resolve(import.meta.dirname, '..');
const forbidden: { name: string; from: { path: string }; to: { path: string } }[] = createRequire(
  import.meta.url,
)('../.dependency-cruiser.cjs').forbidden;

/** What plants import, so that none depends on what the tree happens to hold. */
const ground: Record<string, string> = {
  'packages/core/src/plant.ts': 'export const core = 1;',
  'packages/core/src/circle-b.ts': `import type { a } from './circle-a.ts';\nimport { a as value } from './circle-a.ts';\nexport const b: typeof a = value;`,
  'packages/core/src/type-circle-b.ts': `import type { a } from './type-circle-a.ts';\nexport const b: typeof a = 1;`,
  'packages/client/src/plant.ts': 'export const client = 1;',
  'packages/cli/src/plant.ts': 'export const cli = 1;',
  'packages/web/src/app/plant.ts': 'export const app = 1;',
  'packages/web/src/pages/settings/plant.ts': 'export const settings = 1;',
  'packages/testkit/src/plant.ts': 'export const testkit = 1;',
  'packages/daemon/src/plant.ts': 'export const daemon = 1;',
  'packages/daemon/src/sessions/plant.ts': 'export const sessions = 1;\nexport type Session = 1;',
  'packages/daemon/src/sessions/plant.table.ts': 'export type Row = 1;',
  'packages/daemon/src/approvals/plant.ts': 'export const approvals = 1;\nexport type Approval = 1;',
  'packages/daemon/src/jobs/plant.ts': 'export type Job = 1;',
  'packages/daemon/src/shares/plant.ts': 'export type Share = 1;',
};

/** A rule, the file that breaks it, and how. */
const plants: [rule: string, file: string, code: string][] = [
  ['no-circles', 'packages/core/src/circle-a.ts', `import { b } from './circle-b.ts';\nexport const a = b;`],
  ['no-unresolved', 'packages/core/src/lost.ts', `import '@codepiper/core/nowhere.ts';`],
  ['no-builtins-in-pure-packages', 'packages/core/src/reads.ts', `import 'node:fs';`],
  [
    'no-builtins-in-pure-packages',
    'packages/providers/src/reads.ts',
    `import type { Stats } from 'node:fs';\nexport type A = Stats;`,
  ],
  ['no-builtins-in-pure-packages', 'packages/client/src/reads.ts', `import 'node:net';`],
  ['core-stands-alone', 'packages/core/src/up.ts', `import '../../providers/src/plant.ts';`],
  ['core-stands-alone', 'packages/core/src/library.ts', `import '../../daemon/node_modules/fastify';`],
  ['providers-see-core', 'packages/providers/src/up.ts', `import '../../daemon/src/plant.ts';`],
  [
    'client-sees-core',
    'packages/client/src/up.ts',
    `import type { daemon } from '../../daemon/src/plant.ts';\nexport type A = typeof daemon;`,
  ],
  ['testkit-sees-core', 'packages/testkit/src/up.ts', `import '../../daemon/src/plant.ts';`],
  ['daemon-sees-core-and-providers', 'packages/daemon/src/up.ts', `import '../../client/src/plant.ts';`],
  [
    'web-sees-client-and-core',
    'packages/web/src/up.ts',
    `import type { daemon } from '../../daemon/src/plant.ts';\nexport type A = typeof daemon;`,
  ],
  ['web-pages-apart', 'packages/web/src/pages/fleet/side.ts', `import '../settings/plant.ts';`],
  ['web-looks-down', 'packages/web/src/api/up.ts', `import '../app/plant.ts';`],
  ['nobody-imports-cli', 'e2e/src/up.ts', `import '../../packages/cli/src/plant.ts';`],
  ['testkit-for-tests-only', 'packages/daemon/src/help.ts', `import '@codepiper/testkit/plant.ts';`],
  [
    'kysely-in-stores-only',
    'packages/daemon/src/sessions/sql.service.ts',
    `import type { Kysely } from 'kysely';\nexport type A = Kysely<object>;`,
  ],
  [
    'tables-are-types',
    'packages/daemon/src/sessions/runs.table.ts',
    `import { sql } from 'kysely';\nexport const a = sql;`,
  ],
  [
    'sqlite-behind-db',
    'packages/daemon/src/sessions/direct.store.ts',
    `import Database from 'better-sqlite3';\nexport const a = Database;`,
  ],
  [
    'rooms-meet-by-type',
    'packages/daemon/src/approvals/value.service.ts',
    `import { sessions } from '../sessions/plant.ts';\nexport const a = sessions;`,
  ],
  // A type import of the same file must not hide the value import beside it.
  [
    'rooms-meet-by-type',
    'packages/daemon/src/approvals/both.service.ts',
    `import type { Session } from '../sessions/plant.ts';\nimport { sessions } from '../sessions/plant.ts';\nexport const a: Session = sessions as Session;`,
  ],
  [
    'rooms-meet-by-type',
    'packages/daemon/src/approvals/mixed.service.ts',
    `import { type Session, sessions } from '../sessions/plant.ts';\nexport const a: Session = sessions as Session;`,
  ],
  [
    'daemon-ts-knows-every-room',
    'packages/daemon/src/second-root.ts',
    `import { sessions } from './sessions/plant.ts';\nexport const a = sessions;`,
  ],
  [
    'ground-floor-knows-no-room',
    'packages/daemon/src/tmux/up.ts',
    `import type { Session } from '../sessions/plant.ts';\nexport type A = Session;`,
  ],
  [
    'tables-meet-in-db',
    'packages/daemon/src/http/rows.ts',
    `import type { Row } from '../sessions/plant.table.ts';\nexport type A = Row;`,
  ],
  [
    'floor-1-looks-down',
    'packages/daemon/src/settings/up.ts',
    `import type { Session } from '../sessions/plant.ts';\nexport type A = Session;`,
  ],
  [
    'floor-2-looks-down',
    'packages/daemon/src/sessions/up.ts',
    `import type { Approval } from '../approvals/plant.ts';\nexport type A = Approval;`,
  ],
  [
    'floor-3-looks-down',
    'packages/daemon/src/hooks/up.ts',
    `import type { Job } from '../jobs/plant.ts';\nexport type A = Job;`,
  ],
  [
    'floor-4-looks-down',
    'packages/daemon/src/jobs/up.ts',
    `import type { Share } from '../shares/plant.ts';\nexport type A = Share;`,
  ],
];

/** What the walls must let through. */
const welcome: [what: string, file: string, code: string][] = [
  [
    'a circle of types is none when it runs',
    'packages/core/src/type-circle-a.ts',
    `import { b } from './type-circle-b.ts';\nexport const a: number = b;`,
  ],
  ['core uses zod', 'packages/core/src/fine.ts', `import * as z from 'zod';\nexport const a = z.string();`],
  [
    'providers use core by its name',
    'packages/providers/src/fine.ts',
    `import { core } from '@codepiper/core/plant.ts';\nexport const a = core;`,
  ],
  [
    'a store speaks Kysely',
    'packages/daemon/src/sessions/fine.store.ts',
    `import { sql } from 'kysely';\nexport const a = sql;`,
  ],
  [
    'a room uses the types of a lower one',
    'packages/daemon/src/approvals/fine.service.ts',
    `import type { Session } from '../sessions/plant.ts';\nexport type A = Session;`,
  ],
  [
    'a test uses testkit, another room and node:*',
    'packages/daemon/src/approvals/fine.test.ts',
    `import 'node:fs';\nimport '@codepiper/testkit/plant.ts';\nimport '../sessions/plant.ts';`,
  ],
  [
    'db sees row types',
    'packages/daemon/src/db/fine.ts',
    `import type { Row } from '../sessions/plant.table.ts';\nexport type A = Row;`,
  ],
  [
    'the platform folder opens the driver',
    'packages/daemon/src/platform/fine.ts',
    `import Database from 'better-sqlite3';\nexport const a = Database;`,
  ],
];

const notSource = new Set(['.types', 'dist', 'fixtures']);
let tree: string;
let report: WallsReport;

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'codepiper walls '));
  const copy = (path: string) =>
    cp(join(root, path), join(tree, path), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !notSource.has(basename(source)),
    });
  await copy('.dependency-cruiser.cjs');
  await symlink(join(root, 'node_modules'), join(tree, 'node_modules'));
  for (const name of await readdir(join(root, 'packages'))) await copy(join('packages', name));
  await copy('e2e');
  await mkdir(join(tree, 'scripts'));
  const files = [...Object.entries(ground), ...[...plants, ...welcome].map(([, file, code]) => [file, code])];
  for (const [file, code] of files as [string, string][]) {
    await mkdir(dirname(join(tree, file)), { recursive: true });
    await writeFile(join(tree, file), `${code}\n`);
  }
  report = await checkWalls(tree);
}, 60_000);

afterAll(() => rm(tree, { recursive: true, force: true }));

const brokenBy = (file: string): string[] =>
  report.violations
    .filter((violation: Violation) => violation.from === file)
    .map((violation) => violation.rule);

describe('the walls', () => {
  test.each(plants)('%s stops %s', (rule, file) => {
    expect(brokenBy(file)).toContain(rule);
  });

  test.each(welcome)('%s', (_what, file) => {
    expect(brokenBy(file)).toEqual([]);
  });

  test('each was seen to fail', () => {
    const planted = plants.map(([rule]) => rule);
    expect(forbidden.map((rule) => rule.name).filter((rule) => !planted.includes(rule))).toEqual([]);
  });

  test('every room stands on a floor', async () => {
    const paths = forbidden.flatMap(({ name, from, to }) => {
      if (name === 'ground-floor-knows-no-room') return [from.path];
      return name.startsWith('floor-') ? [from.path, to.path] : [];
    });
    const folders = await readdir(join(root, 'packages/daemon/src'), { withFileTypes: true });
    const homeless = folders
      .filter((entry) => entry.isDirectory())
      .filter(({ name }) => !paths.some((path) => new RegExp(path).test(`packages/daemon/src/${name}/`)));
    expect(homeless.map(({ name }) => name)).toEqual([]);
  });

  test('a file that was not looked at is named', async () => {
    expect(report.unseen).toEqual([]);
    const blind = await checkWalls(tree, ['--exclude', 'packages/core/src/plant']);
    expect(blind.unseen).toContain('packages/core/src/plant.ts');
  });
});
