import { daemonEndpoints } from '@codepiper/core/daemon/daemon.endpoints.ts';
import type { ErrorCode } from '@codepiper/core/errors.ts';
import { eventEndpoints } from '@codepiper/core/events/event.endpoints.ts';
import { sessionEndpoints } from '@codepiper/core/sessions/session.endpoints.ts';

/** Every endpoint there is. */
export const endpoints = { ...daemonEndpoints, ...eventEndpoints, ...sessionEndpoints };
export type Name = keyof typeof endpoints;

export interface Bad {
  what: string;
  /** What is sent instead of the endpoint's own; `:id` is the live session. */
  method?: string;
  path?: string;
  query?: string;
  /** A value is sent as JSON, a Buffer as it is. */
  body?: unknown;
  headers?: Record<string, string>;
  code: ErrorCode | readonly ErrorCode[];
  says?: RegExp;
}

export const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
/** JSON with a lone surrogate as an escape: valid JSON, and no Unicode. */
const raw = (json: string): Buffer => Buffer.from(json);
export const invalid = (what: string, rest: Omit<Bad, 'what' | 'code'>): Bad => ({
  what,
  code: 'invalid_request',
  ...rest,
});

function create(
  what: string,
  fields: Record<string, unknown>,
  says: RegExp,
  code: Bad['code'] = 'invalid_request',
): Bad {
  return { what, body: { provider: 'shell', cwd: '<work>', ...fields }, code, says };
}

const badNames: Bad[] = [
  '',
  '   ',
  'x'.repeat(81),
  'a\nb',
  'a\u0000b',
  'a\u001b[31m',
  '-rf',
  '--help',
  '\u202eevil',
  5,
  true,
  {},
].map((name) => invalid(`the name ${JSON.stringify(name)}`, { body: { name }, says: /body\.name: / }));
const badSizes: Bad[] = [0, -1, 1, 1001, 1e9, 80.5, '80', null, true, [80]].map((cols) =>
  invalid(`${JSON.stringify(cols)} columns`, { body: { cols, rows: 24 }, says: /body\.cols: / }),
);
const badModels: Bad[] = [
  '',
  '--dangerously-skip-permissions',
  '-m',
  'a b',
  'a\nb',
  'x'.repeat(101),
  1,
  null,
].map((model) =>
  invalid(`the model ${JSON.stringify(model).slice(0, 40)}`, { body: { model }, says: /body\.model: / }),
);
const badTexts = (key: string): Bad[] => [
  invalid('an empty text', { body: { [key]: '' }, says: /the text is empty/ }),
  invalid('a text of 2 MB', { body: { [key]: 'x'.repeat(2_000_000) }, says: /more than 1 MB/ }),
  invalid('a NUL', { body: { [key]: 'a\u0000b' }, says: /must not contain NUL/ }),
  invalid('a lone surrogate', { body: raw(`{"${key}":"\\ud800"}`), says: /not valid Unicode/ }),
  ...[1, null, true, ['a'], { a: 1 }].map((value) =>
    invalid(`the text ${JSON.stringify(value)}`, {
      body: { [key]: value },
      says: new RegExp(`body\\.${key}: `),
    }),
  ),
];
const badWaits: Bad[] = [-1, 600_001, 1e9, 1.5, '5', null].map((waitMs) =>
  invalid(`a wait of ${JSON.stringify(waitMs)}`, {
    body: { text: 'x', command: 'x', waitMs },
    says: /body\.waitMs: /,
  }),
);
const badCounts = (key: string): Bad[] =>
  ['0', '-1', '1.5', 'x', '1e9', 'NaN', '%00', '', '1&K=2'].map((value) =>
    invalid(`${key}=${value}`, {
      query: `${key}=${value.replace('K', key)}`,
      says: new RegExp(`query\\.${key}: `),
    }),
  );

