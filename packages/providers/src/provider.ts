import type { Question } from '@codepiper/core/approvals/approval.ts';
import type { ToolCall, ToolInput } from '@codepiper/core/policies/call.ts';
import type { Capabilities, ProviderId } from '@codepiper/core/providers/provider.ts';
import type { Activity, BillingMode } from '@codepiper/core/sessions/session.ts';

/** What an agent let us know, in the house's words. Every provider's hooks, files and screens become these. */
export type AgentFact =
  /** The agent is in this conversation now. */
  | {
      kind: 'conversation';
      id: string;
      transcriptPath: string | null;
      origin: 'startup' | 'resume' | 'fork' | 'clear' | 'compact' | 'unknown';
    }
  /** The agent took this text as a prompt. */
  | { kind: 'prompt'; text: string }
  | { kind: 'state'; state: AgentState; detail: string }
  | { kind: 'model'; model: string }
  /** A turn is over; `failed` carries the agent's words. */
  | { kind: 'turn-ended'; outcome: 'done' | 'interrupted' | 'failed'; message: string | null }
  | { kind: 'conversation-ended'; reason: string };

export type AgentState =
  | { status: 'starting'; activity: null }
  | { status: 'running'; activity: Activity }
  | { status: 'needs_permission'; activity: null }
  | { status: 'needs_input'; activity: null };

/** A hook of an agent that waits for an answer, in the house's words. */
export interface HookedCall {
  /**
   * tool: before a tool runs. dialog: before the agent shows, or while it shows, a dialog of its own. ran: a tool ran,
   * or failed; nothing waits.
   */
  event: 'tool' | 'dialog' | 'ran';
  call: ToolCall;
  /** The agent's id of the call; null where this hook has none. */
  callId: string | null;
  /** Directory of the call, absolute. */
  cwd: string;
  /** The sub-agent that calls; null for the session's own agent. */
  agentId: string | null;
  /**
   * What the agent wants of a person beside a permission: an answer to questions, or consent to a plan. Null for an
   * ordinary tool.
   */
  asks: {
    kind: 'question' | 'plan';
    questions: readonly Question[];
    /** Whether the answer to this very hook can carry it; otherwise a dialog follows that has a hook of its own. */
    answeredHere: boolean;
  } | null;
  /** Whether the agent shows its own dialog while the hook is held, so that a person may answer there first. */
  dialogOpen: boolean;
}

/** What a waiting hook is told. agent: nothing, the agent's own rules and prompts decide. */
export type HookAnswer =
  | { decision: 'allow'; answers: Readonly<Record<string, string>> | null }
  | { decision: 'deny'; reason: string }
  | { decision: 'agent' };

export type Conversation =
  /** `id` is ours to choose where the agent allows it. */
  { mode: 'new'; id: string } | { mode: 'resume'; id: string } | { mode: 'fork'; id: string; newId: string };

export interface LaunchRequest {
  sessionId: string;
  /** Absolute path of the agent's program; for `shell` the user's shell. */
  program: string;
  /** Private folder of the session; files of the plan are written here. */
  sessionDir: string;
  cwd: string;
  model: string | null;
  args: readonly string[];
  billing: BillingMode;
  dangerous: boolean;
  /** The whole machine without a sandbox, while the agent goes on asking; see `Provider.hasHostProfile`. */
  hostAccess: boolean;
  conversation: Conversation | null;
  /** Whether the person, or the agent's own configuration, trusts `cwd`. */
  trusted: boolean;
  /** Environment the pane will have, before `LaunchPlan.env`. */
  env: Readonly<Record<string, string>>;
  /** Contents of `configFiles`, by path; null where a file is absent. */
  config: Readonly<Record<string, string | null>>;
  /**
   * A shell command that takes a hook's JSON on stdin and files it for the daemon; exits 0 and prints nothing.
   * It may stand on an agent's command line, so it holds no secret.
   */
  hookCommand: string;
  /**
   * A shell command that takes a hook's JSON on stdin, waits for the daemon's answer and prints it. Exits 2 with a
   * sentence on stderr when there is none. Holds no secret.
   */
  decideCommand: string;
  /** What a call meets when the daemon cannot be asked: a denial, or the agent's own rules. */
  hookFallback: 'deny' | 'agent';
  /** Version of the program as `x.y.z`; null when it is not known. */
  version: string | null;
  /** Main repository that `cwd` belongs to (for a worktree the one it was made from); null outside git. */
  repositoryRoot: string | null;
  /** Hexadecimal SHA-256 of the text's UTF-8 bytes. */
  sha256: (text: string) => string;
}

export interface LaunchPlan {
  argv: readonly string[];
  /** Changes to the pane's environment; null takes a variable away. */
  env: Readonly<Record<string, string | null>>;
  /** Files to write into `sessionDir`, mode 0600, before the start. */
  files: readonly { name: string; content: string }[];
  /** The conversation id, where it is known before the start. */
  conversationId: string | null;
}

