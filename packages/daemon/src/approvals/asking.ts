import type { ApprovalKind, Question } from '@codepiper/core/approvals/approval.ts';
import type { ToolCall } from '@codepiper/core/policies/call.ts';
import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import type { SessionRecord } from '../sessions/session-record.ts';

/** What a hook that waits brings. */
export interface Ask {
  session: SessionRecord;
  /** The same over all retries of one hook; another for every hook. */
  request: string;
  kind: ApprovalKind;
  call: ToolCall;
  callId: string | null;
  agentId: string | null;
  cwd: string;
  questions: readonly Question[];
  verdict: Verdict;
  /** Of the policies that the verdict is by; read before it was asked for. */
  edition: number;
  /** Whether the agent shows its own dialog meanwhile. */
  inTerminal: boolean;
  /** When the hook arrived, in milliseconds of `performance.now()`. */
  arrivedAt: number;
}

/** What the hook is told. */
export type AskAnswer =
  | { decision: 'allow'; answers: Readonly<Record<string, string>> | null }
  | { decision: 'deny'; reason: string };

/** What the sessions room does while something of a session waits for a person. */
export interface Holds {
  /**
   * The session's program waits for a person. Said again when another kind of approval is the oldest now.
   *
   * @param detail one line, without secrets: what is wanted
   */
  hold(sessionId: string, run: number, kind: ApprovalKind, detail: string): Promise<void>;
  /** Nothing of the session is held any more. */
  release(sessionId: string, run: number): Promise<void>;
}

/** What the hooks room needs of the approvals. */
export interface Approvals {
  /**
   * Waits for a person's answer. The same request, call id and input join the approval they made before; anything
   * else makes a new one. Aborting stops the waiting: after a grace in which the hook may come back, the approval is
   * withdrawn. Resolves once for one approval that was allowed: an answer is given out once.
   *
   * `delivered` is called when the answer has gone out; without it the same request gets the same answer again, once
   * the signal says that the one before did not take it. So either `delivered` or the signal must come.
   *
   * @throws CodepiperError `shutting_down` when the signal comes first, `session_ended` when the run is over
   */
  clear(ask: Ask, signal: AbortSignal): Promise<{ answer: AskAnswer; delivered(): Promise<void> }>;
  /** The agent's own dialog was answered first, or the call ran: what waits for it on other surfaces is over. */
  overtaken(
    sessionId: string,
    call: { callId: string | null; inputHash: string } | null,
    ran: boolean,
  ): Promise<void>;
}
