import { analyticsEndpoints } from '@codepiper/core/analytics/analytics.endpoints.ts';
import { approvalEndpoints } from '@codepiper/core/approvals/approval.endpoints.ts';
import { attachmentEndpoints } from '@codepiper/core/attachments/attachment.endpoints.ts';
import { auditEndpoints } from '@codepiper/core/audit/audit.endpoints.ts';
import { authEndpoints } from '@codepiper/core/auth/auth.endpoints.ts';
import { daemonEndpoints } from '@codepiper/core/daemon/daemon.endpoints.ts';
import type { ErrorCode } from '@codepiper/core/errors.ts';
import { eventEndpoints } from '@codepiper/core/events/event.endpoints.ts';
import { fleetEndpoints } from '@codepiper/core/fleet/fleet.endpoints.ts';
import { notificationEndpoints } from '@codepiper/core/notifications/notification.endpoints.ts';
import { policyEndpoints } from '@codepiper/core/policies/policy.endpoints.ts';
import { recordingEndpoints } from '@codepiper/core/recordings/recording.endpoints.ts';
import { searchEndpoints } from '@codepiper/core/search/search.endpoints.ts';
import { sessionEndpoints } from '@codepiper/core/sessions/session.endpoints.ts';
import { settingsEndpoints } from '@codepiper/core/settings/settings.endpoints.ts';
import { terminalEndpoints } from '@codepiper/core/terminals/terminal.endpoints.ts';
import { conversationEndpoints } from '@codepiper/core/transcripts/conversation.endpoints.ts';
import { transcriptEndpoints } from '@codepiper/core/transcripts/transcript.endpoints.ts';

/** Every endpoint there is. */
export const endpoints = {
  ...analyticsEndpoints,
  ...approvalEndpoints,
  ...attachmentEndpoints,
  ...auditEndpoints,
  ...authEndpoints,
  ...conversationEndpoints,
  ...searchEndpoints,
  ...recordingEndpoints,
  ...daemonEndpoints,
  ...eventEndpoints,
  ...fleetEndpoints,
  ...notificationEndpoints,
  ...policyEndpoints,
  ...sessionEndpoints,
  ...settingsEndpoints,
  ...terminalEndpoints,
  ...transcriptEndpoints,
};
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

/** A policy that ships. */
const shipped = 'starter-reads';
const badRules: { what: string; rule: unknown; says: RegExp }[] = [
  { what: 'a text for a rule', rule: 'deny', says: /body\.rules\.1: / },
  { what: 'a rule without an action', rule: { tool: 'x' }, says: /body\.rules\.1\.action: / },
  { what: 'an unknown action', rule: { action: 'permit' }, says: /body\.rules\.1\.action: .*allow/ },
  {
    what: 'a near miss in a rule',
    rule: { action: 'deny', tol: 'x' },
    says: /body\.rules\.1: .*did you mean "tool"/,
  },
  {
    what: 'a number for a pattern',
    rule: { action: 'deny', tool: 5 },
    says: /body\.rules\.1\.tool: a pattern is/,
  },
  {
    what: 'an empty pattern',
    rule: { action: 'deny', tool: '' },
    says: /body\.rules\.1\.tool: .*one character/,
  },
  { what: 'no patterns', rule: { action: 'deny', cwd: [] }, says: /body\.rules\.1\.cwd: .*at least one/ },
  {
    what: 'an open class',
    rule: { action: 'deny', tool: 'a[' },
    says: /body\.rules\.1\.tool: the pattern "a\["/,
  },
  { what: 'no arguments', rule: { action: 'deny', args: {} }, says: /body\.rules\.1\.args: args is empty/ },
  {
    what: 'a number for an argument',
    rule: { action: 'deny', args: { command: 1 } },
    says: /body\.rules\.1\.args\.command: /,
  },
  {
    what: 'a huge pattern',
    rule: { action: 'deny', tool: 'x'.repeat(2001) },
    says: /body\.rules\.1\.tool: .*2000/,
  },
  { what: 'an empty reason', rule: { action: 'deny', reason: '' }, says: /body\.rules\.1\.reason: / },
];
const badIds = ['', '-x', '../x', 'a b', 'x'.repeat(101), '\u00e4', 5];
const policy = (what: string, fields: Record<string, unknown>, says: RegExp): Bad =>
  invalid(what, { body: { name: 'x', rules: [{ action: 'deny' }], ...fields }, says });
const readOnly = (path: string, body?: unknown): Bad => ({
  what: 'what ships',
  path,
  ...(body === undefined ? {} : { body }),
  code: 'policy_read_only',
  says: /ships with codepiper.*--from/,
});
const unknownOf =
  (room: string, code: ErrorCode) =>
  (rest: string, body?: unknown): Bad[] => [
    {
      what: 'an unknown id',
      path: `/${room}/nothing${rest}`,
      ...(body === undefined ? {} : { body }),
      code,
      says: /"nothing".*list/,
    },
    ...['%2e%2e', '--help', '%00', 'a%20b', 'x'.repeat(101)].map((id) =>
      invalid(`the id ${id.slice(0, 20)}`, {
        path: `/${room}/${id}${rest}`,
        ...(body === undefined ? {} : { body }),
        says: /params/,
      }),
    ),
  ];
const unknownPolicy = unknownOf('policies', 'policy_not_found');
const unknownSet = unknownOf('policy-sets', 'policy_set_not_found');

/** What is no approval, behind `/approvals/`. */
const noApprovals = (rest: string, body?: unknown): Bad[] =>
  [
    '00000000-0000-4000-8000-000000000000',
    'deadbeef',
    'good',
    '%25',
    '_',
    '--help',
    '%2e%2e',
    "'%20or%201=1--",
    '%e2%80%ae',
  ].map((ref) => ({
    what: `the approval ${ref}`,
    path: `/approvals/${ref}${rest}`,
    body,
    code: 'approval_not_found' as const,
    says: /codepiper approvals/,
  }));
const badNotes = (key: string): Bad[] =>
  ['', '   ', 'x'.repeat(2001), 5, null, {}].map((value) =>
    invalid(`the ${key} ${JSON.stringify(value).slice(0, 20)}`, {
      body: { [key]: value },
      says: new RegExp(`body\\.${key}: `),
    }),
  );
