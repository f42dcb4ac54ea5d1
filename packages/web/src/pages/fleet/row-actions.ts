import type { AnswerActions } from '../shared/approval-answer/approval-answer.tsx';

const actions = new Map<string, { approval: string; actions: AnswerActions }>();

/** What the keys do on the row of a session; null when nothing can be answered there. */
export function setRowActions(session: string, approval: string, given: AnswerActions | null): void {
  if (given) actions.set(session, { approval, actions: given });
  // A row that goes leaves alone what the next one said.
  else if (actions.get(session)?.approval === approval) actions.delete(session);
}

export function rowActions(session: string): AnswerActions | undefined {
  return actions.get(session)?.actions;
}
