import type { Turn } from './conversation.ts';

/** A thing the model wants done; each dialect says it with the tools its agent offers. */
export type Call =
  | { run: string }
  | { ask: string; options: string[] }
  /** A tool by the agent's own name for it, for what the others do not cover. */
  | { tool: string; input: Record<string, unknown> };

/** One step of an answer. */
export type Beat =
  | { text: string }
  /** Let time pass with the stream open, in milliseconds. */
  | { pause: number }
  /** Keep the stream open until the test calls `release` with this name. */
  | { hold: string }
  | { call: Call };

/** A streamed answer, or an HTTP error in its place. */
export type Reply = { beats: Beat[] } | { status: number; message: string };

/** Decides an answer; `undefined` leaves it to {@link defaultScript}. */
export type Script = (turn: Turn) => Reply | undefined;

/** Tokens that every answer reports, so that sums can be asserted: n answers cost n times this. */
export const USAGE = { input: 120, cached: 40, output: 25, reasoning: 5 } as const;

/** Pause between the ticks of `SLOW`, in milliseconds. */
export const TICK_MS = 40;

/**
 * The newest prompt decides:
 * `RUN <command>` runs it, then says `done: <first line of its output>` (`failed: …`) ·
 * `SLOW <n>` streams `tick 1` … `tick n` · `HOLD <name>` says `holding <name>`, waits for `release(name)`, says
 * `released <name>` · `FAIL <status>` is that HTTP error · `ASK <question>` asks the user, Yes or No ·
 * `LATER <name> <command>` waits for `release(name)`, then runs the command · `CALL <json>` makes the calls of a list ·
 * anything else is answered with `echo: <prompt>`. News of the program's own is answered with `noted`.
 */
export const defaultScript = (turn: Turn): Reply => {
  if (turn.toolResult) return say(resultLine(turn.toolResult));
  // What the prompt asked for has been done: a sub-agent that ended must not set off another, and so on without end.
  if (turn.isNews) return say('noted');
  const [, word = '', rest = ''] =
    /^(RUN|SLOW|HOLD|FAIL|ASK|LATER|CALL)\s+(\S[\s\S]*)$/.exec(turn.prompt.trim()) ?? [];
  switch (word) {
    case 'RUN':
      return { beats: [{ call: { run: rest } }] };
    case 'SLOW':
      return { beats: ticks(Number(rest)) };
    case 'HOLD':
      return { beats: [{ text: `holding ${rest}\n` }, { hold: rest }, { text: `released ${rest}` }] };
    case 'FAIL':
      return { status: Number(rest), message: `scripted failure ${rest}` };
    case 'ASK':
      return { beats: [{ call: { ask: rest, options: ['Yes', 'No'] } }] };
    case 'LATER': {
      const [, name = '', command = ''] = /^(\S+)\s+([\s\S]*)$/.exec(rest) ?? [];
      return { beats: [{ hold: name }, { call: { run: command } }] };
    }
    case 'CALL':
      return { beats: (JSON.parse(rest) as Call[]).map((call) => ({ call })) };
    default:
      return say(`echo: ${turn.prompt}`);
  }
};

/** An answer of plain text. */
export function say(text: string): Reply {
  return { beats: [{ text }] };
}

function ticks(count: number): Beat[] {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return numbers.flatMap((n): Beat[] => [{ text: `tick ${n}\n` }, { pause: TICK_MS }]);
}

function resultLine({ output, failed }: { output: string; failed: boolean }): string {
  const line = output.split('\n').find((text) => text.trim() !== '') ?? '';
  return `${failed ? 'failed' : 'done'}: ${line.trim()}`;
}
