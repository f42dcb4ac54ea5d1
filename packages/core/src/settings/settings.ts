import { z } from 'zod';

/**
 * Every setting of the daemon, once: its key in `config.yaml`, its variable, its flag, its values and default.
 * The reference page is generated from this table. Precedence: flag, environment, file, default.
 */
export interface Setting<S extends z.ZodType = z.ZodType> {
  readonly key: string;
  readonly env: string;
  /** Long flag of `codepiper daemon`, without dashes. */
  readonly flag?: string;
  /** Takes the value as written: text from flag or variable, YAML from the file. */
  readonly schema: S;
  /** Value when nobody says; null where it is computed from other settings. */
  readonly default: z.output<S> | null;
  /** What is allowed, in words, for errors and the reference. */
  readonly allowed: string;
  readonly description: string;
  /** Read and checked, but of use only to a part that is not there yet. */
  readonly awaits?: 'dashboard';
  readonly secret?: true;
}

const path = z
  .string()
  .min(1)
  .refine((s) => s.startsWith('/') && !s.includes('\0'));
const port = z.coerce.number().int().min(0).max(65_535);
const toggle = z
  .union([z.boolean(), z.enum(['1', '0', 'true', 'false', 'on', 'off', 'yes', 'no'])])
  .transform((value) => (typeof value === 'boolean' ? value : ['1', 'true', 'on', 'yes'].includes(value)));
const positive = z.coerce.number().int().min(1);
const list = z
  .union([z.array(z.string()), z.string()])
  .transform((value) =>
    (typeof value === 'string' ? value.split(',') : value).map((s) => s.trim()).filter((s) => s !== ''),
  );

const define = <S extends z.ZodType>(setting: Setting<S>): Setting<S> => setting;

const absolutePath = 'an absolute path';
const onOff = '1, 0, true, false, on, off, yes or no';
const portRange = 'a whole number from 0 to 65535';