/** One step of a graceful end; the next follows when the program is still there after `waitMs`. */
export type StopStep = { waitMs: number } & (
  | { kind: 'keys'; keys: readonly string[] }
  | { kind: 'signal'; signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM' }
);

/** How text becomes a prompt in this agent's pane. */
export interface InputRules {
  /** Bracketed paste, when the program asked for it. */
  bracketed: boolean;
  /** Makes text that would be a command (`/`, `!`) into plain text. */
  defuse(text: string): string;
  /**
   * Cuts text so that the agent takes it as typed; each chunk is one paste. The chunks concatenate to the text, less
   * what a paste must not carry: line ends become `\n`, sequences that would end a bracketed paste are gone, and so
   * is what the agent would drop or ask about. What `mention` made may become what the agent takes for the image.
   */
  chunk(text: string): string[];
  /**
   * How a prompt names an image that was kept for a session, by its absolute path, so that the model is shown it.
   * Spaces or line ends stand around it.
   */
  mention(path: string): string;
  /** Chunks that the agent takes in a moment after they were pasted; null where it takes all at once. */
  settling: {
    isSlow(chunk: string): boolean;
    /** How many of them the composer shows, taken in. Nothing else may be typed before. */
    countTaken(screen: string): number;
  } | null;
  /**
   * Regular expressions (POSIX extended, as tmux searches a pane's visible screen) any match of which means that
   * a dialog or question is up: nothing may be typed then.
   */
  guards: readonly string[];
  /** Whether the prompt an agent reports is the text that was sent. */
  matches(sent: string, seen: string): boolean;
  /** Keys that interrupt a running turn. */
  interrupt: readonly string[];
}

/**
 * A file the agent keeps about its own process. It is the level, hooks are edges that may be read late: read it again
 * after every hook, and let it have the last word on `status` and `activity`. The same holds for titles.
 */
export interface AgentRegistry {
  directory(env: Readonly<Record<string, string>>): string;
  fileName(pid: number): string;
  /**
   * What the file says, and since when its state is so (milliseconds since the epoch); null when it cannot be read yet
   * (it is rewritten in place) or is of another process.
   */
  read(content: string, pid: number): { facts: AgentFact[]; since: number } | null;
}

export interface Provider {
  readonly id: ProviderId;
  readonly label: string;
  readonly capabilities: Capabilities;
  /** Name looked up on PATH; null for `shell`, which runs what it is given. */
  readonly binary: string | null;
  readonly npmPackage: string | null;
  readonly installHint: string | null;
  readonly input: InputRules;
  readonly stop: readonly StopStep[];
  /** Whether it has a sandbox of its own that `LaunchRequest.hostAccess` takes away. */
  readonly hasHostProfile: boolean;
  /** Variables with the agent's API keys: `subscription` takes them away, `api` passes them on. */
  readonly apiKeyVariables: readonly string[];
  /** Other variables of the daemon's environment the agent needs. */
  readonly inheritedVariables: readonly string[];
  /** The agent's own files a plan and `isTrusted` depend on. Read, never written. */
  configFiles(env: Readonly<Record<string, string>>): string[];
  /** Whether the agent's own configuration trusts the directory; true where it never asks. */
  isTrusted(
    config: Readonly<Record<string, string | null>>,
    env: Readonly<Record<string, string>>,
    place: { cwd: string; repositoryRoot: string | null },
  ): boolean;
  /** How to start it. Throws `CodepiperError` for what the agent cannot do. */
  plan(request: LaunchRequest): LaunchPlan;
  /** Facts in one hook's JSON; unknown events have none. Never throws. */
  readHook(payload: unknown): AgentFact[];
  /** The call a hook is about; null when the hook is about none. Never throws. */
  readHookedCall(payload: unknown): HookedCall | null;
  /**
   * What the hook prints for the answer: one line of JSON, or null for nothing at all, which is no decision. Whatever
   * an agent would take for a failed hook and let pass is never made here.
   */
  answerHook(hooked: HookedCall, answer: HookAnswer): string | null;
  /** A call as this agent would make it. `tool` may be a kind, for a call that somebody makes up. Never throws. */
  toolCall(tool: string, input: ToolInput): ToolCall;
  /**
   * Facts in the pane's title, where the agent keeps its state there. A title that says `needs_permission` may also
   * stand for a question: where `readScreen` then has a state, it is the better one.
   */
  readTitle(title: string): AgentFact[];
  /** Facts in the visible text: start dialogs, questions. Used where no better source speaks. */
  readScreen(screen: string): AgentFact[];
  /** Facts in one line of the agent's transcript. Never throws. */
  readTranscriptLine(line: string): AgentFact[];
  readonly registry: AgentRegistry | null;
  /** What ends a turn's doubt: where the first sign of readiness comes from. */
  readonly readiness: 'registry' | 'title' | 'immediate';
  /** How the model of a live session is switched. */
  readonly modelSwitch:
    | {
        kind: 'command';
        text(model: string): string;
        /** Whether the screen says that the switch was made. */
        confirms(screen: string, model: string): boolean;
      }
    | { kind: 'restart' }
    | { kind: 'none' };
}
