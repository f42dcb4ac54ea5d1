/**
 * The one table of error codes: what HTTP says, and how the CLI exits.
 * `docs/reference/errors.md` lists the same codes; a test holds the two together.
 */
export const errorTable = {
  invalid_request: { http: 400, exit: 2, meaning: 'The request has a wrong, missing or unknown value.' },
  invalid_json: { http: 400, exit: 2, meaning: 'The body is not valid JSON.' },
  unauthorized: { http: 401, exit: 1, meaning: 'The session token is not valid.' },
  sign_in_required: {
    http: 401,
    exit: 1,
    meaning: 'The browser is not signed in, or not yet with both factors.',
  },
  credentials_wrong: { http: 401, exit: 1, meaning: 'The password, code or passkey is not right.' },
  policy_denied: { http: 403, exit: 1, meaning: 'A policy denies what would be typed.' },
  forbidden: { http: 403, exit: 1, meaning: 'The caller may not do this.' },
  reauthentication_required: {
    http: 403,
    exit: 1,
    meaning: 'This is dangerous: prove again who is there, with a code or a passkey.',
  },
  not_found: { http: 404, exit: 4, meaning: 'There is no such route.' },
  session_not_found: { http: 404, exit: 4, meaning: 'No session has this id or name.' },
  policy_not_found: { http: 404, exit: 4, meaning: 'No policy has this id.' },
  policy_set_not_found: { http: 404, exit: 4, meaning: 'No policy set has this id.' },
  approval_not_found: { http: 404, exit: 4, meaning: 'No approval has this id.' },
  conversation_not_found: { http: 404, exit: 4, meaning: 'No conversation has this id.' },
  entry_not_found: { http: 404, exit: 4, meaning: 'No entry of a conversation has this id.' },
  job_not_found: { http: 404, exit: 4, meaning: 'No import or verification of this daemon has this number.' },
  recording_not_found: { http: 404, exit: 4, meaning: 'Nothing of this session was recorded.' },
  delivery_not_found: { http: 404, exit: 4, meaning: 'No delivery has this id.' },
  notification_not_found: { http: 404, exit: 4, meaning: 'No notification has this id.' },
  web_session_not_found: { http: 404, exit: 4, meaning: 'No signed-in device has this id.' },
  passkey_not_found: { http: 404, exit: 4, meaning: 'No passkey has this id.' },
  method_not_allowed: { http: 405, exit: 1, meaning: 'The route exists, with another method.' },
  session_ambiguous: { http: 409, exit: 4, meaning: 'The id prefix or name fits more than one session.' },
  session_ended: { http: 409, exit: 1, meaning: 'The session has ended; only a live one can do this.' },
  session_live: { http: 409, exit: 1, meaning: 'The session is still live; only an ended one can do this.' },
  session_busy: {
    http: 409,
    exit: 1,
    meaning: 'The session is in the middle of something that excludes this.',
  },
  policy_asks: { http: 409, exit: 1, meaning: 'A policy wants a person to look at what would be typed.' },
  policy_exists: { http: 409, exit: 1, meaning: 'The id is taken, or the policy is in the set already.' },
  policy_read_only: {
    http: 409,
    exit: 1,
    meaning: 'It ships with codepiper or comes from the rules file, and is not changed here.',
  },
  conversation_ambiguous: { http: 409, exit: 4, meaning: 'The id prefix fits more than one conversation.' },
  approval_ambiguous: { http: 409, exit: 4, meaning: 'The id prefix fits more than one pending approval.' },
  approval_settled: {
    http: 409,
    exit: 1,
    meaning: 'The approval was answered, expired or withdrawn before.',
  },
  name_taken: { http: 409, exit: 1, meaning: 'Another session has this name.' },
  conversation_unknown: { http: 409, exit: 1, meaning: 'The agent has no conversation to go on with.' },
  idempotency_conflict: { http: 409, exit: 1, meaning: 'The idempotency key was used with another text.' },
  trust_required: { http: 409, exit: 1, meaning: 'The agent would ask whether this directory is trusted.' },
  unsupported: { http: 409, exit: 1, meaning: 'This provider cannot do this.' },
  provider_unavailable: { http: 409, exit: 1, meaning: "The agent's program was not found." },
  push_unavailable: {
    http: 409,
    exit: 1,
    meaning: 'Push messages are switched off, or their keys are wrong.',
  },
  account_missing: { http: 409, exit: 1, meaning: 'The dashboard has no account yet.' },
  mfa_unreadable: {
    http: 409,
    exit: 1,
    meaning: 'The second factor is stored under another key; only `codepiper auth reset-mfa` helps.',
  },
  setting_fixed: {
    http: 409,
    exit: 1,
    meaning: 'A flag, a variable or the configuration file says this setting; it is changed there.',
  },
  restart_refused: {
    http: 409,
    exit: 1,
    meaning: 'No daemon could take the place of this one (wrong configuration, moved program): it goes on.',
  },
  folder_blocked: {
    http: 409,
    exit: 1,
    meaning: 'Something else lies where codepiper needs a folder of its own; move it away.',
  },
  images_full: { http: 409, exit: 1, meaning: 'The session keeps as many images as it may.' },
  body_too_large: { http: 413, exit: 2, meaning: 'The body is larger than the limit.' },
  media_refused: { http: 415, exit: 2, meaning: 'The file is of a kind that is not taken.' },
  session_limit: { http: 429, exit: 1, meaning: 'The limit of live sessions is reached.' },
  too_many_attempts: { http: 429, exit: 1, meaning: 'Too many wrong attempts; wait, then try again.' },
  too_many_requests: { http: 429, exit: 1, meaning: 'Too many requests; wait, then try again.' },
  internal: { http: 500, exit: 1, meaning: 'A fault of codepiper; the log has the details.' },
  restart_unavailable: {
    http: 501,
    exit: 1,
    meaning: 'The daemon cannot take its own place here; restart it from the command line.',
  },
  tmux_failed: { http: 502, exit: 1, meaning: 'tmux refused or did not answer.' },
  voice_failed: { http: 502, exit: 1, meaning: 'The command that makes text of speech failed.' },
  voice_not_configured: {
    http: 503,
    exit: 1,
    meaning: 'No command that makes text of speech is configured (voice.command).',
  },
  doctor_unavailable: { http: 503, exit: 1, meaning: 'The checks could not be run.' },
  database_busy: { http: 503, exit: 1, meaning: 'The database is locked by another program.' },
  program_replaced: {
    http: 503,
    exit: 1,
    meaning: 'codepiper was upgraded under the running daemon, which lacks a part now: restart it.',
  },
  shutting_down: { http: 503, exit: 1, meaning: 'The daemon is stopping.' },
  storage_full: { http: 507, exit: 1, meaning: 'The disk or quota is full; nothing was changed.' },
} as const satisfies Record<string, { http: number; exit: number; meaning: string }>;

export type ErrorCode = keyof typeof errorTable;

/** Exit codes of the CLI. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, daemonNotRunning: 3, notFound: 4 } as const;

/** What every failed request answers. `error` is for people: what happened, which value, what to do. */
export interface ErrorBody {
  error: string;
  code: ErrorCode;
  details?: Record<string, unknown>;
}

/** An error with a code of the table; anything else that is thrown is a fault and answers `internal`. */
export class CodepiperError extends Error {
  override readonly name = 'CodepiperError';
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, details?: Record<string, unknown>) {
    super(message);
    this.code = code;
    this.details = details;
  }

  toBody(): ErrorBody {
    return { error: this.message, code: this.code, ...(this.details ? { details: this.details } : {}) };
  }
}