/** Wrong values of each endpoint's own. What any endpoint refuses is below, for all of them. */
export const cases: Record<Name, Bad[]> = {
  health: [invalid('a query', { query: 'verbose=1', says: /unknown key "verbose"/ })],
  version: [invalid('a query', { query: 'x', says: /unknown key "x"/ })],
  config: [invalid('a query', { query: 'key=socket', says: /unknown key "key"/ })],
  stopDaemon: [
    invalid('a text for a flag', { body: { killSessions: 'yes' }, says: /body\.killSessions: / }),
    invalid('a near miss', { body: { killSesions: true }, says: /did you mean "killSessions"/ }),
  ],
  listSessionEvents: [
    ...badCounts('limit'),
    invalid('a limit above the largest', { query: 'limit=1001', says: /query\.limit: / }),
    invalid('a negative id', { query: 'since=-1', says: /query\.since: / }),
    invalid('an unknown source', { query: 'source=moon', says: /query\.source: .*hook/ }),
    invalid('an unknown order', { query: 'order=up', says: /query\.order: / }),
    invalid('an empty type', { query: 'type=', says: /query\.type: / }),
    invalid('a near miss', { query: 'limmit=5', says: /did you mean "limit"/ }),
  ],
  listProviders: [invalid('a query', { query: 'installed=1', says: /unknown key "installed"/ })],
  listSessions: [
    invalid('an unknown provider', {
      query: 'provider=gpt',
      says: /provider: gpt\..*claude-code, codex, shell/,
    }),
    invalid('an unknown status', { query: 'status=dead', says: /query\.status: .*crashed/ }),
    invalid('an empty status', { query: 'status=', says: /query\.status: / }),
    invalid('live=perhaps', { query: 'live=perhaps', says: /query\.live: .*true/ }),
    invalid('a near miss', { query: 'stauts=running', says: /did you mean "status"/ }),
  ],
  createSession: [
    invalid('nothing', { body: {}, says: /body\.provider: is missing; body\.cwd: is missing/ }),
    create('an unknown provider', { provider: 'bogus' }, /Invalid provider: bogus\. Must be one of/),
    create('an option for a provider', { provider: '--help' }, /Invalid provider: --help/),
    create(
      'a property of objects for a provider',
      { provider: 'constructor' },
      /Invalid provider: constructor/,
    ),
    create('no provider', { provider: '' }, /body\.provider: /),
    create('a number for a provider', { provider: 7 }, /body\.provider: /),
    create(
      'an agent that is not installed',
      { provider: 'codex' },
      /not installed.*npm install/,
      'provider_unavailable',
    ),
    create('a relative directory', { cwd: 'work' }, /absolute path/),
    create('a home directory', { cwd: '~/work' }, /absolute path/),
    create('a way out', { cwd: '/tmp/../etc' }, /must not contain "\.\."/),
    create('a missing directory', { cwd: '<work>/missing' }, /no such directory/),
    create('an encoded way out', { cwd: '<work>/%2e%2e' }, /no such directory/),
    create('a file for a directory', { cwd: '<file>' }, /is not a directory/),
    create('a file on the way', { cwd: '<file>/below' }, /a-file\/below/),
    create('a directory with a NUL', { cwd: '/tmp/\u0000' }, /must not contain NUL/),
    create('a name longer than files have', { cwd: `/${'x'.repeat(300)}` }, /cwd: /),
    create('a path longer than there are', { cwd: `/${'x/'.repeat(3000)}` }, /body\.cwd: /),
    create('a name that is taken', { name: 'good' }, /named "good".*another name/, 'name_taken'),
    create('dangerous mode', { dangerousMode: true }, /no dangerous mode/, 'unsupported'),
    create('a model', { model: 'opus' }, /leave --model out/, 'unsupported'),
    create(
      'a conversation',
      { providerResume: { providerSessionId: 'a' } },
      /no conversations/,
      'unsupported',
    ),
    ...['-x', '--dangerously-skip-permissions', '', 'a/../b', 'a b', 'x'.repeat(129)].map(
      (providerSessionId) =>
        create(
          `the conversation "${providerSessionId}"`.slice(0, 50),
          { providerResume: { providerSessionId } },
          /body\.providerResume\.providerSessionId: /,
        ),
    ),
    create(
      'an unknown way to resume',
      { providerResume: { providerSessionId: 'a', mode: 'new' } },
      /body\.providerResume\.mode: /,
    ),
    create(
      'a near miss below',
      { providerResume: { providerSesionId: 'a' } },
      /did you mean "providerSessionId"/,
    ),
    ...['A=B', 'A B', '', '1A', 'A-B', 'Ä', 'A\u0000', `A${'x'.repeat(256)}`].map((key) =>
      create(`the variable ${JSON.stringify(key)}`.slice(0, 50), { env: { [key]: 'x' } }, /body\.env.*: /),
    ),
    create('a variable with a NUL', { env: { A: 'x\u0000y' } }, /must not contain NUL/),
    create('a huge variable', { env: { A: 'x'.repeat(65_537) } }, /at most 65536/),
    create('a number for a variable', { env: { A: 1 } }, /body\.env\.A: /),
    create(
      'a thousand and one variables',
      { env: Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`V${i}`, ''])) },
      /at most 1000/,
    ),
    create('a list of variables', { env: ['A=1'] }, /body\.env: /),
    create('an argument with a NUL', { args: ['a\u0000b'] }, /body\.args\.0: .*NUL/),
    create('a huge argument', { args: ['x'.repeat(10_241)] }, /body\.args\.0: /),
    create('too many arguments', { args: Array(101).fill('x') }, /body\.args: /),
    create('one text for arguments', { args: 'ls -l' }, /body\.args: /),
    create('a number among the arguments', { args: ['sleep', 5] }, /body\.args\.1: /),
    create('an unknown way of billing', { billingMode: 'free' }, /body\.billingMode: .*subscription/),
    create('a text for a flag', { trust: 'yes' }, /body\.trust: /),
    create('a near miss', { modle: 'x' }, /did you mean "model"/),
    create('a foreign key', { sudo: true }, /unknown key "sudo"; known are provider, cwd/),
    {
      ...invalid('a key of prototypes', {
        body: raw('{"provider":"shell","cwd":"/tmp","__proto__":{"cwd":"/"}}'),
      }),
    },
    invalid('a lone surrogate in the name', {
      body: raw('{"provider":"shell","cwd":"/tmp","name":"\\udfff"}'),
      says: /body\.name: .*Unicode/,
    }),
    invalid('a lone surrogate in an argument', {
      body: raw('{"provider":"shell","cwd":"/tmp","args":["\\ud800"]}'),
      says: /body\.args\.0: .*Unicode/,
    }),
    ...badNames.map((bad) => ({
      ...bad,
      body: { provider: 'shell', cwd: '<work>', ...(bad.body as object) },
    })),
    ...badSizes.map((bad) => ({
      ...bad,
      body: { provider: 'shell', cwd: '<work>', ...(bad.body as object) },
    })),
    ...badModels.map((bad) => ({
      ...bad,
      body: { provider: 'shell', cwd: '<work>', ...(bad.body as object) },
    })),
    create('a prompt of 2 MB', { prompt: 'x'.repeat(2_000_000) }, /body\.prompt: .*1 MB/),
    create('an empty prompt', { prompt: '' }, /body\.prompt: /),
  ],
  getSession: [],
  renameSession: [
    invalid('nothing', { body: {}, says: /body\.name: is missing/ }),
    ...badNames,
    { what: 'a name that is taken', body: { name: 'ended' }, code: 'name_taken', says: /named "ended"/ },
  ],
  removeSession: [{ what: 'a live session', code: 'session_live', says: /Stop it first: codepiper stop/ }],
  stopSession: [-1, 600_001, 1e12, 1.5, '5', null, [1]].map((timeoutMs) =>
    invalid(`a deadline of ${JSON.stringify(timeoutMs)}`, { body: { timeoutMs }, says: /body\.timeoutMs: / }),
  ),
  killSession: [invalid('a signal', { body: { signal: 'SIGKILL' }, says: /unknown key "signal"/ })],
  resumeSession: [
    { what: 'a live session', body: {}, code: 'session_live', says: /still live|is live/ },
    ...badModels,
    ...badTexts('prompt'),
  ],
  forkSession: [
    {
      what: 'a program without conversations',
      body: {},
      code: 'unsupported',
      says: /no conversations to fork/,
    },
    ...badNames,
    ...badTexts('prompt'),
  ],
  recoverSession: [
    {
      what: 'an ended session',
      path: '/sessions/ended/recover',
      code: 'session_ended',
      says: /codepiper resume/,
    },
  ],
  sendText: [
    invalid('nothing', { body: {}, says: /body\.text: is missing/ }),
    ...badTexts('text'),
    ...badWaits,
    ...['', 'x'.repeat(201), 5].map((idempotencyKey) =>
      invalid('a bad idempotency key', {
        body: { text: 'x', idempotencyKey },
        says: /body\.idempotencyKey: /,
      }),
    ),
    invalid('a text for a flag', { body: { text: 'x', newline: 'no' }, says: /body\.newline: / }),
    invalid('a near miss', { body: { txet: 'x' }, says: /did you mean "text"/ }),
    {
      what: 'an ended session',
      path: '/sessions/ended/send',
      body: { text: 'x' },
      code: 'session_ended',
      says: /codepiper resume/,
    },
  ],
  listDeliveries: [
    ...badCounts('limit'),
    invalid('too many', { query: 'limit=1001', says: /query\.limit: / }),
  ],
  cancelDelivery: [
    {
      what: 'an unknown delivery',
      path: '/sessions/:id/deliveries/00000000-0000-4000-8000-000000000000',
      code: 'delivery_not_found',
      says: /has no delivery/,
    },
    invalid('what is no id', { path: '/sessions/:id/deliveries/5', says: /params\.delivery: / }),
    invalid('a way out', { path: '/sessions/:id/deliveries/%2e%2e%2f%2e%2e', says: /params\.delivery: / }),
  ],
  sendKeys: [
    invalid('nothing', { body: {}, says: /body\.keys: is missing/ }),
    invalid('no keys', { body: { keys: [] }, says: /body\.keys: / }),
    invalid('too many keys', { body: { keys: Array(101).fill('a') }, says: /body\.keys: / }),
    invalid('one text', { body: { keys: 'enter' }, says: /body\.keys: / }),
    invalid('a number', { body: { keys: [1] }, says: /body\.keys\.0: / }),
    ...[
      '',
      'enterr',
      'hello',
      'ctrl+',
      'ctrl+ctrl+c',
      'hyper+c',
      'constructor',
      'constructor+c',
      '\u0000',
      '\u001b',
      'f13',
      '-t',
      'x'.repeat(41),
    ].map((key) =>
      invalid(`the key ${JSON.stringify(key).slice(0, 20)}`, {
        body: { keys: ['a', key] },
        says: /body\.keys/,
      }),
    ),
    { what: 'an ended session', path: '/sessions/ended/keys', body: { keys: ['a'] }, code: 'session_ended' },
  ],
  slashCommand: [
    {
      what: 'a program without commands',
      body: { command: 'compact' },
      code: 'unsupported',
      says: /no slash commands; use send/,
    },
    ...['', '/', '--help', '-x', 'a b', 'a\nb', '../x', 'x'.repeat(101), 5].map((command) =>
      invalid(`the command ${JSON.stringify(command).slice(0, 20)}`, {
        body: { command },
        says: /body\.command: /,
      }),
    ),
    invalid('two lines', { body: { command: 'x', args: ['a\nb'] }, says: /body\.args\.0: .*one line/ }),
    invalid('too many arguments', {
      body: { command: 'x', args: Array(51).fill('a') },
      says: /body\.args: /,
    }),
    ...badWaits,
  ],
  interruptSession: [
    {
      what: 'an ended session',
      path: '/sessions/ended/interrupt',
      code: 'session_ended',
      says: /codepiper resume/,
    },
  ],
  getModel: [invalid('a query', { query: 'x=1', says: /unknown key "x"/ })],
  setModel: [
    invalid('nothing', { body: {}, says: /body\.model: is missing/ }),
    ...badModels,
    { what: 'a program without models', body: { model: 'opus' }, code: 'unsupported', says: /not supported/ },
  ],
  resizeSession: [
    invalid('nothing', { body: {}, says: /body\.cols: is missing; body\.rows: is missing/ }),
    ...badSizes,
    {
      what: 'an ended session',
      path: '/sessions/ended/resize',
      body: { cols: 80, rows: 24 },
      code: 'session_ended',
    },
  ],
  readOutput: [
    ...badCounts('lines'),
    invalid('too many lines', { query: 'lines=10001', says: /query\.lines: / }),
    invalid('styles=yes', { query: 'styles=yes', says: /query\.styles: / }),
  ],
};