const badKeptRules: Bad[] = [
  ['x', /body\.rule: /],
  [null, /body\.rule: /],
  [[], /body\.rule: /],
  [{}, /body\.rule\.action: is missing/],
  [{ action: 'permit' }, /body\.rule\.action: .*allow/],
  [{ action: 'allow', tol: 'shell' }, /did you mean "tool"/],
  [{ action: 'allow', args: {} }, /args is empty/],
  [{ action: 'allow', args: { command: [] } }, /body\.rule\.args\.command: /],
  [{ action: 'allow', args: { command: '[' } }, /body\.rule\.args\.command: /],
].map(([rule, says]) =>
  invalid(`the rule ${JSON.stringify(rule)}`, { body: { rule }, says: says as RegExp }),
);

const badPeriods: Bad[] = [
  invalid('an unknown range', { query: 'range=8d', says: /query\.range: .*7d/ }),
  invalid('an empty range', { query: 'range=', says: /query\.range: / }),
  invalid('a range and a time', { query: 'range=7d&since=2026-11-01', says: /excludes since and until/ }),
  invalid('a range twice', { query: 'range=7d&range=all', says: /query\.range: / }),
  ...['yesterday', '3d', '2026-02-30', '2026-13-01', '2026-11-01T25:00', '1790000000', '%00'].map((since) =>
    invalid(`since ${since}`, { query: `since=${since}`, says: /since is ".*"; it must be a date/ }),
  ),
  invalid('an empty since', { query: 'since=', says: /query\.since: / }),
  invalid('a huge since', { query: `since=${'1'.repeat(41)}`, says: /query\.since: / }),
  invalid('no until', { query: 'until=now', says: /until is "now"/ }),
  invalid('since after until', {
    query: 'since=2026-11-02&until=2026-11-01',
    says: /until "2026-11-01" is not later than since "2026-11-02"/,
  }),
  ...['Mars/Olympus', '..%2f..%2fetc', '%00', '%e2%80%ae', "UTC'--"].map((zone) =>
    invalid(`the time zone ${zone}`, { query: `timezone=${zone}`, says: /There is no time zone/ }),
  ),
  invalid('an empty time zone', { query: 'timezone=', says: /query\.timezone: / }),
  { what: 'an unknown session', query: 'session=nobody', code: 'session_not_found', says: /nobody/ },
  ...["'%20or%201=1--", '%25', '_', '--help', '%00'].map(
    (ref): Bad => ({ what: `the session ${ref}`, query: `session=${ref}`, code: 'session_not_found' }),
  ),
  invalid('an empty session', { query: 'session=', says: /query\.session: / }),
  invalid('a long session', { query: `session=${'x'.repeat(81)}`, says: /query\.session: / }),
  invalid('a near miss', { query: 'timezon=UTC', says: /did you mean "timezone"/ }),
];
const badActivity: Bad[] = [
  ...badPeriods,
  invalid('a directory that is not absolute', {
    query: 'workspace=src',
    says: /query\.workspace: .*absolute/,
  }),
  invalid('an empty directory', { query: 'workspace=', says: /query\.workspace: / }),
  invalid('a huge directory', { query: `workspace=/${'x'.repeat(4096)}`, says: /query\.workspace: / }),
  ...['gpt', '', '--help', '%00', '__proto__'].map((provider) =>
    invalid(`the provider ${provider}`, { query: `provider=${provider}`, says: /query\.provider: .*codex/ }),
  ),
];
const badUsage: Bad[] = [
  ...badActivity,
  invalid('an empty model', { query: 'model=', says: /query\.model: / }),
  invalid('a huge model', { query: `model=${'x'.repeat(201)}`, says: /query\.model: / }),
];
const badLimits: Bad[] = [
  ...badCounts('limit'),
  invalid('a limit above the largest', { query: 'limit=1001', says: /query\.limit: / }),
];
const noModel = invalid('a model', { query: 'model=claude-opus-5', says: /unknown key "model"/ });

function badJobs(kind: 'imports' | 'verifications', says: RegExp): Bad[] {
  return [
    ...['-1', 'x', '1.5', '1e99', '%00', 'null'].map((id) =>
      invalid(`the number ${id}`, { path: `/transcripts/${kind}/${id}`, says: /params/ }),
    ),
    { what: 'an unknown number', path: `/transcripts/${kind}/999`, code: 'job_not_found', says },
  ];
}

const badPlaces: Bad[] = [
  ...badLimits,
  invalid('a negative id', { query: 'since=-1', says: /query\.since: / }),
  invalid('a huge id', { query: 'before=1e400', says: /query\.before: / }),
  invalid('an unknown order', { query: 'order=up', says: /query\.order: / }),
  invalid('a near miss', { query: 'sicne=5', says: /did you mean "since"/ }),
];
const badEntries: Bad[] = [
  ...badPlaces,
  invalid('an unknown kind', { query: 'kind=anwser', says: /query\.kind.*answer/ }),
  invalid('an empty kind', { query: 'kind=', says: /query\.kind/ }),
  invalid('a comma too many', { query: 'kind=answer,', says: /query\.kind/ }),
  invalid('an empty agent', { query: 'agent=', says: /query\.agent: / }),
  invalid('a negative length', { query: 'text=-1', says: /query\.text: / }),
  invalid('a huge length', { query: 'text=1000001', says: /query\.text: / }),
];

function badConversations(rest: string): Bad[] {
  return [
    ...['nobody', '999', "'%20or%201=1--", '%25', '_', '--help', '1e3', '-1', '0x1'].map(
      (ref): Bad => ({
        what: `the conversation ${ref}`,
        path: `/conversations/${ref}${rest}`,
        code: 'conversation_not_found',
        says: /No conversation has the id/,
      }),
    ),
    invalid('a long id', {
      path: `/conversations/${'x'.repeat(201)}${rest}`,
      says: /params\.conversation: /,
    }),
    invalid('a NUL', { path: `/conversations/%00${rest}` }),
  ];
}

const badReadSources = (path: string): Bad[] =>
  ['', 'x'.repeat(65), 'a\nb', 5, null].map((readSource) =>
    invalid(`the source ${JSON.stringify(readSource)?.slice(0, 9)}`, {
      path,
      body: { readSource },
      says: /body\.readSource: /,
    }),
  );

/** A point of P-256, and 16 bytes. */
const pushKeys = {
  p256dh: 'BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU',
  auth: 'AAAAAAAAAAAAAAAAAAAAAA',
};

