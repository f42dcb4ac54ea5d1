import { z } from 'zod';
import { notificationEvents, notificationSounds } from '../notifications/names.ts';
import {
  notificationEventDefaultsSchema,
  notificationSoundMapSchema,
} from '../notifications/notification.ts';

/**
 * Every setting of the daemon, once: its key in `config.yaml`, its variable, its flag, its values and default.
 * The reference page is generated from this table. Precedence: flag, environment, file, what was stored, default.
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
  readonly secret?: true;
  /** May be changed while the daemon runs: the database keeps it, where no flag, variable or file says it. */
  readonly changeable?: true;
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

const json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: 'custom', message: 'it is not JSON' });
    return z.NEVER;
  }
});
/** A program and its arguments; in a variable as JSON. */
const argv = z.union([z.array(z.string()), json]).pipe(z.array(z.string()).min(1));

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
    changeable: true,
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
    changeable: true,
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
    changeable: true,
  }),
  preserveSessions: define({
    key: 'sessions.preserve',
    env: 'CODEPIPER_PRESERVE_SESSIONS',
    schema: toggle,
    default: true,
    allowed: onOff,
    description:
      'Whether sessions go on when the daemon is stopped or restarted on purpose and nobody says otherwise. Signals and crashes never end one.',
    changeable: true,
  }),
  codexHostAccess: define({
    key: 'codex.hostAccess',
    env: 'CODEPIPER_CODEX_HOST_ACCESS',
    schema: toggle,
    default: false,
    allowed: onOff,
    description:
      "Whether Codex starts without its sandbox: its commands then reach the whole machine, this daemon's socket and the network included. Policies are judged as ever, and are then all that holds it back. Of sessions that are started from then on.",
    changeable: true,
  }),
  notificationsEnabled: define({
    key: 'notifications.enabled',
    env: 'CODEPIPER_NOTIFICATIONS',
    schema: toggle,
    default: true,
    allowed: onOff,
    description: 'Whether there are notifications.',
    changeable: true,
  }),
  systemNotificationsEnabled: define({
    key: 'notifications.system',
    env: 'CODEPIPER_NOTIFICATIONS_SYSTEM',
    schema: toggle,
    default: true,
    allowed: onOff,
    description:
      'Whether they go to the system of a device: by push, and from pages in the background. Each browser asks for leave first.',
    changeable: true,
  }),
  notificationSoundsEnabled: define({
    key: 'notifications.sounds',
    env: 'CODEPIPER_NOTIFICATIONS_SOUNDS',
    schema: toggle,
    default: true,
    allowed: onOff,
    description: 'Whether notifications make sounds.',
    changeable: true,
  }),
  notificationEventDefaults: define({
    key: 'notifications.events',
    env: 'CODEPIPER_NOTIFICATIONS_EVENTS',
    schema: z.union([notificationEventDefaultsSchema, json.pipe(notificationEventDefaultsSchema)]),
    default: {},
    allowed: `a map (a variable: JSON) from ${notificationEvents.join(', ')} to true or false`,
    description: 'Which events are told of; one that is not named is.',
    changeable: true,
  }),
  notificationSoundMap: define({
    key: 'notifications.soundMap',
    env: 'CODEPIPER_NOTIFICATIONS_SOUND_MAP',
    schema: z.union([notificationSoundMapSchema, json.pipe(notificationSoundMapSchema)]),
    default: {},
    allowed: `a map (a variable: JSON) from the same events to ${notificationSounds.join(', ')}`,
    description: 'What events sound like; one that is not named has its own sound.',
    changeable: true,
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
  webEnabled: define({
    key: 'web.enabled',
    env: 'CODEPIPER_WEB',
    flag: 'web',
    schema: toggle,
    default: false,
    allowed: onOff,
    description: 'Whether the daemon serves the dashboard.',
  }),
  httpPort: define({
    key: 'web.port',
    env: 'CODEPIPER_HTTP_PORT',
    flag: 'port',
    schema: port,
    default: 3000,
    allowed: portRange,
    description: 'Port of the dashboard; 0 for any that is free.',
  }),
  webHost: define({
    key: 'web.host',
    env: 'CODEPIPER_WEB_HOST',
    flag: 'host',
    schema: z.string().regex(/^(?:[0-9A-Fa-f:.]+|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/),
    default: '127.0.0.1',
    allowed: 'an IP address of this machine, or a host name',
    description:
      'Address the dashboard listens on. Other machines reach one that is not of this machine alone: it needs TLS, or web.insecurePublic.',
  }),
  tlsCert: define({
    key: 'web.tls.cert',
    env: 'CODEPIPER_TLS_CERT',
    flag: 'tls-cert',
    schema: path,
    default: null,
    allowed: absolutePath,
    description:
      'Certificate of the dashboard with its chain, in PEM. Read again when it is renewed. Default: no TLS.',
  }),
  tlsKey: define({
    key: 'web.tls.key',
    env: 'CODEPIPER_TLS_KEY',
    flag: 'tls-key',
    schema: path,
    default: null,
    allowed: absolutePath,
    description: 'Private key of that certificate, in PEM, without a passphrase.',
  }),
  insecurePublic: define({
    key: 'web.insecurePublic',
    env: 'CODEPIPER_INSECURE_PUBLIC',
    flag: 'insecure-public',
    schema: toggle,
    default: false,
    allowed: onOff,
    description:
      'Let other machines reach the dashboard without TLS: whoever reads the network can then take over the session of whoever signs in.',
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
  allowedOrigins: define({
    key: 'web.allowedOrigins',
    env: 'CODEPIPER_ALLOWED_ORIGINS',
    schema: list,
    default: [],
    allowed: 'hosts or origins, separated by commas',
    description:
      'Names the dashboard is reached by beside localhost: hosts (box.example) or origins (https://box.example). Requests under other names are refused.',
  }),
  forceSecureCookies: define({
    key: 'web.forceSecureCookies',
    env: 'CODEPIPER_FORCE_SECURE_COOKIES',
    schema: toggle,
    default: false,
    allowed: onOff,
    description: 'Mark cookies Secure behind a proxy that ends TLS.',
  }),
  trustProxyHeaders: define({
    key: 'web.trustProxyHeaders',
    env: 'CODEPIPER_TRUST_PROXY_HEADERS',
    schema: toggle,
    default: false,
    allowed: onOff,
    description:
      'Take client addresses from X-Forwarded-For, and whether the browser speaks TLS from X-Forwarded-Proto. Only behind a proxy that sets both.',
  }),
  apiRateLimitMax: define({
    key: 'web.rateLimit.max',
    env: 'CODEPIPER_API_RATE_LIMIT_MAX',
    schema: positive,
    default: 300,
    allowed: 'a whole number from 1',
    description: 'Requests per window and client over TCP.',
  }),
  apiRateLimitWindowMs: define({
    key: 'web.rateLimit.windowMs',
    env: 'CODEPIPER_API_RATE_LIMIT_WINDOW_MS',
    schema: positive,
    default: 10_000,
    allowed: 'a whole number from 1',
    description: 'Length of that window in milliseconds.',
  }),
  voiceCommand: define({
    key: 'voice.command',
    env: 'CODEPIPER_STT_COMMAND',
    schema: z.string().refine((text) => text.includes('{input}')),
    default: null,
    allowed: 'a program with its arguments, {input} among them',
    description:
      'Command that makes text of speech: {input} stands for the audio file, {mime} for its media type; it prints the text, or JSON with a field text. No shell reads it. Default: none, and no voice.',
  }),
  voiceCommandJson: define({
    key: 'voice.commandJson',
    env: 'CODEPIPER_STT_COMMAND_JSON',
    schema: argv.refine((words) => words.some((word) => word.includes('{input}'))),
    default: null,
    allowed: 'a JSON array of the program and its arguments, {input} among them',
    description: 'The same as an array, for arguments with spaces; it goes before voice.command.',
  }),
  voiceTimeoutMs: define({
    key: 'voice.timeoutMs',
    env: 'CODEPIPER_STT_TIMEOUT_MS',
    schema: z.coerce.number().int().min(1000).max(600_000),
    default: 45_000,
    allowed: 'a whole number from 1000 to 600000',
    description: 'Milliseconds after which that command is ended.',
  }),
  pushEnabled: define({
    key: 'push.enabled',
    env: 'CODEPIPER_PUSH_ENABLED',
    schema: toggle,
    default: true,
    allowed: onOff,
    description: 'Whether notifications are sent to browsers that subscribed.',
  }),
  pushPublicKey: define({
    key: 'push.publicKey',
    env: 'CODEPIPER_PUSH_PUBLIC_KEY',
    schema: z.string().regex(/^[A-Za-z0-9_-]+$/),
    default: null,
    allowed: 'a Base64URL VAPID public key',
    description:
      'Public key by which push services know the daemon (VAPID). Default: of a pair in the home, made at the first start.',
  }),
  pushPrivateKey: define({
    key: 'push.privateKey',
    env: 'CODEPIPER_PUSH_PRIVATE_KEY',
    schema: z.string().regex(/^[A-Za-z0-9_-]+$/),
    default: null,
    allowed: 'a Base64URL VAPID private key',
    description: 'The private key that belongs to it.',
    secret: true,
  }),
  pushSubject: define({
    key: 'push.subject',
    env: 'CODEPIPER_PUSH_SUBJECT',
    schema: z.string().regex(/^(mailto:|https:\/\/)/),
    default: null,
    allowed: 'a mailto: or https:// URL',
    description: 'Whom operators of push services may write to (VAPID subject).',
  }),
} as const;

export type SettingName = keyof typeof settings;

/** Values in force; those computed from others are null until the daemon computes them. */
export type SettingValues = { [Name in SettingName]: z.output<(typeof settings)[Name]['schema']> | null };
