import type { Policy, PolicySet, Rule } from './policy.ts';
import { fileCommands, movingPrograms, readingCommands } from './starter-commands.ts';

/** When the starter policies were written: fixed, since the order of policies goes by age too. */
const writtenAt = '2026-01-01T00:00:00.000Z';

/** Priorities of the starter policies: below what people write, which begins at 0. */
const priority = { guard: -100, allow: -110, rest: -120 } as const;

/** Names that hold passwords, tokens and keys, wherever they are. */
const secretNames = [
  '**/.env*',
  '**/*.{env,pem,key,p12,pfx,jks,keystore,kdbx,ppk}',
  '**/id_*',
  '**/.{netrc,npmrc,pypirc,pgpass,my.cnf,git-credentials,vault-token,htpasswd,dockercfg}',
  '**/_netrc',
  '**/.*_history',
  '**/{credentials,secrets}{,.json,.yml,.yaml,.toml,.tfrc.json}',
  '**/.git/config',
];

/** Endings of source code and templates, which may share the beginnings of those names. */
const sourceEndings = [
  '**.{ts,tsx,mts,cts,js,jsx,mjs,cjs,vue,svelte,css,scss,html,md,mdx,rst,py,pyi,go,rs,rb,java,kt,swift,c,h,cc,cpp,hpp,cs}',
  '**.{php,ex,exs,erl,hs,ml,scala,sql,proto,graphql,svg,snap,example,sample,template,dist,pub}',
];

const secretFolders = [
  '~/.{ssh,aws,azure,gnupg,kube,docker,password-store,codepiper,terraform.d,oci,cargo,m2,gem,mozilla}/**',
  '~/.config/{gh,hub,glab-cli,gcloud,op,rclone,sops,doctl,heroku,google-chrome,chromium,fly,stripe}/**',
  '~/.{claude,codex}/{.credentials,auth}*',
  '~/.claude.json',
  '~/Library/{Keychains,Application Support}/**',
];

const secretsElsewhere = [
  '/proc/*/{environ,mem,fd/**}',
  '/etc/{shadow,gshadow,sudoers}*',
  '/etc/ssl/private/**',
];

/** What every program reads, and nobody keeps secrets in. */
const systemFiles = [
  '/usr/{include,lib,share,local/lib,local/share,local/include}/**',
  '/etc/os-release',
  '/dev/null',
];

/** Files that decide what programs, this one and git among them, run later. */
const guardedFiles = [
  '**/.git/**',
  '**/{HEAD,.gitmodules,.gitconfig,.mcp.json,.envrc,.npmrc,.yarnrc,.yarnrc.yml,.pnp.cjs}',
  '**/.{claude,codex,codepiper,ssh,husky,githooks,vscode,idea,cursor,yarn}/**',
  '**/.{bashrc,bash_profile,bash_login,bash_logout,bash_aliases,profile,zshrc,zprofile,zshenv,zlogin,inputrc}',
  '**/{.tool-versions,mise.toml,.mise.toml,.python-version,.ruby-version,.node-version,.nvmrc}',
  '**/{{.venv,venv}/{bin,Scripts},node_modules/.bin}/**',
  '**/.{tmux.conf,vimrc,exrc,pam_environment,xprofile,curlrc,wgetrc,ripgreprc}',
];

const inWorkspace = `\${workspace}/**`;
const not = (patterns: readonly string[]) => patterns.map((pattern) => `!${pattern}`);
const outside = ['**', `!${inWorkspace}`];

const looking: Rule[] = [
  ...readingCommands.map(
    (command): Rule => ({ action: 'allow', tool: 'shell', args: { command: [...command] } }),
  ),
  {
    action: 'allow',
    tool: [
      ...['TodoWrite', 'TodoRead', 'TaskCreate', 'TaskGet', 'TaskList', 'TaskUpdate', 'TaskOutput'],
      ...['BashOutput', 'ToolSearch', 'EnterPlanMode', 'update_plan'],
    ],
  },
];

const files: Rule = { action: 'allow', tool: 'shell', args: { command: [...fileCommands] } };

function starter(id: string, description: string, rules: Rule[], at: number): Policy {
  return {
    id: `starter-${id}`,
    name: id,
    description,
    enabled: true,
    priority: at,
    scope: 'set',
    sessionId: null,
    rules,
    source: 'starter',
    createdAt: writtenAt,
    updatedAt: writtenAt,
    expiresAt: null,
  };
}