const refCodes = ['session_not_found', 'session_ambiguous', 'invalid_request', 'not_found'] as const;
/** What stands where an id should; `path` is the endpoint's with it. */
export const badRefs: { what: string; ref: string; code: readonly ErrorCode[]; says?: RegExp }[] = [
  {
    what: 'an unknown id',
    ref: '00000000-0000-4000-8000-000000000000',
    code: ['session_not_found'],
    says: /codepiper sessions/,
  },
  { what: 'an unknown name', ref: 'nobody', code: ['session_not_found'], says: /Session not found: nobody/ },
  { what: 'an ambiguous id', ref: '<ambiguous>', code: ['session_ambiguous'], says: /give more of the id/ },
  { what: 'an encoded way out', ref: '%2e%2e', code: ['session_not_found'] },
  { what: 'a longer way out', ref: '..%2f..%2f..%2fetc%2fpasswd', code: ['session_not_found'] },
  { what: 'a wildcard', ref: '%25', code: ['session_not_found'] },
  { what: 'a quote', ref: "'%20or%201=1--", code: ['session_not_found'] },
  { what: 'an option', ref: '--help', code: ['session_not_found'] },
  { what: 'a tmux target', ref: '%3D%250:', code: ['session_not_found'] },
  { what: 'a NUL', ref: '%00', code: ['invalid_request'] },
  { what: 'a NUL behind the id', ref: 'good%00', code: ['invalid_request'] },
  { what: 'no UTF-8', ref: '%ff', code: refCodes },
  { what: 'a broken escape', ref: '%zz', code: refCodes },
  { what: 'a lone surrogate', ref: '%ed%a0%80', code: refCodes },
  { what: 'a long id', ref: 'x'.repeat(81), code: ['invalid_request'], says: /params\.id: / },
  { what: 'a huge id', ref: 'x'.repeat(6000), code: refCodes },
];

