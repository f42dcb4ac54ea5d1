import { readFileSync } from 'node:fs';
import type { Delivery } from '@codepiper/core/sessions/delivery.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';

/**
 * What a session of a fault run runs: it writes every line it reads to the file it is given, ends with status N at
 * `exit N …`, and leaves two children behind, one of them in a process group of its own.
 */
export const lineProgram = `#!/bin/sh
sleep 1000003 &
setsid sleep 1000003 &
while IFS= read -r line; do
  printf '%s\\n' "$line" >>"$1"
  case $line in
    exit\\ *)
      set -- $line
      exit "$2"
      ;;
  esac
done
`;

/** How a session must have ended. */
export interface ExpectedEnd {
  status: 'stopped' | 'crashed';
  exitCode: number;
}

/** A text that was sent, each of its lines unique in the run. */
export interface SentText {
  text: string;
  /** `maybe`: at most once, as the session was ended at the same time. */
  arrives: 'once' | 'maybe';
  /** Sent in the present point. */
  isNew: boolean;
}

/** What ends a session in the present point. */
export type Ending = 'stop' | 'kill' | 'exit' | 'outside' | 'remove';

/** A session as its careful client knows it. */
export interface Tracked {
  name: string;
  /** Null until the daemon said it. */
  id: string | null;
  log: string;
  state: 'live' | 'ended' | 'removed';
  /** How it ended; null when the client cannot know. */
  end: ExpectedEnd | null;
  /** Whether it was ended by `stop` or `kill`, which leave no process behind. */
  isSwept: boolean;
  texts: SentText[];
  /** In the present point. */
  ending: Ending | null;
  isBusy: boolean;
  /** Two requests of the present point exclude each other: either may have won. */
  isRaced: boolean;
}

/** How often each line is in the session's file. */
export function linesRead(tracked: Tracked): Map<string, number> {
  let text = '';
  try {
    text = readFileSync(tracked.log, 'utf8');
  } catch {
    // Nothing was read yet.
  }
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) if (line !== '') counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

/** What is wrong with the texts a session has read, against those that were sent. */
export function textProblems(tracked: Tracked): string[] {
  const read = linesRead(tracked);
  const problems: string[] = [];
  for (const { text, arrives } of tracked.texts) {
    for (const line of text.split('\n')) {
      const times = read.get(line) ?? 0;
      read.delete(line);
      if (times > 1) problems.push(`${tracked.name} read "${line}" ${times} times`);
      if (times === 0 && arrives === 'once') problems.push(`${tracked.name} never read "${line}"`);
    }
  }
  for (const line of read.keys()) problems.push(`${tracked.name} read "${line}", which nobody sent`);
  return problems;
}

/** What is wrong with what the daemon says of the texts that were sent just now. */
export function deliveryProblems(tracked: Tracked, deliveries: readonly Delivery[]): string[] {
  const fresh = tracked.texts.filter(({ isNew, arrives }) => isNew && arrives === 'once');
  return fresh.flatMap(({ text }) => {
    const found = deliveries.filter(({ preview }) => preview === text);
    if (found.length === 1 && found[0]?.status === 'delivered') return [];
    const shown = found.map(({ status, error }) => `${status} ${error ?? ''}`).join(', ') || 'not there';
    return [`the delivery of ${JSON.stringify(text)} to ${tracked.name} is ${shown}`];
  });
}

/** What is wrong with a listed session, against what its client knows. */
export function stateProblems(tracked: Tracked, session: Session | undefined): string[] {
  const say = (what: string) => [`${tracked.name} (${tracked.id?.slice(0, 8)}) ${what}`];
  if (tracked.state === 'removed') return session ? say('is listed, but was removed') : [];
  if (!session) return say('is not listed');
  if (tracked.isRaced) return [];
  const shown = `${session.status}, exit code ${session.exitCode}, pid ${session.pid} (${session.evidence.detail})`;
  if (tracked.state === 'live') {
    return session.status === 'running' && session.endedAt === null
      ? []
      : say(`should be running, but is ${shown}`);
  }
  if (session.endedAt === null || session.pid !== null) return say(`should have ended, but is ${shown}`);
  const { end } = tracked;
  if (end && (session.status !== end.status || session.exitCode !== end.exitCode)) {
    return say(`should be ${end.status} with exit code ${end.exitCode}, but is ${shown}`);
  }
  return [];
}