export const settings = {
  socket: define({
    key: 'socket',
    env: 'CODEPIPER_SOCKET',
    flag: 'socket',
    schema: path,
    default: null,
    allowed: absolutePath,
    description:
      'Unix socket of the daemon. Default: $XDG_RUNTIME_DIR/codepiper.sock, else /tmp/codepiper-<uid>/codepiper.sock.',
  }),
  dbPath: define({
    key: 'dbPath',
    env: 'CODEPIPER_DB_PATH',
    schema: z.union([z.literal(':memory:'), path]),
    default: null,
    allowed: 'an absolute path, or :memory:',
    description: 'SQLite database. Default: codepiper.db in the home.',
  }),
  policyDefault: define({
    key: 'policies.default',
    env: 'CODEPIPER_POLICY_DEFAULT',
    schema: z.enum(['ask', 'deny', 'agent']),
    default: 'ask',
    allowed: 'ask, deny or agent',
    description:
      "What happens to a tool call no rule speaks of: a person is asked, it is denied, or the agent's own rules decide.",
  }),
  policySets: define({
    key: 'policies.sets',
    env: 'CODEPIPER_POLICY_SETS',
    schema: list,
    default: ['careful'],
    allowed: 'ids of policy sets, separated by commas; a comma alone for none',
    description:
      'Policy sets of a new session that names none, unless a set is marked as the default. Shipped: read-only, careful, workspace-write, ci.',
  }),
  policyFile: define({
    key: 'policies.file',
    env: 'CODEPIPER_POLICY_FILE',
    schema: path,
    default: null,
    allowed: absolutePath,
    description: 'YAML file with policies that hold everywhere; read again when it changes.',
  }),
  approvalsExpireAfter: define({
    key: 'approvals.expireAfter',
    env: 'CODEPIPER_APPROVALS_EXPIRE_AFTER',
    schema: z.coerce.number().int().min(1).max(82_800),
    default: 3600,
    allowed: 'a whole number from 1 to 82800',
    description: 'Seconds after which an approval nobody answered is denied.',
  }),
  approvalsAgingAfter: define({
    key: 'approvals.agingAfter',
    env: 'CODEPIPER_APPROVALS_AGING_AFTER',
    schema: z.coerce.number().int().min(1).max(82_800),
    default: 600,
    allowed: 'a whole number from 1 to 82800',
    description: 'Seconds after which a pending approval is shown as aging.',
  }),
  hookFallback: define({
    key: 'hooks.fallback',
    env: 'CODEPIPER_HOOK_FALLBACK',
    schema: z.enum(['deny', 'agent']),
    default: 'deny',
    allowed: 'deny or agent',
    description:
      "What a tool call meets when the daemon cannot be asked: a denial, or the agent's own rules and prompts. Of new sessions.",
  }),
  hookPatience: define({
    key: 'hooks.patience',
    env: 'CODEPIPER_HOOK_PATIENCE',
    schema: z.coerce.number().int().min(0).max(3600),
    default: 20,
    allowed: 'a whole number from 0 to 3600',
    description: 'Seconds a hook waits for a daemon that is away before it falls back. Of new sessions.',
  }),
  transcriptsKeepDays: define({
    key: 'transcripts.keepDays',
    env: 'CODEPIPER_TRANSCRIPTS_KEEP_DAYS',
    schema: z.coerce.number().int().min(1).max(36_500),
    default: null,
    allowed: 'a whole number from 1 to 36500',
    description:
      'Days after its last word until what was said in a conversation is removed from the home; tokens and sums stay. Default: nothing is ever removed.',
  }),
  recordingsEnabled: define({
    key: 'recordings.enabled',
    env: 'CODEPIPER_RECORDINGS',
    schema: toggle,
    default: true,
    allowed: onOff,
    description:
      'Whether terminals are recorded. A session may say otherwise: start --no-record, record on, record off.',
  }),
  recordingsMaxMegabytes: define({
    key: 'recordings.maxMegabytes',
    env: 'CODEPIPER_RECORDINGS_MAX_MEGABYTES',
    schema: z.coerce.number().int().min(1).max(1_000_000),
    default: 64,
    allowed: 'a whole number from 1 to 1000000',
    description:
      'What one recording may take on the disk, in megabytes and about; its oldest part goes first.',
  }),
  recordingsKeepDays: define({
    key: 'recordings.keepDays',
    env: 'CODEPIPER_RECORDINGS_KEEP_DAYS',
    schema: z.coerce.number().int().min(1).max(36_500),
    default: 30,
    allowed: 'a whole number from 1 to 36500',
    description: 'Days after its last output until the recording of an ended session is removed.',
  }),
  maxSessions: define({
    key: 'sessions.max',
    env: 'CODEPIPER_MAX_SESSIONS',
    schema: z.coerce.number().int().min(1).max(10_000),
    default: 50,
    allowed: 'a whole number from 1 to 10000',
    description: 'Live sessions at most.',
  }),
  tmuxSocket: define({
    key: 'tmux.socket',
    env: 'CODEPIPER_TMUX_SOCKET',
    schema: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
    default: null,
    allowed: "a tmux socket name (tmux -L), or `default` for the user's own server",
    description:
      'tmux server the sessions live on. Default: codepiper, or codepiper-<hash> for a home other than ~/.codepiper.',
  }),
  forwardSshAuthSock: define({
    key: 'sessions.forwardSshAuthSock',
    env: 'CODEPIPER_FORWARD_SSH_AUTH_SOCK',
    schema: toggle,
    default: true,
    allowed: onOff,
    description: "Whether sessions see the daemon's SSH agent (SSH_AUTH_SOCK).",
  }),
  logLevel: define({
    key: 'log.level',
    env: 'CODEPIPER_LOG_LEVEL',
    flag: 'log-level',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    allowed: 'trace, debug, info, warn, error, fatal or silent',
    description: 'Least important level that is logged.',
  }),
  logMaxBytes: define({
    key: 'log.maxBytes',
    env: 'CODEPIPER_LOG_MAX_BYTES',
    schema: z.coerce.number().int().min(10_000).max(1_000_000_000),
    default: 10_000_000,
    allowed: 'a whole number from 10000 to 1000000000',
    description: 'Size at which a log file is rotated, in bytes. Five rotated files are kept.',
  }),
  httpPort: define({
    key: 'web.port',
    env: 'CODEPIPER_HTTP_PORT',
    flag: 'port',
    schema: port,
    default: 3000,
    allowed: portRange,
    description: 'Port of the dashboard.',
    awaits: 'dashboard',
  }),
  insecureDev: define({
    key: 'web.insecureDev',
    env: 'CODEPIPER_INSECURE_DEV',
    flag: 'insecure-dev',
    schema: port,
    default: null,
    allowed: `${portRange}, 0 for any that is free`,
    description:
      'Port of 127.0.0.1 on which the development page with live terminals is served, without any sign-in: everybody on this machine, agents included, can then watch every session and type into it. Default: none.',
  }),
  wsPort: define({
    key: 'web.wsPort',
    env: 'CODEPIPER_WS_PORT',
    schema: port,
    default: 9999,
    allowed: portRange,
    description: 'Port of the WebSocket on its own, for clients of the original.',
    awaits: 'dashboard',
  }),
  allowedOrigins: define({
    key: 'web.allowedOrigins',
    env: 'CODEPIPER_ALLOWED_ORIGINS',
    schema: list,
    default: [],
    allowed: 'hosts or origins, separated by commas',
    description: 'Origins beside localhost from which browsers may call.',
    awaits: 'dashboard',
  }),
  forceSecureCookies: define({
    key: 'web.forceSecureCookies',
    env: 'CODEPIPER_FORCE_SECURE_COOKIES',
    schema: toggle,
    default: false,
    allowed: onOff,
    description: 'Mark cookies Secure behind a proxy that ends TLS.',
    awaits: 'dashboard',
  }),
  trustProxyHeaders: define({
    key: 'web.trustProxyHeaders',
    env: 'CODEPIPER_TRUST_PROXY_HEADERS',
    schema: toggle,
    default: false,
    allowed: onOff,
    description: 'Take client addresses from X-Forwarded-For and its kin.',
    awaits: 'dashboard',
  }),
  mfaQrTimeoutMs: define({
    key: 'web.mfaQrTimeoutMs',
    env: 'CODEPIPER_MFA_QR_TIMEOUT_MS',
    schema: positive,
    default: 8000,
    allowed: 'a whole number from 1',
    description: 'Milliseconds before the QR code is given up for the key in text.',
    awaits: 'dashboard',
  }),
  apiRateLimitMax: define({
    key: 'web.rateLimit.max',
    env: 'CODEPIPER_API_RATE_LIMIT_MAX',
    schema: positive,
    default: 300,
    allowed: 'a whole number from 1',
    description: 'Requests per window and client over TCP.',
    awaits: 'dashboard',
  }),
  apiRateLimitWindowMs: define({
    key: 'web.rateLimit.windowMs',
    env: 'CODEPIPER_API_RATE_LIMIT_WINDOW_MS',
    schema: positive,
    default: 10_000,
    allowed: 'a whole number from 1',
    description: 'Length of that window in milliseconds.',
    awaits: 'dashboard',
  }),
  pushEnabled: define({
    key: 'push.enabled',
    env: 'CODEPIPER_PUSH_ENABLED',
    schema: toggle,
    default: false,
    allowed: onOff,
    description: 'Send web push notifications.',
    awaits: 'dashboard',
  }),
  pushPublicKey: define({
    key: 'push.publicKey',
    env: 'CODEPIPER_PUSH_PUBLIC_KEY',
    schema: z.string().regex(/^[A-Za-z0-9_-]+$/),
    default: null,
    allowed: 'a Base64URL VAPID public key',
    description: 'VAPID public key.',
    awaits: 'dashboard',
  }),
  pushPrivateKey: define({
    key: 'push.privateKey',
    env: 'CODEPIPER_PUSH_PRIVATE_KEY',
    schema: z.string().regex(/^[A-Za-z0-9_-]+$/),
    default: null,
    allowed: 'a Base64URL VAPID private key',
    description: 'VAPID private key.',
    secret: true,
    awaits: 'dashboard',
  }),
  pushSubject: define({
    key: 'push.subject',
    env: 'CODEPIPER_PUSH_SUBJECT',
    schema: z.string().regex(/^(mailto:|https:\/\/)/),
    default: null,
    allowed: 'a mailto: or https:// URL',
    description: 'VAPID subject.',
    awaits: 'dashboard',
  }),
} as const;

export type SettingName = keyof typeof settings;

/** Values in force; those computed from others are null until the daemon computes them. */
export type SettingValues = { [Name in SettingName]: z.output<(typeof settings)[Name]['schema']> | null };
