import { tmuxSessionName } from '@codepiper/core/paths.ts';
import type { StopStep } from '@codepiper/providers/provider.ts';
import { isAlive, killTree } from '../platform/processes.ts';
import type { Tmux } from '../tmux/tmux.ts';
import type { LivePane } from './live-pane.ts';
import type { SessionEnds } from './session-ends.ts';

/** A run of a session with everything that ends it. */
export interface RunningProgram {
  sessionId: string;
  run: number;
  /** Null when the pane is gone already. */
  pane: LivePane | null;
  /** Process of the program; null until the wrapper has started it. */
  readPid: () => Promise<number | null>;
  tmux: Tmux;
  ends: SessionEnds;
}

/** How long what a program left behind may take to end on SIGTERM, in milliseconds. */
const leftoverGraceMs = 1_000;
/** How often a process tree is looked at while it dies. */
const killRoundMs = 500;
/** How often a program that is being started is looked for, in milliseconds. */
const pidPollMs = 20;
/** A wrapper that has not published the end by then never will: its pane is taken away. */
const wrapperDeadlineMs = 5_000;

/** Asks the program to end, step by step, and kills it after the deadline. Resolves when the end is stored. */
export async function endProgram(
  program: RunningProgram,
  steps: readonly StopStep[],
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  await awaitStart(program, deadline);
  for (const step of steps) {
    if (Date.now() >= deadline) break;
    await takeStep(program, step);
    if (await ended(program, Math.min(step.waitMs, deadline - Date.now()))) {
      return reapLeftovers(program.sessionId);
    }
    if (program.ends.isClosing) return;
  }
  if (await ended(program, Math.max(0, deadline - Date.now()))) return reapLeftovers(program.sessionId);
  if (!program.ends.isClosing) await killProgram(program);
}

/** Kills the whole process tree, again and again until none of it is left. Resolves when the end is stored. */
export async function killProgram(program: RunningProgram): Promise<void> {
  const { pane, tmux, ends } = program;
  const deadline = Date.now() + wrapperDeadlineMs;
  while (!(await ends.hasEnded(program.sessionId, program.run))) {
    await killTree(tree(program), 'SIGKILL', { deadlineMs: killRoundMs });
    // The wrapper asks the terminal for the last words before it tells: its helpers are of this tree too.
    if (await ended(program, killRoundMs)) break;
    if (ends.isClosing) return;
    const wrapperIsGone = pane !== null && !isAlive(pane.wrapperPid);
    if (pane === null || wrapperIsGone || Date.now() >= deadline) {
      await tmux.killSession(tmuxSessionName(program.sessionId));
      await ends.end(program, { exitCode: await ends.readExit(program), detail: 'its pane was taken away' });
    }
  }
  await killTree(marked(program.sessionId), 'SIGKILL', { deadlineMs: wrapperDeadlineMs });
}

/** A program that was only just started has no process yet to be asked. */
async function awaitStart(program: RunningProgram, deadline: number): Promise<void> {
  while (program.pane && Date.now() < deadline && (await program.readPid()) === null) {
    if (await ended(program, pidPollMs)) return;
  }
}

async function takeStep(program: RunningProgram, step: StopStep): Promise<void> {
  try {
    if (step.kind === 'keys') {
      if (program.pane) await program.tmux.pressKeys(program.pane.paneId, step.keys);
      return;
    }
    const pid = await program.readPid();
    if (pid !== null) process.kill(pid, step.signal);
  } catch {
    // It ended meanwhile: the wait that follows sees it.
  }
}

function ended(program: RunningProgram, withinMs: number): Promise<boolean> {
  return program.ends.waitForEnd(program.sessionId, program.run, withinMs);
}

/** Ends what programs of the session started and did not take along. */
export async function reapLeftovers(sessionId: string): Promise<void> {
  const { left } = await killTree(marked(sessionId), 'SIGTERM', { deadlineMs: leftoverGraceMs });
  if (left.length > 0) await killTree(marked(sessionId), 'SIGKILL', { deadlineMs: wrapperDeadlineMs });
}

function tree(program: RunningProgram) {
  return { rootPid: program.pane?.wrapperPid ?? null, excludeRoot: true, ...marked(program.sessionId) };
}

function marked(sessionId: string) {
  return { marker: { name: 'CODEPIPER_SESSION', value: sessionId } };
}