/** Wrong values of each endpoint's own. What any endpoint refuses is below, for all of them. */
export const cases: Record<Name, Bad[]> = {
  health: [invalid('a query', { query: 'verbose=1', says: /unknown key "verbose"/ })],
  version: [invalid('a query', { query: 'x', says: /unknown key "x"/ })],
  config: [invalid('a query', { query: 'key=socket', says: /unknown key "key"/ })],
  getFleet: [invalid('a query', { query: 'live=true', says: /unknown key "live"/ })],
  recentDirectories: [invalid('a query', { query: 'limit=5', says: /unknown key "limit"/ })],
  listDirectories: [
    invalid('an empty path', { query: 'path=', says: /query\.path: / }),
    invalid('a relative path', { query: 'path=src', says: /query\.path: "src" must be an absolute path/ }),
    invalid('a path of another home', { query: 'path=~root', says: /must be an absolute path/ }),
    invalid('a huge path', { query: `path=/${'x'.repeat(4096)}`, says: /query\.path: / }),
    invalid('a NUL', { query: 'path=/%00', says: /query\.path: / }),
    invalid('a path twice', { query: 'path=/&path=/tmp', says: /query\.path: / }),
    invalid('a path that is not there', {
      query: 'path=/nowhere/at/all',
      says: /\/nowhere\/at\/all: there is no such directory\. \/ is there\./,
    }),
    invalid('a file', { query: 'path=/etc/passwd', says: /it is not a directory/ }),
    invalid('no flag', { query: 'hidden=maybe', says: /query\.hidden: / }),
    invalid('a near miss', { query: 'paht=/', says: /did you mean "path"/ }),
  ],
  // What is wrong in a draft is the answer; what is no draft at all is refused.
  validateSession: [
    invalid('no directory', { body: { provider: 'shell' }, says: /body\.cwd: is missing/ }),
    invalid('a near miss', { body: { cwd: '<work>', naem: 'x' }, says: /did you mean "name"/ }),
    ...[5, null, true, ['/'], {}].map((cwd) =>
      invalid(`the directory ${JSON.stringify(cwd)}`, { body: { cwd }, says: /body\.cwd: / }),
    ),
    invalid('a huge directory', { body: { cwd: `/${'x'.repeat(4096)}` }, says: /body\.cwd: / }),
    invalid('policy sets that are no list', {
      body: { cwd: '<work>', policySets: 'careful' },
      says: /body\.policySets: /,
    }),
    invalid('101 policy sets', {
      body: { cwd: '<work>', policySets: Array.from({ length: 101 }, () => 'x') },
      says: /body\.policySets: /,
    }),
    invalid('a number in the environment', {
      body: { cwd: '<work>', env: { A: 1 } },
      says: /body\.env\.A: /,
    }),
    invalid('a prompt', { body: { cwd: '<work>', prompt: 'x' }, says: /unknown key "prompt"/ }),
  ],
  getDaemonSettings: [invalid('a query', { query: 'key=x', says: /unknown key "key"/ })],
  setDaemonSettings: [
    invalid('a near miss', { body: { preserveSession: true }, says: /did you mean "preserveSessions"/ }),
    invalid('a text for a flag', {
      body: { notificationsEnabled: 'on' },
      says: /body\.notificationsEnabled: /,
    }),
    invalid('allow', { body: { defaultPolicyAction: 'allow' }, says: /body\.defaultPolicyAction: .*deny/ }),
    invalid('an unknown event', {
      body: { notificationEventDefaults: { 'session.created': true } },
      says: /body\.notificationEventDefaults/,
    }),
    invalid('an unknown sound', {
      body: { notificationSoundMap: { 'session.crashed': 'trumpet' } },
      says: /body\.notificationSoundMap/,
    }),
    invalid('a switch there is not', {
      body: { terminalFeatures: { recordingEnabled: true } },
      says: /did you mean "recordingsEnabled"/,
    }),
    invalid('a list', { body: [], says: /body: / }),
  ],
  restartDaemon: [
    invalid('a key', { body: { killSessions: true }, says: /unknown key "killSessions"/ }),
    invalid('a query', { body: {}, query: 'now=1', says: /unknown key "now"/ }),
  ],
  doctor: [invalid('a query', { query: 'quick=1', says: /unknown key "quick"/ })],
  stopDaemon: [
    invalid('a text for a flag', { body: { killSessions: 'yes' }, says: /body\.killSessions: / }),
    invalid('a near miss', { body: { killSesions: true }, says: /did you mean "killSessions"/ }),
  ],
  authStatus: [invalid('a query', { query: 'x=1', says: /unknown key "x"/ })],
  logIn: [
    invalid('no password', { body: {}, says: /body\.password: is missing/ }),
    invalid('an empty one', { body: { password: '' }, says: /body\.password: is empty/ }),
    invalid('a long one', { body: { password: 'x'.repeat(257) }, says: /body\.password: / }),
    invalid('a query of a database', { body: { password: { $ne: '' } }, says: /body\.password: / }),
    invalid('five digits', { body: { password: 'x', totpCode: '12345' }, says: /body\.totpCode: .*six/ }),
    { what: 'no browser', body: { password: 'a password' }, code: 'unsupported', says: /Unix socket/ },
  ],
  setUpMfa: [{ what: 'no browser', code: 'unsupported' }],
  verifyMfa: [
    invalid('no code', { body: {}, says: /totpCode or recoveryCode/ }),
    invalid('both', { body: { totpCode: '123456', recoveryCode: 'abcdabcdabcdabcd' }, says: /one of them/ }),
    invalid('letters', { body: { totpCode: 'abcdef' }, says: /body\.totpCode: .*six/ }),
    invalid('half a code', { body: { recoveryCode: 'abcd' }, says: /body\.recoveryCode: .*16/ }),
    { what: 'no browser', body: { totpCode: '123456' }, code: 'unsupported' },
  ],
  passkeyLogInOptions: [{ what: 'no browser', code: 'unsupported' }],
  passkeyLogIn: [
    invalid('no response', { body: {}, says: /body\.response: is missing/ }),
    invalid('half of one', { body: { response: { id: 'a' } }, says: /body\.response\./ }),
  ],
  logOut: [{ what: 'no browser', code: 'unsupported' }],
  reauthenticationOptions: [{ what: 'no browser', code: 'unsupported' }],
  reauthenticate: [
    invalid('nothing', { body: {}, says: /totpCode or the response/ }),
    { what: 'no browser', body: { totpCode: '123456' }, code: 'unsupported' },
  ],
  getAccount: [invalid('a query', { query: 'x=1', says: /unknown key "x"/ })],
  changePassword: [
    invalid('a short one', {
      body: { currentPassword: 'x', newPassword: 'short' },
      says: /body\.newPassword: at least 8/,
    }),
    invalid('no old one', {
      body: { newPassword: 'long enough' },
      says: /body\.currentPassword: is missing/,
    }),
  ],
  renewRecoveryCodes: [{ what: 'no browser', code: 'unsupported' }],
  listPasskeys: [invalid('a query', { query: 'x=1', says: /unknown key "x"/ })],
  passkeyOptions: [{ what: 'no browser', code: 'unsupported' }],
  addPasskey: [invalid('no name', { body: { name: ' ', response: {} }, says: /body\.name: / })],
  removePasskey: [{ what: 'an unknown id', path: '/auth/passkeys/nothing', code: 'passkey_not_found' }],
  listWebSessions: [invalid('a query', { query: 'x=1', says: /unknown key "x"/ })],
  revokeWebSession: [
    {
      what: 'an unknown id',
      path: '/auth/sessions/nothing',
      code: 'web_session_not_found',
      says: /codepiper auth sessions/,
    },
    invalid('a long id', { path: `/auth/sessions/${'x'.repeat(81)}`, says: /params\.id: / }),
  ],
  revokeWebSessions: [invalid('a text', { body: { keepCurrent: 'yes' }, says: /body\.keepCurrent: / })],
  issueTicket: [{ what: 'no browser', code: 'unsupported' }],
  bootstrapAccount: [invalid('a query', { query: 'x=1', says: /unknown key "x"/ })],
  resetPassword: [
    invalid('nothing', { body: {}, says: /password, or generate/ }),
    invalid('both', { body: { password: 'long enough', generate: true }, says: /password, or generate/ }),
    invalid('a short one', { body: { password: 'short' }, says: /body\.password: at least 8/ }),
    invalid('a long one', { body: { password: 'x'.repeat(257) }, says: /body\.password: at most 256/ }),
  ],
  resetMfa: [{ what: 'no account', code: 'account_missing', says: /reset-password --generate/ }],
  listSessionEvents: [
    ...badCounts('limit'),
    invalid('a limit above the largest', { query: 'limit=1001', says: /query\.limit: / }),
    invalid('a negative id', { query: 'since=-1', says: /query\.since: / }),
    invalid('an unknown source', { query: 'source=moon', says: /query\.source: .*hook/ }),
    invalid('an unknown order', { query: 'order=up', says: /query\.order: / }),
    invalid('an empty type', { query: 'type=', says: /query\.type: / }),
    invalid('a near miss', { query: 'limmit=5', says: /did you mean "limit"/ }),
  ],
  listConversations: [
    ...badLimits,
    invalid('an unknown provider', { query: 'provider=gpt', says: /query\.provider: .*codex/ }),
    invalid('a directory that is not absolute', {
      query: 'workspace=src',
      says: /query\.workspace: .*absolute/,
    }),
    ...['x', '-', '1-', '1-2-3', '%00', '1-9e9', '9'.repeat(99)].map((cursor) =>
      invalid(`the cursor ${cursor}`, { query: `cursor=${cursor}`, says: /query\.cursor: .*earlier page/ }),
    ),
    { what: 'an unknown session', query: 'session=nobody', code: 'session_not_found', says: /nobody/ },
    invalid('a near miss', { query: 'limmit=5', says: /did you mean "limit"/ }),
  ],
  search: [
    invalid('nothing', { query: '', says: /query\.q: is missing/ }),
    invalid('an empty search', { query: 'q=', says: /query\.q: / }),
    invalid('a long search', { query: `q=${'x'.repeat(1001)}`, says: /query\.q: / }),
    ...['-', '%00', '()', '%F0%9F%8E%89', "'", '*', '%3B--', '...'].map((q) =>
      invalid(`the search ${q}`, { query: `q=${q}`, says: /has no word to look for/ }),
    ),
    ...['-a', 'x OR -y', '(-a) b'].map((q) =>
      invalid(`the search ${q}`, {
        query: `q=${encodeURIComponent(q)}`,
        says: /nothing but words to do without/,
      }),
    ),
    ...['"', 'a "b', 'x -"'].map((q) =>
      invalid(`the search ${q}`, { query: `q=${encodeURIComponent(q)}`, says: /quote is not closed/ }),
    ),
    ...['OR', 'OR a', 'a OR', 'a OR OR b'].map((q) =>
      invalid(`the search ${q}`, { query: `q=${encodeURIComponent(q)}`, says: /OR has nothing to look for/ }),
    ),
    invalid('an open parenthesis', { query: 'q=(a%20b', says: /parenthesis is not closed/ }),
    invalid('too many words', { query: `q=${'a+'.repeat(65)}`, says: /more than 64 words/ }),
    invalid('parentheses in parentheses', { query: `q=${'('.repeat(99)}`, says: /parentheses may be/ }),
    invalid('too short a beginning', { query: 'q=ab*', says: /3 letters are needed before/ }),
    ...badCounts('limit'),
    invalid('a limit above the largest', { query: 'q=a&limit=101', says: /query\.limit: / }),
    ...['gpt', '', '--help', '%00', '__proto__'].map((provider) =>
      invalid(`the provider ${provider}`, {
        query: `q=a&provider=${provider}`,
        says: /query\.provider: .*codex/,
      }),
    ),
    invalid('a directory that is not absolute', {
      query: 'q=a&workspace=src',
      says: /query\.workspace: .*absolute/,
    }),
    invalid('an unknown kind', { query: 'q=a&kind=anwser', says: /query\.kind: .*answer/ }),
    invalid('an empty tool', { query: 'q=a&tool=', says: /query\.tool: / }),
    invalid('a day that is none', { query: 'q=a&since=yesterday', says: /since is "yesterday"; it must be/ }),
    invalid('days in the wrong order', {
      query: 'q=a&since=2026-11-02&until=2026-11-01',
      says: /is not later than since/,
    }),
    ...['x', '-', '1-', '1-2-3', '%00', '1-9e9', '9'.repeat(99)].map((cursor) =>
      invalid(`the cursor ${cursor}`, {
        query: `q=a&cursor=${cursor}`,
        says: /query\.cursor: .*earlier page/,
      }),
    ),
    { what: 'an unknown session', query: 'q=a&session=nobody', code: 'session_not_found', says: /nobody/ },
    invalid('a near miss', { query: 'q=a&limmit=5', says: /did you mean "limit"/ }),
  ],
  getConversation: badConversations(''),
  listEntries: [...badConversations('/entries'), ...badEntries],
  listSessionEntries: badEntries,
  listSessionTurns: badLimits,
  listTranscriptEvents: [
    ...badPlaces,
    invalid('another source', { query: 'source=hook', says: /query\.source: .*transcript/ }),
    invalid('an empty type', { query: 'type=', says: /query\.type: / }),
  ],
  getEntry: [
    ...['-1', 'x', '1.5', '1e99', '%00', 'null'].map((id) =>
      invalid(`the number ${id}`, { path: `/entries/${id}`, says: /params/ }),
    ),
    { what: 'an unknown number', path: '/entries/999', code: 'entry_not_found', says: /999/ },
  ],
  startImport: [
    ...['gpt', 'shell', '__proto__', '--help'].map((provider) =>
      invalid(`the provider ${provider}`, { body: { provider }, says: /keeps no transcripts.*codex/ }),
    ),
    ...['', 5, null, 'x'.repeat(81)].map((provider) =>
      invalid(`the provider ${JSON.stringify(provider).slice(0, 9)}`, {
        body: { provider },
        says: /body\.provider: /,
      }),
    ),
    ...['<work>', [], ['src'], [''], ['~/x'], [5], Array<string>(101).fill('/tmp')].map((directories) =>
      invalid(`the directories ${JSON.stringify(directories).slice(0, 20)}`, {
        body: { directories },
        says: /body\.directories/,
      }),
    ),
    invalid('a directory that is not there', {
      body: { directories: ['<work>', '<work>/nowhere'] },
      says: /Nothing was imported: .*\/nowhere does not exist/,
    }),
    invalid('a file', { body: { directories: ['<file>'] }, says: /a-file is no directory/ }),
    invalid('a NUL', { body: { directories: ['/tmp/a\0b'] }, says: /cannot be read/ }),
    invalid('a near miss', { body: { directory: '/tmp' }, says: /did you mean "directories"/ }),
  ],
  getImport: badJobs('imports', /codepiper import/),
  startVerification: [],
  getVerification: badJobs('verifications', /codepiper verify/),
  transcriptStatus: [invalid('a query', { query: 'x=1', says: /unknown key "x"/ })],
  analyticsOverview: badUsage,
  analyticsTokens: badUsage,
  analyticsModels: badUsage,
  analyticsProviders: badUsage,
  analyticsActivity: [...badActivity, noModel],
  analyticsTools: [
    ...badActivity,
    ...badLimits,
    noModel,
    invalid('an unknown order', { query: 'order=up', says: /query\.order: .*slow/ }),
  ],
  analyticsSessions: [...badUsage, ...badLimits],
  analyticsTurns: [...badUsage, ...badLimits],
  analyticsFiles: [...badActivity, ...badLimits, noModel],
  analyticsWaste: badUsage,
  analyticsCostDrivers: badUsage,
  analyticsDecisions: [
    ...badPeriods,
    invalid('a directory', { query: 'workspace=/', says: /unknown key "workspace"/ }),
  ],
  listNotifications: [
    ...badCounts('limit'),
    invalid('a limit above the largest', { query: 'limit=201', says: /query\.limit: / }),
    ...['0', '-1', '1.5', 'x', ''].map((id) =>
      invalid(`before=${id}`, { query: `before=${id}`, says: /query\.before: / }),
    ),
    invalid('an unknown event', { query: 'eventType=done', says: /query\.eventType: .*session\.crashed/ }),
    invalid('no flag', { query: 'unreadOnly=yes', says: /query\.unreadOnly: / }),
    invalid('an empty session', { query: 'sessionId=', says: /query\.sessionId: / }),
    { what: 'an unknown session', query: 'sessionId=nobody', code: 'session_not_found' },
    invalid('a near miss', { query: 'evenType=session.crashed', says: /did you mean "eventType"/ }),
  ],
  countNotifications: [invalid('a query', { query: 'sessionId=x', says: /unknown key "sessionId"/ })],
  readNotification: [
    ...['0', '-1', 'x', '1.5', '%00'].map((id) =>
      invalid(`the id ${id}`, { path: `/notifications/${id}/read`, body: {}, says: /params/ }),
    ),
    { what: 'an unknown id', path: '/notifications/999999/read', body: {}, code: 'notification_not_found' },
    ...badReadSources('/notifications/1/read'),
  ],
  readNotifications: [
    ...badReadSources('/notifications/read'),
    ...[5, null, ''].map((sessionId) =>
      invalid(`the session ${sessionId}`, { body: { sessionId }, says: /body\.sessionId: / }),
    ),
    { what: 'an unknown session', body: { sessionId: 'nobody' }, code: 'session_not_found' },
  ],
  lookAtSession: [
    invalid('no page', { body: { sessionId: null }, says: /body\.page: is missing/ }),
    ...['short', 'with space', 'x'.repeat(65), 5, null].map((page) =>
      invalid(`the page ${page}`, { body: { page, sessionId: null }, says: /body\.page: / }),
    ),
    invalid('no session', { body: { page: 'page-0001' }, says: /body\.sessionId: is missing/ }),
    {
      what: 'an unknown session',
      body: { page: 'page-0001', sessionId: 'nobody' },
      code: 'session_not_found',
    },
  ],
  getNotificationPrefs: [],
  setNotificationPrefs: [
    invalid('nothing', { body: {}, says: /body\.enabled: is missing/ }),
    ...['true', 1, []].map((enabled) =>
      invalid(`enabled ${JSON.stringify(enabled)}`, { body: { enabled }, says: /body\.enabled: / }),
    ),
  ],
  pushStatus: [invalid('a query', { query: 'key=1', says: /unknown key "key"/ })],
  testPush: [
    ...['', 'x'.repeat(121), 5, null].map((title) =>
      invalid(`the title ${String(title).slice(0, 9)}`, { body: { title }, says: /body\.title: / }),
    ),
    invalid('a long text', { body: { body: 'x'.repeat(501) }, says: /body\.body: / }),
    invalid('an endpoint that is no address', { body: { endpoint: 'x' }, says: /body\.endpoint: / }),
    { what: 'an unknown session', body: { sessionId: 'nobody' }, code: 'session_not_found' },
  ],
  listPushSubscriptions: [invalid('a query', { query: 'id=1', says: /unknown key "id"/ })],
  putPushSubscription: [
    invalid('no keys', { body: { endpoint: 'https://push.example.com/x' }, says: /body\.keys: / }),
    ...['', 'x', 5, null, `https://push.example.com/${'x'.repeat(2048)}`].map((endpoint) =>
      invalid(`the endpoint ${String(endpoint).slice(0, 9)}`, {
        body: { endpoint, keys: pushKeys },
        says: /body\.endpoint: /,
      }),
    ),
    ...[
      'http://push.example.com/x',
      'ftp://push.example.com/x',
      'https://ada:secret@push.example.com/x',
      'https://10.0.0.1/x',
      'https://169.254.169.254/latest/meta-data',
      'https://[fd00::1]/x',
    ].map((endpoint) =>
      invalid(endpoint, { body: { endpoint, keys: pushKeys }, says: /The subscription cannot be used/ }),
    ),
    invalid('a key that is no point', {
      body: {
        endpoint: 'https://push.example.com/x',
        keys: { ...pushKeys, p256dh: Buffer.alloc(65, 4).toString('base64url') },
      },
      says: /no point of P-256/,
    }),
    invalid('a short secret', {
      body: { endpoint: 'https://push.example.com/x', keys: { ...pushKeys, auth: 'AAAA' } },
      says: /body\.keys\.auth: /,
    }),
    invalid('a foreign key', {
      body: { endpoint: 'https://push.example.com/x', keys: { ...pushKeys, more: 'x' } },
      says: /unknown key "more"/,
    }),
  ],
  removePushSubscription: [
    invalid('nothing', { body: {}, says: /body\.endpoint: is missing/ }),
    invalid('no address', { body: { endpoint: 'x' }, says: /body\.endpoint: / }),
  ],
  listApprovals: [
    ...badCounts('limit'),
    invalid('a limit above the largest', { query: 'limit=1001', says: /query\.limit: / }),
    invalid('an unknown status', { query: 'status=open', says: /query\.status: .*pending/ }),
    invalid('an empty status', { query: 'status=', says: /query\.status: / }),
    invalid('an unknown kind', { query: 'kind=tools', says: /query\.kind: .*question/ }),
    invalid('an empty session', { query: 'session=', says: /query\.session: / }),
    { what: 'an unknown session', query: 'session=nobody', code: 'session_not_found' },
    invalid('a near miss', { query: 'stauts=denied', says: /did you mean "status"/ }),
  ],
  getApproval: [
    ...noApprovals(''),
    invalid('a long id', { path: `/approvals/${'a'.repeat(81)}`, says: /params\.id: / }),
    invalid('a NUL', { path: '/approvals/%00' }),
  ],
  proposeRule: [...badKeptRules, ...noApprovals('/proposal', {})],
  approve: [
    ...badKeptRules,
    ...badNotes('note'),
    ...['forever', '', 1, null].map((grant) =>
      invalid(`the grant ${JSON.stringify(grant)}`, { body: { grant }, says: /body\.grant: .*once/ }),
    ),
    ...['yes', ['yes'], { q: 1 }, { q: '' }, { '': 'x' }, { q: 'x'.repeat(10_001) }].map((answers) =>
      invalid(`the answers ${JSON.stringify(answers).slice(0, 30)}`, {
        body: { answers },
        says: /body\.answers/,
      }),
    ),
    invalid('a near miss', { body: { grnat: 'once' }, says: /did you mean "grant"/ }),
    ...noApprovals('/approve', {}),
  ],
  deny: [
    ...badNotes('reason'),
    invalid('a near miss', { body: { raeson: 'x' }, says: /did you mean "reason"/ }),
    ...noApprovals('/deny', {}),
  ],
  approveLike: [
    ...badNotes('note'),
    invalid('a grant', { body: { grant: 'always' }, says: /unknown key "grant"/ }),
    ...noApprovals('/approve-like', {}),
  ],
  trustSession: [
    invalid('nothing', { body: {}, says: /body\.seconds: is missing/ }),
    ...[-1, 86_401, 1e12, 1.5, '60', null, true].map((seconds) =>
      invalid(`${JSON.stringify(seconds)} seconds`, { body: { seconds }, says: /body\.seconds: / }),
    ),
    {
      what: 'an ended session',
      path: '/sessions/ended/trust',
      body: { seconds: 60 },
      code: 'session_ended',
      says: /has ended/,
    },
  ],
  listDecisions: [
    ...badCounts('limit'),
    invalid('a limit above the largest', { query: 'limit=1001', says: /query\.limit: / }),
    invalid('a place before the first', { query: 'before=0', says: /query\.before: / }),
    invalid('an unknown decision', { query: 'decision=maybe', says: /query\.decision: .*deny/ }),
    invalid('no time', { query: 'since=yesterday', says: /query\.since: / }),
    invalid('a time without a zone', { query: 'since=2026-11-21T10:00:00', says: /query\.since: / }),
    invalid('an empty tool', { query: 'tool=', says: /query\.tool: / }),
    invalid('an empty call', { query: 'callId=', says: /query\.callId: / }),
    invalid('no end', { query: 'until=tomorrow', says: /query\.until: / }),
    invalid('an empty session', { query: 'sessionId=', says: /query\.sessionId: / }),
    invalid('a near miss', { query: 'sesionId=x', says: /did you mean "sessionId"/ }),
  ],
  verifyTrail: [invalid('a query', { query: 'expect=1', says: /unknown key "expect"/ })],
  listPolicies: [
    invalid('enabled=perhaps', { query: 'enabled=perhaps', says: /query\.enabled: .*true/ }),
    invalid('an empty session', { query: 'sessionId=', says: /query\.sessionId: / }),
    invalid('a near miss', { query: 'enabeld=1', says: /did you mean "enabled"/ }),
    { what: 'an unknown session', query: 'sessionId=nobody', code: 'session_not_found' },
  ],
  createPolicy: [
    invalid('nothing', { body: {}, says: /body\.name: is missing; body\.rules: is missing/ }),
    policy('no rules', { rules: [] }, /body\.rules: a policy needs at least one rule/),
    policy('one rule for a list', { rules: { action: 'deny' } }, /body\.rules: /),
    policy('too many rules', { rules: Array(1001).fill({ action: 'deny' }) }, /body\.rules: /),
    ...badRules.map(({ what, rule, says }) => policy(what, { rules: [{ action: 'deny' }, rule] }, says)),
    policy('a foreign key', { rule: [] }, /unknown key "rule"; did you mean "rules"/),
    policy('an empty name', { name: '   ' }, /body\.name: /),
    policy('a huge name', { name: 'x'.repeat(101) }, /body\.name: /),
    ...badIds.map((bad) => policy(`the id ${JSON.stringify(bad).slice(0, 30)}`, { id: bad }, /body\.id: /)),
    policy('an id of the rules file', { id: 'file:x' }, /belong to the rules file/),
    { ...policy('an id that ships', { id: shipped }, /another id/), code: 'policy_exists' },
    policy('a priority that is no whole number', { priority: 1.5 }, /body\.priority: /),
    policy('a priority that is too high', { priority: 1_000_001 }, /body\.priority: /),
    policy('an unknown scope', { scope: 'team' }, /body\.scope: .*global/),
    policy('a session scope without a session', { scope: 'session' }, /needs a session/),
    policy('a set scope with a session', { scope: 'set', sessionId: 'good' }, /has scope session, not set/),
    { ...policy('an unknown session', { sessionId: 'nobody' }, /nobody/), code: 'session_not_found' },
    policy('a time without a zone', { expiresAt: '2027-01-01T00:00:00' }, /body\.expiresAt: /),
    policy('a text for a flag', { enabled: 'yes' }, /body\.enabled: /),
    policy('a huge description', { description: 'x'.repeat(1001) }, /body\.description: /),
  ],
  getPolicy: unknownPolicy(''),
  updatePolicy: [
    ...unknownPolicy('', { name: 'x' }),
    invalid('nothing', { path: `/policies/${shipped}`, body: {}, says: /nothing to change/ }),
    invalid('a near miss', {
      path: `/policies/${shipped}`,
      body: { nmae: 'x' },
      says: /did you mean "name"/,
    }),
    invalid('its id', { path: `/policies/${shipped}`, body: { id: 'x' }, says: /unknown key "id"/ }),
    readOnly(`/policies/${shipped}`, { enabled: false }),
  ],
  removePolicy: [...unknownPolicy(''), readOnly(`/policies/${shipped}`)],
  listPolicySets: [invalid('a query', { query: 'default=1', says: /unknown key "default"/ })],
  createPolicySet: [
    invalid('nothing', { body: {}, says: /body\.name: is missing/ }),
    ...badIds.map((id) =>
      invalid(`the id ${JSON.stringify(id).slice(0, 30)}`, { body: { name: 'x', id }, says: /body\.id: / }),
    ),
    {
      what: 'an id that ships',
      body: { name: 'x', id: 'careful' },
      code: 'policy_exists',
      says: /another id/,
    },
    {
      what: 'an unknown policy',
      body: { name: 'x', policyIds: ['nothing'] },
      code: 'policy_not_found',
      says: /policy list/,
    },
    invalid('a policy twice', {
      body: { name: 'x', policyIds: [shipped, shipped] },
      says: /body\.policyIds\.1: .*twice/,
    }),
    invalid('one text for a list', { body: { name: 'x', policyIds: shipped }, says: /body\.policyIds: / }),
    invalid('a near miss', { body: { name: 'x', isDefualt: true }, says: /did you mean "isDefault"/ }),
  ],
  getPolicySet: unknownSet(''),
  updatePolicySet: [
    ...unknownSet('', { name: 'x' }),
    invalid('nothing', { path: '/policy-sets/careful', body: {}, says: /nothing to change/ }),
    readOnly('/policy-sets/careful', { name: 'x' }),
  ],
  removePolicySet: [...unknownSet(''), readOnly('/policy-sets/careful')],
  addPolicyToSet: [
    ...unknownSet('/policies', { policyId: shipped }),
    invalid('nothing', {
      path: '/policy-sets/careful/policies',
      body: {},
      says: /body\.policyId: is missing/,
    }),
    readOnly('/policy-sets/careful/policies', { policyId: shipped }),
  ],
  removePolicyFromSet: [
    ...unknownSet(`/policies/${shipped}`),
    invalid('what is no id', { path: '/policy-sets/careful/policies/%2e%2e', says: /params\.policyId: / }),
    readOnly(`/policy-sets/careful/policies/${shipped}`),
  ],
  listSessionPolicySets: [],
  applyPolicySet: [
    invalid('nothing', { body: {}, says: /body\.policySetId: is missing/ }),
    invalid('what is no id', { body: { policySetId: '../x' }, says: /body\.policySetId: / }),
    {
      what: 'an unknown set',
      body: { policySetId: 'carefull' },
      code: 'policy_set_not_found',
      says: /Did you mean "careful"/,
    },
  ],
  withdrawPolicySet: [
    {
      what: 'a set it does not have',
      path: '/sessions/:id/policy-sets/ci',
      code: 'policy_set_not_found',
      says: /does not have/,
    },
    invalid('what is no id', { path: '/sessions/:id/policy-sets/%2e%2e', says: /params\.setId: / }),
  ],
  effectivePolicies: [],
  getSessionPolicy: [],
  setSessionPolicy: [
    invalid('nothing', { body: {}, says: /body\.policy: is missing/ }),
    ...badRules.map(({ what, rule, says }) =>
      invalid(what, {
        body: { policy: { rules: [rule, rule] } },
        says: new RegExp(says.source.replace('body', 'body\\.policy').replace('1', '0')),
      }),
    ),
    invalid('an id', {
      body: { policy: { id: 'x', rules: [{ action: 'deny' }] } },
      says: /unknown key "id"/,
    }),
  ],
  getDefault: [
    invalid('an empty session', { query: 'session=', says: /query\.session: / }),
    { what: 'an unknown session', query: 'session=nobody', code: 'session_not_found' },
  ],
  setDefault: [
    invalid('nothing', { body: {}, says: /body\.action: / }),
    invalid('allow', { body: { action: 'allow' }, says: /body\.action: .*deny/ }),
    invalid('a near miss', { body: { action: 'ask', sesion: 'good' }, says: /did you mean "session"/ }),
    { what: 'an unknown session', body: { action: 'ask', session: 'nobody' }, code: 'session_not_found' },
  ],
  explain: [
    invalid('nothing', { body: {}, says: /body\.tool: is missing; body\.input: is missing/ }),
    invalid('no place', { body: { tool: 'shell', input: {} }, says: /either a session or a cwd/ }),
    invalid('two places', {
      body: { tool: 'shell', input: {}, session: 'good', cwd: '/' },
      says: /either a session or a cwd/,
    }),
    invalid('a relative directory', { body: { tool: 'shell', input: {}, cwd: 'x' }, says: /absolute path/ }),
    invalid('a text for an input', { body: { tool: 'shell', input: 'ls', cwd: '/' }, says: /body\.input: / }),
    invalid('an empty tool', { body: { tool: '', input: {}, cwd: '/' }, says: /body\.tool: / }),
    invalid('sets of a session', {
      body: { tool: 'shell', input: {}, session: 'good', policySets: [] },
      says: /body\.policySets: /,
    }),
    invalid('a draft without rules', {
      body: { tool: 'shell', input: {}, cwd: '/', draft: { policies: [{ name: 'x' }] } },
      says: /body\.draft\.policies\.0\.rules: is missing/,
    }),
    {
      what: 'an unknown set',
      body: { tool: 'shell', input: {}, cwd: '/', policySets: ['nothing'] },
      code: 'policy_set_not_found',
    },
    {
      what: 'an unknown session',
      body: { tool: 'shell', input: {}, session: 'nobody' },
      code: 'session_not_found',
    },
  ],
  readRules: [
    invalid('nothing', { body: {}, says: /body\.text: is missing/ }),
    invalid('no text', { body: { text: [] }, says: /body\.text: / }),
    invalid('too much', { body: { text: ' '.repeat(500_001) }, says: /body\.text: / }),
  ],
  lintPolicies: [
    invalid('a text for a draft', { body: { draft: 'x' }, says: /body\.draft: / }),
    invalid('a draft without policies', { body: { draft: {} }, says: /body\.draft\.policies: is missing/ }),
    invalid('a policy of a session', {
      body: { draft: { policies: [{ name: 'x', sessionId: 'good', rules: [{ action: 'deny' }] }] } },
      says: /unknown key "sessionId"/,
    }),
  ],
  replayPolicies: [
    invalid('nothing', { body: {}, says: /body\.draft: is missing/ }),
    invalid('a bad rule', {
      body: { draft: { policies: [{ name: 'x', rules: [{ action: 'dney' }] }] } },
      says: /body\.draft\.policies\.0\.rules\.0\.action: /,
    }),
    invalid('no time', { body: { draft: { policies: [] }, since: '7d' }, says: /body\.since: / }),
    invalid('an unknown default', {
      body: { draft: { policies: [] }, defaultAction: 'allow' },
      says: /body\.defaultAction: /,
    }),
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
    create(
      'an unknown policy set',
      { policySets: ['carefull'] },
      /Did you mean "careful"/,
      'policy_set_not_found',
    ),
    create('one text for policy sets', { policySets: 'ci' }, /body\.policySets: /),
    create('an unknown default', { policyDefault: 'allow' }, /body\.policyDefault: .*deny/),
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
  createTerminalTicket: [
    invalid('a role there is not', { body: { role: 'owner' } }),
    invalid('no time at all', { body: { ttlSeconds: 0 } }),
    invalid('more than an hour', { body: { ttlSeconds: 3601 } }),
    invalid('half a second', { body: { ttlSeconds: 0.5 } }),
    invalid('a text for a number', { body: { ttlSeconds: '60' } }),
    { what: 'no session', path: '/sessions/nobody/terminal/tickets', body: {}, code: 'session_not_found' },
    { what: 'an ended session', path: '/sessions/ended/terminal/tickets', body: {}, code: 'session_ended' },
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
  getRecording: [invalid('a query', { query: 'from=1', says: /query: / })],
  switchRecording: [
    invalid('nothing', { body: {}, says: /body\.on: is missing/ }),
    invalid('a text for a switch', { body: { on: 'yes' }, says: /body\.on: / }),
    invalid('a near miss', { body: { On: true }, says: /body: / }),
    { what: 'no session', path: '/sessions/nobody/recording', body: { on: true }, code: 'session_not_found' },
  ],
  removeRecording: [
    invalid('a query', { query: 'all=1', says: /query: / }),
    { what: 'no session', path: '/sessions/nobody/recording', code: 'session_not_found' },
  ],
  uploadImage: [],
  transcribe: [],
  voiceStatus: [invalid('a query', { query: 'verbose=1', says: /unknown key "verbose"/ })],
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

const formType = { 'content-type': 'multipart/form-data; boundary=xxx' };
const formPart = (head: string, content: string) => raw(`--xxx\r\n${head}\r\n\r\n${content}\r\n--xxx--\r\n`);
const form = 'multipart/form-data';
/** What is no form with one file in the field the endpoint takes. */
export const badForms: Omit<Bad, 'path'>[] = [
  invalid('nothing', { says: /multipart\/form-data/ }),
  invalid('JSON', { body: { image: 'x', audio: 'x' }, says: /multipart\/form-data/ }),
  invalid('half of JSON', { body: raw('{"a":'), says: /multipart\/form-data/ }),
  invalid('bytes', { body: Buffer.alloc(8), headers: { 'content-type': 'image/png' }, says: /multipart/ }),
  invalid('no boundary', { body: raw('x'), headers: { 'content-type': form }, says: /cannot be read/ }),
  invalid('an empty form', { body: raw('--xxx--\r\n'), headers: formType, says: /no file|cannot be read/ }),
  invalid('half of a form', { body: raw('--xxx\r\nContent-'), headers: formType, says: /cannot be read/ }),
  invalid('no form', { body: raw('hello'), headers: formType, says: /cannot be read/ }),
  invalid('a text for a file', {
    body: formPart('Content-Disposition: form-data; name="image"', 'x'),
    headers: formType,
    says: /has a part "image"; it must have one file/,
  }),
  invalid('another field', {
    body: formPart('Content-Disposition: form-data; name="picture"; filename="a.png"', 'x'),
    headers: formType,
    says: /has a part "picture"/,
  }),
  invalid('a file that never ends', {
    body: raw('--xxx\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\nx'),
    headers: formType,
  }),
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
