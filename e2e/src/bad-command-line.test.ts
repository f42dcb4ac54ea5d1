import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtCli, House } from '@codepiper/testkit/house.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Bad {
  args: string[];
  /** Exit code: 1 failed, 2 usage, 3 daemon not running, 4 not found. */
  exit: 1 | 2 | 3 | 4;
  says: RegExp;
  input?: string | Uint8Array;
  env?: Record<string, string>;
}

let house: House;
let work: string;
let before: unknown;
beforeAll(async () => {
  house = await House.open();
  work = await house.workDirectory();
  await writeFile(join(work, 'a-file'), 'no variables here\n');
  await house.create({ provider: 'shell', name: 'good', args: ['sleep', '1000'] });
  await house.create({ provider: 'shell', name: 'ended', args: ['true'] });
  await house.until('ended', 'ended', (session) => session.endedAt !== null);
  await house.until('good', 'running', ({ status, pid }) => status === 'running' && pid !== null);
  before = await everything();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

async function everything(): Promise<unknown> {
  const sessions = await house.sessions();
  return {
    sessions,
    deliveries: await Promise.all(sessions.map(({ id }) => house.deliveries(id))),
    panes: await house.tmux('list-panes', '-a', '-F', '#{session_name} #{pane_width}x#{pane_height}'),
  };
}

const usage = (says: RegExp, ...args: string[]): Bad => ({ args, exit: 2, says });
const failed = (says: RegExp, ...args: string[]): Bad => ({ args, exit: 1, says });
const unknown = (command: string, ...more: string[]): Bad => ({
  args: [command, 'nobody', ...more],
  exit: 4,
  says: /Session not found: nobody\. .*codepiper sessions/,
});
const missing = (command: string, name: string): Bad =>
  usage(new RegExp(`^Error: ${name} is required: codepiper ${command} `), command);
const empty = (command: string, ...more: string[]): Bad => usage(/<session> is empty/, command, '', ...more);
const start = (exit: Bad['exit'], says: RegExp, ...args: string[]): Bad => ({
  args: ['start', '-p', 'shell', ...args],
  exit,
  says,
});

/** What each command refuses. A command that is not here fails the test below. */
const cases: Record<string, Bad[]> = {
  start: [
    usage(/Invalid provider: bogus\. Must be one of: claude-code, codex, shell/, 'start', '-p', 'bogus'),
    usage(/-p needs a value/, 'start', '-p', '--help'),
    usage(/Invalid provider: --help/, 'start', '--provider=--help'),
    failed(/Codex is not installed: .*npm install/, 'start', '-p', 'codex'),
    start(2, /no such directory/, '-d', '/nowhere/at/all'),
    start(2, /is not a directory/, '-d', '<work>/a-file'),
    start(2, /--dir is empty/, '-d', ''),
    start(2, /body\.model: .*starts with a letter/, '--model=--dangerously-skip-permissions'),
    start(2, /--model needs a value/, '--model', '--dangerously-skip-permissions'),
    start(2, /providerSessionId/, '--resume=-x'),
    start(2, /--resume and --fork exclude/, '--resume', 'a', '--fork', 'b'),
    start(1, /leave --model out|no models/, '--model', 'opus'),
    start(1, /no dangerous mode/, '--dangerous'),
    start(1, /named "good"/, '--name', 'good'),
    start(2, /body\.name: /, '--name', ''),
    start(2, /body\.name: /, '--name', 'a\nb'),
    start(2, /must not begin with "-"/, '--name=-x'),
    start(2, /--env needs KEY=VALUE; got "FOO"/, '--env', 'FOO'),
    start(2, /"A B" is no name of a variable/, '--env', 'A B=1'),
    start(2, /no name of a variable/, '--env', '=1'),
    start(2, /a-file/, '--env-file', '<work>/a-file'),
    start(2, /--billing is "free"; it must be subscription or api/, '--billing', 'free'),
    start(4, /Did you mean "careful"/, '--policy', 'carefull'),
    start(2, /--policy none excludes/, '--policy', 'none', '--policy', 'ci'),
    start(2, /--policy-default is "allow"; it must be ask or deny/, '--policy-default', 'allow'),
    start(2, /needs a terminal/, '--attach'),
    start(2, /--nmae\. Did you mean --name\?/, '--nmae', 'x'),
    start(2, /"htop" is one argument too many/, 'htop'),
    {
      args: ['start', '-p', 'shell', '--prompt', '-'],
      exit: 2,
      says: /stdin has more than 1 MB/,
      input: 'x'.repeat(2_000_000),
    },
    {
      args: ['start', '-p', 'shell', '--prompt', '-'],
      exit: 2,
      says: /not valid UTF-8/,
      input: Uint8Array.of(0xff, 0xfe),
    },
    { args: ['start', '-p', 'shell', '--prompt', '-'], exit: 2, says: /NUL/, input: 'a\0b' },
  ],
  sessions: [
    usage(/--status is "dead"; it must be starting or running/, 'sessions', '--status', 'dead'),
    usage(/Invalid provider: gpt/, 'sessions', '-p', 'gpt'),
    usage(/--format is "xml"; it must be table or json/, 'sessions', '--format', 'xml'),
    usage(/"extra" is one argument too many/, 'sessions', 'extra'),
    usage(/--live takes no value/, 'sessions', '--live=yes'),
    usage(/must be an absolute path/, 'sessions', '--socket', 'relative'),
  ],
  show: [missing('show', '<session>'), unknown('show'), empty('show')],
  stop: [
    missing('stop', '<session>'),
    unknown('stop'),
    empty('stop'),
    usage(
      /--timeout is "soon"; it must be a whole number from 0 to 600/,
      'stop',
      'good',
      '--timeout',
      'soon',
    ),
    usage(/--timeout needs a value|-1/, 'stop', 'good', '--timeout', '-1'),
    usage(/not both/, 'stop', '--all', 'good'),
    usage(/add --yes/, 'stop', '--all'),
  ],
  auth: [
    usage(/<action> is required/, 'auth'),
    usage(/Did you mean status\?/, 'auth', 'statsu'),
    usage(/--generate belongs to auth reset-password/, 'auth', 'status', '--generate'),
    usage(/one argument too many/, 'auth', 'reset-password', 'secret'),
    usage(/add --yes/, 'auth', 'reset-mfa'),
    failed(/no account yet/, 'auth', 'reset-mfa', '--yes'),
    { args: ['auth', 'reset-password'], exit: 2, says: /at least 8 characters/, input: 'short' },
    { args: ['auth', 'reset-password'], exit: 2, says: /several lines/, input: 'long enough\nagain' },
    { args: ['auth', 'revoke', 'nothing'], exit: 4, says: /No signed-in device has the id nothing/ },
    usage(/<device> is required/, 'auth', 'revoke'),
  ],
  kill: [missing('kill', '<session>'), unknown('kill'), empty('kill'), usage(/add --yes/, 'kill', '--all')],
  resume: [
    missing('resume', '<session>'),
    unknown('resume'),
    empty('resume'),
    failed(/is (still )?live/, 'resume', 'good'),
  ],
  fork: [
    missing('fork', '<session>'),
    unknown('fork'),
    empty('fork'),
    failed(/no conversations to fork/, 'fork', 'good'),
  ],
  recover: [
    missing('recover', '<session>'),
    unknown('recover'),
    empty('recover'),
    failed(/codepiper resume/, 'recover', 'ended'),
  ],
  rename: [
    missing('rename', '<session>'),
    unknown('rename', 'x'),
    empty('rename', 'x'),
    usage(/<name> is required/, 'rename', 'good'),
    usage(/not both/, 'rename', 'good', 'x', '--clear'),
    usage(/body\.name: /, 'rename', 'good', ''),
    usage(/at most 80/, 'rename', 'good', 'x'.repeat(81)),
    failed(/named "ended"/, 'rename', 'good', 'ended'),
  ],
  rm: [
    missing('rm', '<session>'),
    unknown('rm'),
    empty('rm'),
    failed(/Stop it first: codepiper stop/, 'rm', 'good'),
  ],
  attach: [
    missing('attach', '<session>'),
    usage(/needs a terminal/, 'attach', 'good'),
    usage(/needs a terminal/, 'attach', 'good', '--stream'),
    usage(/--take belongs to --stream/, 'attach', 'good', '--take'),
    usage(/with --read-only nothing is changed/, 'attach', 'good', '--stream', '--take', '--read-only'),
  ],
  send: [
    missing('send', '<session>'),
    unknown('send', 'x'),
    empty('send', 'x'),
    usage(/empty/, 'send', 'good', ''),
    usage(/there is no file/, 'send', 'good', 'x', '--image', '/no/such.png'),
    usage(/needs a value/, 'send', 'good', 'x', '--image'),
    usage(/empty/, 'send', 'good'),
    { args: ['send', 'good', '-'], exit: 2, says: /not valid UTF-8/, input: Uint8Array.of(0x61, 0xc3) },
    { args: ['send', 'good', '-'], exit: 2, says: /more than 1 MB/, input: 'x'.repeat(9_000_000) },
    usage(/--wait is "x"; it must be a whole number from 0 to 600/, 'send', 'good', 'x', '--wait', 'x'),
    usage(/exclude each other/, 'send', 'good', 'x', '--wait', '1', '--no-wait'),
    usage(/goes behind --/, 'send', 'good', '- a list'),
    failed(/codepiper resume/, 'send', 'ended', 'x'),
  ],
  keys: [
    missing('keys', '<session>'),
    unknown('keys', 'a'),
    empty('keys', 'a'),
    usage(/<key> is required/, 'keys', 'good'),
    usage(/no key "enterr"\. Did you mean enter\?/, 'keys', 'good', 'enterr'),
    usage(/no key "constructor"/, 'keys', 'good', 'constructor'),
    usage(/101 keys are too many/, 'keys', 'good', ...Array<string>(101).fill('a')),
    failed(/codepiper resume/, 'keys', 'ended', 'a'),
  ],
  slash: [
    missing('slash', '<session>'),
    unknown('slash', 'compact'),
    empty('slash', 'compact'),
    usage(/<command> is required/, 'slash', 'good'),
    usage(/letters, digits/, 'slash', 'good', 'a b'),
    failed(/no slash commands; use send/, 'slash', 'good', 'compact'),
  ],
  interrupt: [
    missing('interrupt', '<session>'),
    unknown('interrupt'),
    empty('interrupt'),
    failed(/codepiper resume/, 'interrupt', 'ended'),
  ],
  model: [
    missing('model', '<session>'),
    unknown('model'),
    empty('model'),
    usage(/body\.model: /, 'model', 'good', 'a b'),
    failed(/not supported for provider shell/, 'model', 'good', 'opus'),
  ],
  resize: [
    missing('resize', '<session>'),
    unknown('resize', '80', '24'),
    empty('resize', '80', '24'),
    usage(/<rows> is required/, 'resize', 'good', '80'),
    ...['0', '1', '-1', '1e3', '1000000000', '80.5', 'x', ''].map((columns) =>
      usage(/columns|has no option/, 'resize', 'good', columns, '24'),
    ),
    failed(/codepiper resume/, 'resize', 'ended', '80', '24'),
  ],
  replay: [
    missing('replay', '<session>'),
    unknown('replay'),
    unknown('replay', '--at', 'turn 1'),
    empty('replay'),
    usage(/--at is "soon"; it must be seconds, mm:ss/, 'replay', 'good', '--at', 'soon'),
    usage(/--at is "1:99"/, 'replay', 'good', '--at', '1:99'),
    usage(/--speed is "0"; it must be a number from 0\.1 to 100/, 'replay', 'good', '--speed', '0'),
    usage(/--speed needs a terminal/, 'replay', 'good', '--speed', '2'),
    usage(/--idle-limit needs a terminal/, 'replay', 'good', '--idle-limit', '1'),
    usage(/The recording has no turns/, 'replay', 'good', '--at', 'turn 9'),
  ],
  record: [
    usage(/<action> is required/, 'record'),
    usage(/<session> is required/, 'record', 'status'),
    usage(/cannot "pause"/, 'record', 'pause', 'good'),
    ...['status', 'on', 'off', 'export', 'delete'].map((action) => ({
      ...unknown('record'),
      args: ['record', action, 'nobody'],
    })),
    usage(/one argument too many/, 'record', 'on', 'good', 'ended'),
    usage(/--output belongs to record export, not to on/, 'record', 'on', 'good', '-o', 'x'),
    usage(/--format v2 belongs to record export/, 'record', 'status', 'good', '-f', 'v2'),
    usage(/--format is "gif"; it must be v2 or v3 or txt/, 'record', 'export', 'good', '-f', 'gif'),
    usage(/a-file is there already; .*--force/, 'record', 'export', 'good', '-o', '<work>/a-file'),
    usage(/--force belongs to --output/, 'record', 'export', 'good', '--force'),
    usage(/it has no --json/, 'record', 'export', 'good', '--json'),
    usage(/--at is "soon"/, 'record', 'export', 'good', '--at', 'soon'),
  ],
  tail: [
    missing('tail', '<session>'),
    unknown('tail'),
    unknown('tail', '--follow'),
    empty('tail'),
    usage(/--lines is "0"; it must be a whole number from 1 to 10000/, 'tail', 'good', '-n', '0'),
    usage(/no --json/, 'tail', 'good', '-f', '--format', 'json'),
    usage(/--lines is "0"/, 'tail', 'good', '--conversation', '-n', '0'),
    unknown('tail', '--conversation'),
    unknown('tail', '--conversation', '--follow'),
  ],
  logs: [
    missing('logs', '<session>'),
    unknown('logs'),
    unknown('logs', '--follow'),
    empty('logs'),
    usage(/--tail is "x"/, 'logs', 'good', '-n', 'x'),
    usage(/source/, 'logs', 'good', '--source', 'moon'),
    usage(/--since is "-5"|--since needs/, 'logs', 'good', '--since', '-5'),
    usage(/--messages is --source transcript/, 'logs', 'good', '-m', '--source', 'hook'),
    usage(/--messages is --source transcript/, 'logs', 'good', '-m', '--type', 'answer'),
    unknown('logs', '-m'),
  ],
  export: [
    usage(/is required/, 'export'),
    empty('export'),
    { args: ['export', 'nobody'], exit: 4, says: /Neither a session nor a conversation is called "nobody"/ },
    { args: ['export', '../../etc'], exit: 4, says: /Neither a session nor a conversation/ },
    { args: ['export', 'good'], exit: 4, says: /Session good has no conversation/ },
    { args: ['export', 'good', '-o', '<work>/good.html'], exit: 4, says: /Session good has no conversation/ },
    usage(/--format is "pdf"; it must be markdown or json or html/, 'export', 'good', '-f', 'pdf'),
    usage(/"good.txt" says no format/, 'export', 'good', '-o', 'good.txt'),
    usage(/a-file is there already; .*--force/, 'export', 'good', '-f', 'json', '-o', '<work>/a-file'),
    usage(/is a directory/, 'export', 'good', '-f', 'json', '-o', '<work>'),
    usage(/--force belongs to --output/, 'export', 'good', '--force'),
    usage(/one argument too many/, 'export', 'good', 'ended'),
  ],
  backup: [
    usage(/\[directory\] is empty/, 'backup', ''),
    failed(/work is there already/, 'backup', '<work>'),
    failed(/a-file is there already/, 'backup', '<work>/a-file'),
    failed(/EEXIST|ENOTDIR|not a directory/, 'backup', '<work>/a-file/below'),
    usage(/one argument too many/, 'backup', 'a', 'b'),
  ],
  restore: [
    usage(/<directory> is required/, 'restore'),
    usage(/<directory> is empty/, 'restore', ''),
    failed(/is no backup/, 'restore', '<work>'),
    failed(/is no backup: it has no manifest.json/, 'restore', '<work>', '--check'),
    failed(/is no backup/, 'restore', '/nowhere/at/all', '--check'),
    failed(/is no backup/, 'restore', '<work>/a-file', '--check'),
  ],
  search: [
    usage(/<words> is required/, 'search'),
    usage(/<words> is required/, 'search', '', ' '),
    usage(/"-" has no word to look for/, 'search', '-'),
    usage(/there is nothing but words to do without/, 'search', '--', '-x'),
    usage(/Text that begins with "-" goes behind --/, 'search', '-x y'),
    usage(/the quote is not closed/, 'search', '"x'),
    usage(/--kind is "anwser"/, 'search', 'x', '--kind', 'anwser'),
    usage(/--limit is "0"/, 'search', 'x', '-n', '0'),
    usage(/--workspace and --cwd are the same/, 'search', 'x', '--cwd', '.', '--workspace', '.'),
    usage(/there is no provider "gpt"/, 'search', 'x', '--provider', 'gpt'),
    usage(/since is "yesterday"; it must be a date like/, 'search', 'x', '--since', 'yesterday'),
    { args: ['search', 'x', '--session', 'nobody'], exit: 4, says: /Session not found: nobody/ },
  ],
  conversations: [
    usage(/cannot "shwo"\. Did you mean show\?/, 'conversations', 'shwo'),
    usage(/<conversation> is required/, 'conversations', 'show'),
    usage(/<conversation> is required/, 'conversations', 'show', ''),
    usage(/"x" is one argument too many/, 'conversations', 'show', '1', 'x'),
    usage(/--provider belongs to the list/, 'conversations', 'show', '1', '--provider', 'codex'),
    usage(/--limit is "0"/, 'conversations', '-n', '0'),
    usage(/there is no provider "gpt"/, 'conversations', '--provider', 'gpt'),
    { args: ['conversations', '--session', 'nobody'], exit: 4, says: /Session not found: nobody/ },
    { args: ['conversations', 'show', 'nobody'], exit: 4, says: /No conversation has the id "nobody"/ },
    { args: ['conversations', 'show', '--', '-x'], exit: 2, says: /takes nothing behind --/ },
  ],
  import: [
    usage(/\[directory\] is empty/, 'import', ''),
    usage(/Nothing was imported: \/nowhere\/at\/all does not exist/, 'import', '/nowhere/at/all'),
    usage(/a-file is no directory; give the one it lies in/, 'import', '<work>', '<work>/a-file'),
    usage(/--provider is "shell"; it must be claude-code or codex/, 'import', '--provider', 'shell'),
    usage(/--provider needs a value/, 'import', '--provider'),
    usage(/has no option --dir\b/, 'import', '--dir', '/tmp'),
    usage(/--detach takes no value/, 'import', '--detach=yes'),
  ],
  verify: [
    usage(/"x" is one argument too many/, 'verify', 'x'),
    usage(/has no option --db/, 'verify', '--db', 'x'),
  ],
  analytics: [
    usage(/no view "token"\. Did you mean tokens\?/, 'analytics', 'token'),
    usage(/no view "constructor"\. There are overview, tokens/, 'analytics', 'constructor'),
    usage(/"x" is one argument too many/, 'analytics', 'tokens', 'x'),
    usage(/--range is "8d"; it must be today or 7d/, 'analytics', '--range', '8d'),
    usage(/--range excludes --since/, 'analytics', '--range', '7d', '--since', '2026-11-01'),
    usage(/since is "yesterday"; it must be a date like/, 'analytics', '--since', 'yesterday'),
    usage(
      /until "2026-11-01" is not later than since "2026-11-02"/,
      'analytics',
      ...['--since', '2026-11-02', '--until', '2026-11-01'],
    ),
    usage(/There is no time zone "Mars\/Olympus"/, 'analytics', '--timezone', 'Mars/Olympus'),
    { args: ['analytics', '--session', 'nobody'], exit: 4, says: /Session not found: nobody/ },
    ...['session', 'workspace', 'model', 'since', 'timezone'].map((option) =>
      usage(new RegExp(`--${option} is empty; give a value`), 'analytics', `--${option}=`),
    ),
    usage(/there is no provider "gpt"; it must be claude-code, codex/, 'analytics', '--provider', 'gpt'),
    usage(/--limit is "0"; it must be a whole number from 1 to 1000/, 'analytics', 'turns', '-n', '0'),
    usage(/--limit does not go with analytics tokens/, 'analytics', 'tokens', '-n', '5'),
    usage(/--model does not go with analytics tools/, 'analytics', 'tools', '--model', 'x'),
    usage(/--order is "up"; it must be count or failures or slow/, 'analytics', 'tools', '--order', 'up'),
    usage(/--csv and --json exclude each other/, 'analytics', '--csv', '--json'),
    usage(/--csv takes no value/, 'analytics', '--csv=yes'),
  ],
  approvals: [
    usage(/--status is "open"; it must be pending or approved/, 'approvals', '--status', 'open'),
    usage(/<approval> is required/, 'approvals', 'show'),
    usage(/"b" is one argument too many/, 'approvals', 'a', 'b'),
    usage(/--session is empty/, 'approvals', '--session='),
    usage(/--watch is for the list/, 'approvals', 'deadbeef', '--watch'),
    usage(/Only what is pending/, 'approvals', '--watch', '--status', 'denied'),
    usage(/--popup needs a terminal/, 'approvals', '--popup', '--session', 'good'),
    { args: ['approvals', '--session', 'nobody'], exit: 4, says: /Session not found: nobody/ },
    { args: ['approvals', 'deadbeef'], exit: 4, says: /Approval not found: deadbeef.*codepiper approvals/ },
  ],
  approve: [
    missing('approve', '<approval>'),
    usage(/exclude each other/, 'approve', 'deadbeef', '--once', '--always'),
    usage(/--rule goes with/, 'approve', 'deadbeef', '--rule', '{}'),
    usage(/--rule is "x"; it must be a rule as JSON/, 'approve', 'deadbeef', '--always', '--rule', 'x'),
    usage(/exclude each other/, 'approve', 'deadbeef', '--like', '--session'),
    usage(/--alwyas\. Did you mean --always\?/, 'approve', 'deadbeef', '--alwyas'),
    usage(/--note is empty; give a text/, 'approve', 'deadbeef', '--note', ''),
    { args: ['approve', 'deadbeef'], exit: 4, says: /Approval not found: deadbeef/ },
    { args: ['approve', 'deadbeef', '--answer', 'x'], exit: 4, says: /Approval not found: deadbeef/ },
    { args: ['approve', 'deadbeef', '--like'], exit: 4, says: /Approval not found: deadbeef/ },
  ],
  deny: [
    missing('deny', '<approval>'),
    usage(/"no" is one argument too many/, 'deny', 'deadbeef', 'no'),
    usage(/--reason is empty; give a text/, 'deny', 'deadbeef', '--reason', ''),
    { args: ['deny', 'deadbeef'], exit: 4, says: /Approval not found: deadbeef/ },
  ],
  trust: [
    missing('trust', '<session>'),
    unknown('trust', '--for', '1m'),
    empty('trust', '--for', '1m'),
    usage(/--for is required/, 'trust', 'good'),
    usage(/exclude each other/, 'trust', 'good', '--for', '1m', '--end'),
    usage(/--for is "soon"; it must be a number with s, m or h/, 'trust', 'good', '--for', 'soon'),
    usage(/--for is "25h"/, 'trust', 'good', '--for', '25h'),
    failed(/has ended/, 'trust', 'ended', '--for', '1m'),
  ],
  policy: [
    usage(/<action> is required: codepiper policy list/, 'policy'),
    usage(/cannot "lst"\. Did you mean list\?/, 'policy', 'lst'),
    usage(/cannot "xyzzy"\. There are list, get/, 'policy', 'xyzzy'),
    usage(/--rules belongs to policy create, update, not to list/, 'policy', 'list', '--rules', 'x'),
    { args: ['policy', 'list', '--session', 'nobody'], exit: 4, says: /Session not found: nobody/ },
    { args: ['policy', 'get', 'raeds'], exit: 4, says: /no policy "raeds"/ },
    {
      args: ['policy', 'get', '../x'],
      exit: 4,
      says: /There is no policy "\.\.\/x"\. All there are: codepiper policy list/,
    },
    usage(/What are the rules\?/, 'policy', 'create', '-n', 'x'),
    usage(/--name is required/, 'policy', 'create', '--rules', '[{action: deny}]'),
    usage(
      /--rules:1:17: rule 1: unknown key "tol"; did you mean "tool"\?/,
      'policy',
      'create',
      '-n',
      'x',
      '--rules',
      '[{action: deny, tol: x}]',
    ),
    usage(/--rules:1:\d+: broken YAML/, 'policy', 'create', '-n', 'x', '--rules', '[{'),
    usage(/a-file:1:1: .*expected object/, 'policy', 'create', '--file', '<work>/a-file'),
    usage(/--file \/nowhere cannot be read: there is no such file/, 'policy', 'create', '--file', '/nowhere'),
    usage(/--priority is "high"/, 'policy', 'create', '-n', 'x', '--from', 'starter-reads', '-p', 'high'),
    usage(/the id: an id has letters/, 'policy', 'create', 'a b', '--from', 'starter-reads'),
    failed(/"starter-reads" already/, 'policy', 'create', 'starter-reads', '--rules', '[{action: deny}]'),
    usage(/nothing to change/, 'policy', 'update', 'starter-reads'),
    failed(/ships with codepiper.*--from starter-reads/, 'policy', 'update', 'starter-reads', '-n', 'x'),
    failed(/ships with codepiper/, 'policy', 'delete', 'starter-reads'),
    failed(/ships with codepiper/, 'policy', 'toggle', 'starter-reads'),
    usage(/The default is "allow"; it must be ask, deny or agent/, 'policy', 'default', 'allow'),
    { args: ['policy', 'default', '--session', 'nobody'], exit: 4, says: /Session not found: nobody/ },
    { args: ['policy', 'explain', 'nobody', 'shell', 'ls'], exit: 4, says: /Session not found: nobody/ },
    usage(/<input> is required/, 'policy', 'explain', 'good', 'shell'),
    usage(/not valid JSON/, 'policy', 'explain', 'good', 'shell', '{"a":'),
    usage(/must be JSON/, 'policy', 'explain', 'good', 'mcp__x__y', 'ls'),
    {
      args: ['policy', 'explain', '--cwd', '/', '--set', 'carefull', 'shell', 'ls'],
      exit: 4,
      says: /Did you mean "careful"/,
    },
    usage(/cannot be read: there is no such file/, 'policy', 'test', '/nowhere'),
    usage(/a-file:1:1: /, 'policy', 'test', '<work>/a-file'),
    usage(/a-file:1:1: /, 'policy', 'lint', '<work>/a-file'),
    usage(/a-file:1:1: /, 'policy', 'replay', '<work>/a-file'),
    usage(
      /--since is "yesterday"; it must be an age/,
      'policy',
      'replay',
      '<work>/a-file',
      '--since',
      'yesterday',
    ),
  ],
  'policy-set': [
    usage(/<action> is required: codepiper policy-set list/, 'policy-set'),
    usage(/cannot "aply"\. Did you mean apply\?/, 'policy-set', 'aply'),
    usage(/--from belongs to policy-set create, not to list/, 'policy-set', 'list', '--from', 'x'),
    { args: ['policy-set', 'get', 'carefull'], exit: 4, says: /Did you mean "careful"/ },
    usage(/--name is required/, 'policy-set', 'create'),
    failed(/"careful" already/, 'policy-set', 'create', 'careful'),
    { args: ['policy-set', 'create', 'x', '--policy', 'nothing'], exit: 4, says: /no policy "nothing"/ },
    usage(/nothing to change/, 'policy-set', 'update', 'careful'),
    usage(/exclude each other/, 'policy-set', 'update', 'careful', '--default', '--no-default'),
    failed(/ships with codepiper.*--from careful/, 'policy-set', 'update', 'careful', '--default'),
    failed(/ships with codepiper/, 'policy-set', 'delete', 'careful'),
    failed(/ships with codepiper/, 'policy-set', 'add-policy', 'careful', 'starter-writes'),
    failed(/ships with codepiper/, 'policy-set', 'remove-policy', 'careful', 'starter-reads'),
    usage(/<set> is required: codepiper policy-set apply/, 'policy-set', 'apply', 'good'),
    { args: ['policy-set', 'apply', 'nobody', 'ci'], exit: 4, says: /Session not found: nobody/ },
    { args: ['policy-set', 'apply', 'good', 'carefull'], exit: 4, says: /Did you mean "careful"/ },
    { args: ['policy-set', 'withdraw', 'good', 'ci'], exit: 4, says: /does not have the policy set "ci"/ },
  ],
  audit: [
    usage(/cannot "verfy"\. Did you mean verify\?/, 'audit', 'verfy'),
    usage(/cannot "xyzzy"\. There are show and verify/, 'audit', 'xyzzy'),
    usage(/<entry> is required: codepiper audit show/, 'audit', 'show'),
    usage(/<entry> is "x"; it must be a whole number/, 'audit', 'show', 'x'),
    usage(/<entry> is "0"/, 'audit', 'show', '0'),
    { args: ['audit', 'show', '999999'], exit: 4, says: /no entry 999999/ },
    usage(/"3" is one argument too many/, 'audit', 'verify', '3'),
    usage(/--limit is "0"; it must be a whole number from 1/, 'audit', '--limit', '0'),
    usage(/--decision is "maybe"; it must be allow or deny/, 'audit', '--decision', 'maybe'),
    usage(/--since is "yesterday"; it must be an age like/, 'audit', '--since', 'yesterday'),
    usage(/--session is empty/, 'audit', '--session='),
    { args: ['audit', '--session', 'nobody'], exit: 4, says: /Session not found: nobody/ },
    usage(/--csv and --json exclude each other/, 'audit', '--csv', '--json'),
    usage(/--csv belongs to the list, not to audit verify/, 'audit', 'verify', '--csv'),
    usage(/--db belongs to audit verify, not to the list/, 'audit', '--db', '/x'),
    usage(/--db is empty/, 'audit', 'verify', '--db='),
    usage(/--expect is "7"; it must be a head/, 'audit', 'verify', '--expect', '7'),
    failed(/no database at \/nowhere\/x\.db/, 'audit', 'verify', '--db', '/nowhere/x.db'),
    failed(/a-file/, 'audit', 'verify', '--db', '<work>/a-file'),
  ],
  daemon: [
    usage(/cannot "stpo"\. Did you mean stop\?/, 'daemon', 'stpo'),
    usage(/cannot "xyzzy"\. There are start, stop/, 'daemon', 'xyzzy'),
    usage(/--detach belongs to daemon start/, 'daemon', 'stop', '--detach'),
    usage(/--kill-sessions belongs to daemon stop/, 'daemon', 'start', '--kill-sessions'),
    usage(/--keep-sessions belongs to daemon stop/, 'daemon', 'start', '--keep-sessions'),
    usage(/exclude each other/, 'daemon', 'stop', '--keep-sessions', '--kill-sessions'),
    usage(/log\.level|--log-level/, 'daemon', 'start', '--log-level', 'loud'),
    usage(/port/, 'daemon', 'start', '--port', '99999999'),
    usage(/--web takes no value/, 'daemon', 'start', '--web=yes'),
    usage(/--web belongs to daemon start and restart, not to status/, 'daemon', 'status', '--web'),
    usage(/--host is "a b"/, 'daemon', 'start', '--web', '--host', 'a b'),
    usage(/--tls-cert is "cert\.pem": allowed is an absolute path/, 'daemon', 'start', '--tls-cert=cert.pem'),
    usage(/web\.tls\.key is not/, 'daemon', 'start', '--web', '--tls-cert=/nothing/cert.pem'),
    usage(/--insecure-public if/, 'daemon', 'start', '--web', '--host', '0.0.0.0'),
    usage(/--insecure-public belongs to daemon start/, 'daemon', 'logs', '--insecure-public'),
    usage(/--insecure-dev is "99999999".*0 to 65535/, 'daemon', 'start', '--insecure-dev', '99999999'),
    usage(/--insecure-dev is "all"/, 'daemon', 'start', '--insecure-dev=all'),
    usage(/--insecure-dev needs a value/, 'daemon', 'start', '--insecure-dev'),
    usage(
      /--insecure-dev belongs to daemon start and restart, not to stop/,
      'daemon',
      'stop',
      '--insecure-dev',
      '80',
    ),
    {
      args: ['daemon', 'start'],
      exit: 2,
      says: /CODEPIPER_INSECURE_DEV.*0\.0\.0\.0:80/,
      env: { CODEPIPER_INSECURE_DEV: '0.0.0.0:80' },
    },
    failed(/pid \d+/, 'daemon', 'start'),
    failed(/pid \d+/, 'daemon', 'start', '--detach'),
    usage(/--lines is "-1"|needs a value/, 'daemon', 'logs', '-n', '-1'),
    {
      args: ['daemon', 'start'],
      exit: 2,
      says: /CODEPIPER_LOG_LEVEL.*loud/,
      env: { CODEPIPER_LOG_LEVEL: 'loud' },
    },
  ],
  service: [missing('service', '<action>'), usage(/cannot "enable"/, 'service', 'enable')],
  doctor: [usage(/"now" is one argument too many/, 'doctor', 'now')],
  providers: [usage(/"x" is one argument too many/, 'providers', 'x')],
  config: [
    usage(/cannot "unse"\. Did you mean unset\?/, 'config', 'unse'),
    usage(/cannot "xyzzy"\. It can set and unset/, 'config', 'xyzzy'),
    usage(/set needs a key and a value/, 'config', 'set'),
    usage(/set needs a key and a value/, 'config', 'set', 'sessions.preserve'),
    usage(/unset needs a key/, 'config', 'unset'),
    usage(/"on" is one argument too many/, 'config', 'unset', 'sessions.preserve', 'on'),
    usage(/"x" is one argument too many/, 'config', 'set', 'sessions.preserve', 'on', 'x'),
    usage(
      /no setting "sessions\.presrve"\. Did you mean sessions\.preserve\?/,
      'config',
      'set',
      'sessions.presrve',
      '1',
    ),
    usage(
      /sessions\.preserve is "perhaps": allowed is 1, 0/,
      'config',
      'set',
      'sessions.preserve',
      'perhaps',
    ),
    usage(/notifications\.events is "\{": allowed is a map/, 'config', 'set', 'notifications.events', '{'),
    usage(/web\.port is read when the daemon starts: .*daemon restart/, 'config', 'set', 'web.port', '1'),
  ],
  completion: [
    missing('completion', '<shell>'),
    usage(/no completion for "tcsh"; it must be bash, zsh or fish/, 'completion', 'tcsh'),
    usage(/constructor/, 'completion', 'constructor'),
  ],
  version: [usage(/"x" is one argument too many/, 'version', 'x')],
  help: [usage(/Unknown command 'sendd'\. Did you mean send\?/, 'help', 'sendd')],
};

/** Commands that have no use for the daemon, or live with its absence. */
const alone = [
  'service',
  'doctor',
  'config',
  'completion',
  'version',
  'help',
  'daemon',
  'attach',
  'auth',
  'backup',
  'restore',
];

async function judge({ args, exit, says, input, env }: Bad): Promise<string | null> {
  const filled = args.map((arg) => arg.replace('<work>', work));
  const result = await house.cli(filled, { input: input ?? '', env: env ?? {} });
  const said = `codepiper ${filled.join(' ').slice(0, 80)}: exit ${result.code}, stdout ${JSON.stringify(result.stdout.slice(0, 200))}, stderr ${JSON.stringify(result.stderr.slice(0, 600))}`;
  if (result.code !== exit) return `${said} (not exit ${exit})`;
  if (result.stdout !== '') return `${said} (nothing belongs on stdout)`;
  if (!says.test(result.stderr)) return `${said} (not ${says})`;
  const lines = result.stderr.trimEnd().split('\n');
  // Candidates of an unknown session stand below, indented.
  if (lines.filter((line) => !line.startsWith('  ')).length > 2) return `${said} (more than two lines)`;
  if (/^ +at |\/src\/|\/dist\/|Zod|undefined|\[object/m.test(result.stderr))
    return `${said} (not for people)`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is looked for
  if (/\x1b/.test(result.stderr)) return `${said} (control sequences where no terminal is)`;
  return null;
}

/** A few at a time: each is a process. */
async function judgeAll(bads: readonly Bad[]): Promise<string[]> {
  const verdicts: (string | null)[] = [];
  const queue = [...bads];
  const work = async () => {
    for (let bad = queue.shift(); bad; bad = queue.shift()) verdicts.push(await judge(bad));
  };
  await Promise.all([work(), work(), work()]);
  return verdicts.filter((verdict) => verdict !== null);
}

describe('every command', () => {
  it('has something it refuses', async () => {
    // The published list of commands is what completion offers first.
    const completion = await house.run('completion', 'bash');
    const names = /COMP_CWORD == 1[\s\S]*?-W '([^']*)'/.exec(completion)?.[1]?.split(' ') ?? [];
    const commands = names.filter((name) => !name.startsWith('-') && name !== 'ls');
    expect(commands.length).toBeGreaterThan(20);
    expect(Object.keys(cases).sort()).toEqual(commands.sort());
  });

  it.each(Object.keys(cases))('%s says what is wrong in a line, and does nothing', async (name) => {
    expect(await judgeAll(cases[name] ?? [])).toEqual([]);
    expect(await everything()).toEqual(before);
  });

  it.each(Object.keys(cases))('%s refuses an option it does not know, as JSON when asked', async (name) => {
    const nearMiss =
      name === 'help' || name === 'completion'
        ? []
        : [usage(/has no option --jsno\. Did you mean --json\?/, name, '--jsno')];
    const verdicts = await judgeAll([
      usage(new RegExp(`codepiper ${name} has no option --zzz\\.$`, 'm'), name, '--zzz'),
      usage(/has no option --hlep\. Did you mean --help\?/, name, '--hlep'),
      usage(/has no option -Z\./, name, '-Z'),
      ...(name === 'attach' ? [] : nearMiss),
    ]);
    expect(verdicts).toEqual([]);
    const { code, stdout, stderr } = await house.cli([name, '--zzz', '--json']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({ error: expect.stringContaining('--zzz'), code: 'invalid_request' });
  });

  it.each(Object.keys(cases).filter((name) => !alone.includes(name)))(
    '%s exits with 3 where no daemon is',
    async (name) => {
      const words: Record<string, string[]> = {
        start: ['-p', 'shell'],
        approve: ['x'],
        deny: ['x'],
        trust: ['x', '--end'],
        policy: ['list'],
        'policy-set': ['list'],
        record: ['status', 'x'],
        rename: ['x', 'y'],
        search: ['x'],
        send: ['x', 'y'],
        keys: ['x', 'a'],
        slash: ['x', 'y'],
        resize: ['x', '80', '24'],
      };
      const args =
        words[name] ??
        (cases[name]?.some(({ says }) => says.test(`Error: <session> is required: codepiper ${name} `))
          ? ['x']
          : []);
      const gone = { CODEPIPER_SOCKET: join(work, 'nothing') };
      const told =
        /^Error: The daemon is not running \(no answer at .*\)\. Start it: codepiper daemon start --detach\n$/;
      expect(await judgeAll([{ args: [name, ...args], exit: 3, says: told, env: gone }])).toEqual([]);
      const { code, stderr } = await house.cli([name, ...args, '--json'], { env: gone });
      expect(code).toBe(3);
      expect(JSON.parse(stderr)).toMatchObject({ code: 'daemon_not_running' });
    },
  );
});

describe('the program itself', () => {
  it.each([
    [['sesions'], /Unknown command 'sesions'\. Did you mean sessions\?/],
    [['xyzzy'], /Unknown command 'xyzzy'\. Run 'codepiper --help'/],
    [['constructor'], /Unknown command 'constructor'/],
    [[''], /Unknown command ''|codepiper --help/],
    [['--zzz'], /^Error: codepiper has no option --zzz\./],
    [['--versoin'], /Did you mean --version\?/],
    [['-s'], /^Error: codepiper has no option -s\./],
  ])('%j is a usage error', async (args, says) => {
    expect(await judgeAll([{ args, exit: 2, says }])).toEqual([]);
  });

  it('says errors of the daemon as JSON too, with their code and candidates', async () => {
    const { code, stdout, stderr } = await house.cli(['show', 'goo', '--format=json']);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({
      code: 'session_not_found',
      error: expect.stringContaining('goo'),
      details: { candidates: [expect.stringContaining('good')] },
    });
  });

  it('refuses a token that is nobody’s', async () => {
    expect(
      await judgeAll([
        { args: ['sessions'], exit: 1, says: /token is not valid/, env: { CODEPIPER_TOKEN: 'nope' } },
      ]),
    ).toEqual([]);
    expect(
      await judgeAll([
        { args: ['sessions'], exit: 1, says: /is not a token/, env: { CODEPIPER_TOKEN: 'a b' } },
      ]),
    ).toEqual([]);
  });

  it('is silent when the reader has gone', async () => {
    for (const command of [
      '--help',
      'sessions',
      'sessions --json',
      'providers --json',
      'tail good',
      'completion zsh',
    ]) {
      const { code, stdout, stderr } = await sh(`"$NODE" "$CLI" ${command} | true; echo "\${PIPESTATUS[0]}"`);
      expect({ command, code, stdout, stderr }).toEqual({ command, code: 0, stdout: '0\n', stderr: '' });
    }
  });
});

function sh(script: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { ...house.env, NODE: process.execPath, CLI: builtCli };
  const child = spawn('bash', ['-c', script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}
