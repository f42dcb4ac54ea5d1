/**
 * The walls of the house (docs/architecture.md). scripts/walls.test.ts plants a violation of each rule in a copy
 * of the tree and sees it fail: a new rule needs a new plant there.
 */

/** Tests import what they need. */
const tests = ['\\.test\\.ts$', '^packages/[^/]+/test/'];

/** Folders of the daemon without domain words; every other folder in it is a room. */
const groundFloor = 'config|log|db|events|http|platform|tmux|git|panes';
const ground = `^packages/daemon/src/(?:${groundFloor})/`;
const room = `^packages/daemon/src/(?!(?:${groundFloor})/)([^/]+)/`;

/** Rooms by floor: a room may look at its own floor and down. */
const floors = [
  [
    'settings',
    'backup',
    'auth',
    'workspaces',
    'env-sets',
    'policies',
    'audit',
    'knowledge',
    'code-index',
    'board',
  ],
  ['terminals', 'sessions', 'deliveries', 'images', 'voice'],
  ['approvals', 'transcripts', 'hooks', 'recordings'],
  ['analytics', 'search', 'conversations', 'fleet', 'messages', 'jobs', 'workflows'],
  ['notifications', 'feed', 'shares', 'previews'],
];
const rooms = (names) => `^packages/daemon/src/(?:${names.join('|')})/`;