const deep = Buffer.from('['.repeat(100_000) + ']'.repeat(100_000));
export const badBodies: Omit<Bad, 'path'>[] = [
  { what: 'an array', body: text([]), code: 'invalid_request' },
  { what: 'a text', body: text('x'), code: 'invalid_request' },
  { what: 'a number', body: raw('0'), code: 'invalid_request' },
  { what: 'half of JSON', body: raw('{"a":'), code: 'invalid_json', says: /not valid JSON/ },
  { what: 'no JSON', body: raw('hello'), code: 'invalid_json' },
  {
    what: 'invalid UTF-8',
    body: Buffer.from([0x22, 0xff, 0xfe, 0x22]),
    code: 'invalid_json',
    says: /not valid UTF-8/,
  },
  { what: 'only NULs', body: Buffer.alloc(8), code: 'invalid_json' },
  { what: 'deep nesting', body: deep, code: ['invalid_request', 'invalid_json'] },
  {
    what: 'deep nesting under a key',
    body: Buffer.concat([raw('{"a":'), deep, raw('}')]),
    code: 'invalid_request',
  },
  {
    what: 'a foreign key',
    body: { zzzzzzzzzz: 1 },
    code: 'invalid_request',
    says: /unknown key "zzzzzzzzzz"/,
  },
  { what: 'a huge key', body: { ['z'.repeat(100_000)]: 1 }, code: 'invalid_request', says: /unknown key/ },
  { what: '9 MB', body: { x: 'x'.repeat(9_000_000) }, code: 'body_too_large', says: /larger than/ },
  {
    what: 'a form',
    body: raw('a=1'),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    code: 'invalid_request',
    says: /Content-Type: application\/json/,
  },
  {
    what: 'plain text',
    body: raw('{}'),
    headers: { 'content-type': 'text/plain' },
    code: 'invalid_request',
    says: /Content-Type: application\/json/,
  },
  { what: 'another type', body: raw('{}'), headers: { 'content-type': 'nonsense' }, code: 'invalid_request' },
];
export const badTokens: Omit<Bad, 'path'>[] = ['Bearer nope', 'Bearer', 'Basic YTpi', 'x'.repeat(5000)].map(
  (authorization) => ({
    what: `the token "${authorization.slice(0, 12)}"`,
    headers: { authorization },
    code: 'unauthorized',
  }),
);