const guard = starter(
  'guarded-reads',
  'Asks before secrets are read, and before anything outside the workspace is.',
  [
    {
      action: 'ask',
      tool: ['read', 'search'],
      args: { path: [...secretNames, ...not(sourceEndings)] },
      reason: 'It may hold passwords, tokens or keys.',
    },
    {
      action: 'ask',
      tool: ['read', 'search'],
      args: { path: [...secretFolders, ...secretsElsewhere] },
      reason: 'It may hold passwords, tokens or keys.',
    },
    {
      action: 'ask',
      tool: ['read', 'search'],
      args: { path: [...outside, ...not(systemFiles)] },
      reason: 'It is outside the workspace.',
    },
    {
      action: 'ask',
      tool: 'shell',
      args: { program: [...movingPrograms], path: outside },
      reason: 'It leads outside the workspace.',
    },
  ],
  priority.guard,
);

const reads = starter(
  'reads',
  'Allows reading and searching in the workspace, and commands that only look.',
  [{ action: 'allow', tool: ['read', 'search'], args: { path: inWorkspace } }, ...looking],
  priority.allow,
);

const readOnlyReason = 'This session only reads: it may look at files and run commands that change nothing.';
const noWrites = starter(
  'no-writes',
  'Denies writing, editing and every command that is not known to only look.',
  [
    { action: 'deny', tool: ['write', 'edit'], reason: readOnlyReason },
    { action: 'deny', tool: 'shell', reason: readOnlyReason },
  ],
  priority.rest,
);

const outsideReason = 'Files outside the workspace are not written from here: keep to the workspace.';
const guardedWrites = starter(
  'guarded-writes',
  'Denies writing outside the workspace; asks before what decides over what runs later is written.',
  [
    {
      action: 'deny',
      tool: ['write', 'edit'],
      // The place for passing files is left to the default: agents use it in good faith.
      args: { path: [...outside, `!\${tmp}/**`] },
      reason: outsideReason,
    },
    {
      action: 'ask',
      tool: ['write', 'edit'],
      args: { path: guardedFiles },
      reason: 'What is written there decides what runs later.',
    },
    {
      action: 'ask',
      tool: ['read', 'write'],
      args: { path: ['**/.git/**', ...not(sourceEndings)] },
      reason: 'It is the inside of a repository.',
    },
  ],
  priority.guard,
);

const writes = starter(
  'writes',
  'Allows writing and editing in the workspace, and plain work with its files.',
  [{ action: 'allow', tool: ['write', 'edit'], args: { path: inWorkspace } }, files],
  priority.allow,
);

const nobody =
  'Nobody can be asked here, and no rule allows it: find another way, or stop and say what is missing.';
const ci = starter(
  'ci',
  'Allows what workspace-write does, and denies everything else.',
  [
    {
      action: 'allow',
      tool: ['read', 'search'],
      args: { path: [inWorkspace, ...not(secretNames), '!**/.git/**'] },
    },
    // What a file glob finds by such an ending is none of those names, whatever it finds.
    {
      action: 'allow',
      tool: ['read', 'search'],
      args: { path: sourceEndings.map((ending) => `\${workspace}/${ending}`) },
    },
    { action: 'allow', tool: 'read', args: { path: systemFiles } },
    { action: 'allow', tool: ['write', 'edit'], args: { path: [inWorkspace, ...not(guardedFiles)] } },
    { action: 'deny', tool: 'shell', args: { program: [...movingPrograms], path: outside }, reason: nobody },
    ...looking,
    files,
    { action: 'deny', tool: ['write', 'edit'], args: { path: outside }, reason: outsideReason },
    { action: 'deny', tool: 'fetch', reason: 'There is no network here.' },
    // Named one by one: so it also speaks of the files a command only touches.
    { action: 'deny', tool: ['shell', 'read', 'write', 'edit', 'search'], reason: nobody },
    { action: 'deny', reason: nobody },
  ],
  priority.guard,
);

/** Policies that ship with codepiper. They cannot be changed; their sets are what sessions are given. */
export const starterPolicies: readonly Policy[] = [guard, reads, noWrites, guardedWrites, writes, ci];

function set(id: string, description: string, policies: readonly Policy[]): PolicySet {
  return {
    id,
    name: id,
    description,
    isDefault: false,
    policyIds: policies.map((policy) => policy.id),
    source: 'starter',
  };
}

/** Sets that ship with codepiper. */
export const starterSets: readonly PolicySet[] = [
  set('read-only', 'Reads in the workspace; nothing is written, no other command runs.', [
    guard,
    reads,
    noWrites,
  ]),
  set('careful', 'Reads in the workspace; the rest is asked.', [guard, reads]),
  set('workspace-write', 'Reads and writes in the workspace; other commands are asked.', [
    guard,
    guardedWrites,
    reads,
    writes,
  ]),
  set('ci', 'Reads and writes in the workspace; everything else is denied: nobody has to answer.', [ci]),
];