/** What a package may import besides itself. */
const only = (name, comment, allowed, more = {}) => ({
  name,
  severity: 'error',
  comment,
  from: { path: `^packages/${name.split('-')[0]}/src/`, pathNot: tests },
  to: { pathNot: [`^packages/${name.split('-')[0]}/`, ...allowed], ...more },
});
const library = (name) => `(^|/)node_modules/(@types/)?${name}/`;
const noBuiltins = { dependencyTypesNot: ['core'] };

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      comment: 'Two files that need each other when they load are one file, or hide a third.',
      from: {},
      // Types are gone at run time, and a lazily loaded command may look at the list it stands in.
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only', 'dynamic-import'] } },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      comment: 'What is not found is not checked against any wall.',
      from: {},
      // The published bin loads the bundle, which is there after a build.
      to: { couldNotResolve: true, pathNot: 'dist/main\\.cjs$' },
    },
    {
      name: 'no-builtins-in-pure-packages',
      severity: 'error',
      comment: 'core, providers and client run in a browser too: no node:*.',
      from: { path: '^packages/(core|providers|client)/src/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    only(
      'core-stands-alone',
      'core depends on zod, and on the shell grammar of the judge, alone.',
      [library('(zod|unbash)')],
      noBuiltins,
    ),
    only('providers-see-core', 'providers depend on core alone.', ['^packages/core/'], noBuiltins),
    only(
      'client-sees-core',
      'client depends on core alone; the transport is injected.',
      ['^packages/core/'],
      noBuiltins,
    ),
    only(
      'testkit-sees-core',
      'testkit depends on core and client.',
      ['^packages/(core|client)/', '(^|/)node_modules/'],
      noBuiltins,
    ),
    only(
      'daemon-sees-core-and-providers',
      'daemon depends on core and providers, and on its libraries.',
      ['^packages/(core|providers)/', '(^|/)node_modules/'],
      noBuiltins,
    ),
    {
      name: 'web-sees-client-and-core',
      severity: 'error',
      comment: 'The dashboard speaks to the daemon through the client only.',
      from: { path: '^packages/web/', pathNot: tests },
      to: { path: '^(packages|e2e)/', pathNot: '^packages/(web|client|core)/' },
    },
    {
      name: 'web-pages-apart',
      severity: 'error',
      comment: 'Pages do not know each other; what two of them need is in pages/shared, kit or api.',
      from: { path: '^packages/web/src/pages/([^/]+)/', pathNot: tests },
      to: { path: '^packages/web/src/pages/', pathNot: '^packages/web/src/pages/(?:shared|$1)/' },
    },
    {
      name: 'web-looks-down',
      severity: 'error',
      comment: 'app knows the pages; nobody knows app.',
      from: { path: '^packages/web/src/', pathNot: ['^packages/web/src/(?:app/|main\\.tsx$)', ...tests] },
      to: { path: '^packages/web/src/app/' },
    },
    {
      name: 'nobody-imports-cli',
      severity: 'error',
      comment: 'The CLI is run, not imported; what others need from it belongs lower.',
      from: { pathNot: '^packages/cli/' },
      to: { path: '^packages/cli/' },
    },
    {
      name: 'testkit-for-tests-only',
      severity: 'error',
      comment: 'The published program holds no test code.',
      from: { path: '^packages/(core|providers|client|daemon|cli|web)/', pathNot: tests },
      to: { path: '^(packages/(testkit|bench)|e2e)/' },
    },
    {
      name: 'kysely-in-stores-only',
      severity: 'error',
      comment:
        'SQL is spoken in <room>.store.ts, db/ and the ledger. Row types (<room>.table.ts) may use its types.',
      from: {
        path: '^(packages|e2e)/',
        pathNot: [
          '^packages/daemon/src/(db/|events/ledger\\.ts$)',
          '^packages/daemon/src/.+\\.(store|table)\\.ts$',
          ...tests,
        ],
      },
      to: { path: library('kysely') },
    },
    {
      name: 'tables-are-types',
      severity: 'error',
      comment: 'A table file describes rows; it runs nothing.',
      from: { path: '\\.table\\.ts$' },
      to: { path: library('kysely'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'sqlite-behind-db',
      severity: 'error',
      comment: 'The database driver is opened in db/, and in platform/ for the process lock.',
      from: { path: '^(packages|e2e)/', pathNot: ['^packages/daemon/src/(db|platform)/', ...tests] },
      to: { path: library('better-sqlite3') },
    },
    {
      name: 'rooms-meet-by-type',
      severity: 'error',
      comment: 'Instances are handed over in daemon.ts: a room imports only types of another room.',
      from: { path: room, pathNot: tests },
      to: { path: room, pathNot: '^packages/daemon/src/$1/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'daemon-ts-knows-every-room',
      severity: 'error',
      comment: 'Only the composition roots, of the daemon and of its threads, put rooms together.',
      from: {
        path: '^packages/daemon/src/[^/]+\\.ts$',
        pathNot: ['^packages/daemon/src/(daemon|api|query-worker|recording-worker)\\.ts$', ...tests],
      },
      to: { path: room, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'ground-floor-knows-no-room',
      severity: 'error',
      comment: 'The ground floor has no domain words, not even their types.',
      from: { path: ground, pathNot: tests },
      to: { path: room, pathNot: '\\.table\\.ts$' },
    },
    {
      name: 'tables-meet-in-db',
      severity: 'error',
      comment: 'Of the ground floor only db/ sees row types: it puts the shape of the database together.',
      from: { path: ground, pathNot: ['^packages/daemon/src/db/', ...tests] },
      to: { path: room.concat('.*\\.table\\.ts$') },
    },
    ...floors.slice(0, -1).map((names, index) => ({
      name: `floor-${index + 1}-looks-down`,
      severity: 'error',
      comment: 'Commands go down by call, facts go up by event.',
      from: { path: rooms(names), pathNot: tests },
      to: { path: rooms(floors.slice(index + 1).flat()) },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Ours only: a library that lies in a folder `dist` would be left out, and with it every rule about it.
    exclude: {
      path: ['^(?:packages/[^/]+|e2e|scripts)/(?:dist|\\.types)/', '^(?!.*node_modules).*/fixtures/'],
    },
    // Types are imports too: verbatimModuleSyntax drops them, the walls must see them.
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    moduleSystems: ['es6', 'cjs'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'node', 'import', 'require', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
    skipAnalysisNotInRules: false,
  },
};
