/**
 * The one table of error codes: what HTTP says, and how the CLI exits.
 * `docs/reference/errors.md` lists the same codes; a test holds the two together.
 */
export declare const errorTable: {
    readonly invalid_request: {
        readonly http: 400;
        readonly exit: 2;
        readonly meaning: 'The request has a wrong, missing or unknown value.';
    };
    readonly invalid_json: {
        readonly http: 400;
        readonly exit: 2;
        readonly meaning: 'The body is not valid JSON.';
    };
    readonly unauthorized: {
        readonly http: 401;
        readonly exit: 1;
        readonly meaning: 'The session token is not valid.';
    };
    readonly forbidden: {
        readonly http: 403;
        readonly exit: 1;
        readonly meaning: 'The caller may not do this.';
    };
    readonly not_found: {
        readonly http: 404;
        readonly exit: 4;
        readonly meaning: 'There is no such route.';
    };
    readonly session_not_found: {
        readonly http: 404;
        readonly exit: 4;
        readonly meaning: 'No session has this id or name.';
    };
    readonly delivery_not_found: {
        readonly http: 404;
        readonly exit: 4;
        readonly meaning: 'No delivery has this id.';
    };
    readonly method_not_allowed: {
        readonly http: 405;
        readonly exit: 1;
        readonly meaning: 'The route exists, with another method.';
    };
    readonly session_ambiguous: {
        readonly http: 409;
        readonly exit: 4;
        readonly meaning: 'The id prefix or name fits more than one session.';
    };
    readonly session_ended: {
        readonly http: 409;
        readonly exit: 1;
        readonly meaning: 'The session has ended; only a live one can do this.';
    };
    readonly session_live: {
        readonly http: 409;
        readonly exit: 1;
        readonly meaning: 'The session is still live; only an ended one can do this.';
    };
    readonly session_busy: {
        readonly http: 409;
        readonly exit: 1;
        readonly meaning: 'The session is in the middle of something that excludes this.';
    };
    readonly name_taken: {
        readonly http: 409;
        readonly exit: 1;
        readonly meaning: 'Another session has this name.';
    };
    readonly conversation_unknown: {
        readonly http: 409;
        readonly exit: 1;
        readonly meaning: 'The agent has no conversation to go on with.';
    };
    readonly idempotency_conflict: {
        readonly http: 409;
        readonly exit: 1;
        readonly meaning: 'The idempotency key was used with another text.';
    };
    readonly trust_required: {
        readonly http: 409;
        readonly exit: 1;
        readonly meaning: 'The agent would ask whether this directory is trusted.';
    };
    readonly unsupported: {
        readonly http: 409;
        readonly exit: 1;
        readonly meaning: 'This provider cannot do this.';
    };
    readonly provider_unavailable: {
        readonly http: 409;
        readonly exit: 1;
        readonly meaning: "The agent's program was not found.";
    };
    readonly body_too_large: {
        readonly http: 413;
        readonly exit: 2;
        readonly meaning: 'The body is larger than the limit.';
    };
    readonly session_limit: {
        readonly http: 429;
        readonly exit: 1;
        readonly meaning: 'The limit of live sessions is reached.';
    };
    readonly internal: {
        readonly http: 500;
        readonly exit: 1;
        readonly meaning: 'A fault of codepiper; the log has the details.';
    };
    readonly tmux_failed: {
        readonly http: 502;
        readonly exit: 1;
        readonly meaning: 'tmux refused or did not answer.';
    };
    readonly database_busy: {
        readonly http: 503;
        readonly exit: 1;
        readonly meaning: 'The database is locked by another program.';
    };
    readonly shutting_down: {
        readonly http: 503;
        readonly exit: 1;
        readonly meaning: 'The daemon is stopping.';
    };
    readonly storage_full: {
        readonly http: 507;
        readonly exit: 1;
        readonly meaning: 'The disk or quota is full; nothing was changed.';
    };
};
export type ErrorCode = keyof typeof errorTable;
/** Exit codes of the CLI. */
export declare const exitCodes: {
    readonly ok: 0;
    readonly failed: 1;
    readonly usage: 2;
    readonly daemonNotRunning: 3;
    readonly notFound: 4;
};
/** What every failed request answers. `error` is for people: what happened, which value, what to do. */
export interface ErrorBody {
    error: string;
    code: ErrorCode;
    details?: Record<string, unknown>;
}
/** An error with a code of the table; anything else that is thrown is a fault and answers `internal`. */
export declare class CodepiperError extends Error {
    readonly name = "CodepiperError";
    readonly code: ErrorCode;
    readonly details: Record<string, unknown> | undefined;
    constructor(code: ErrorCode, message: string, details?: Record<string, unknown>);
    toBody(): ErrorBody;
}
