import { asArray, asObject, asText, parseObject } from '../json.ts';

/** How a call ended. */
export interface Outcome {
  callId: string;
  isError: boolean;
  denied: boolean;
  /** How long it ran, in milliseconds; null where it is not said. */
  durationMs: number | null;
}

export interface State {
  /** The conversation of the file, by its first line. */
  id: string | null;
  turn: string | null;
  /** The last turn that said its model, and which. */
  modelTurn: string | null;
  turnModel: string | null;
  /** The model set last; the next turn will have it. */
  model: string | null;
  /** What items of this turn said of calls whose outputs are still to come. */
  outcomes: Outcome[];
}

export function stateOf(text: string | null | undefined): State {
  const json = parseObject(text);
  return {
    id: asText(json?.id),
    turn: asText(json?.turn),
    modelTurn: asText(json?.modelTurn),
    turnModel: asText(json?.turnModel),
    model: asText(json?.model),
    outcomes: asArray(json?.outcomes).flatMap(outcomeOf),
  };
}

function outcomeOf(value: unknown): Outcome[] {
  const json = asObject(value);
  const callId = asText(json?.callId);
  if (!json || callId === null) return [];
  const { isError, denied, durationMs } = json;
  const duration = typeof durationMs === 'number' ? durationMs : null;
  return [{ callId, isError: isError === true, denied: denied === true, durationMs: duration }];
}

/** More calls than this do not run at once; the bound keeps the state small whatever a file says. */
const maxOutcomes = 8;

export function noteOutcome(state: State, outcome: Outcome): void {
  const others = state.outcomes.filter(({ callId }) => callId !== outcome.callId);
  state.outcomes = [...others, outcome].slice(-maxOutcomes);
}

/** What was noted of the call; it is forgotten then. */
export function takeOutcome(state: State, callId: string | null): Outcome | null {
  const noted = state.outcomes.find((outcome) => outcome.callId === callId) ?? null;
  if (noted) state.outcomes = state.outcomes.filter((outcome) => outcome !== noted);
  return noted;
}

export function beginTurn(state: State, turnId: string | null): void {
  if (turnId === null || turnId === state.turn) return;
  state.turn = turnId;
  state.outcomes = [];
}

/** The model that answered in a turn; a compaction before the turn's own words has the model set for the turn. */
export function modelOf(state: State, turnId: string | null): string | null {
  return turnId !== null && turnId === state.modelTurn ? state.turnModel : state.model;
}

export function settingsModel(payload: unknown): string | null {
  return asText(asObject(asObject(payload)?.thread_settings)?.model);
}

/** Ids are the model server's own, and a small server may count from 1 again: the turn makes them safe to compare. */
export function idIn(state: State, id: string | null, turnId: string | null = state.turn): string | null {
  return id === null ? null : `${turnId ?? state.id ?? ''}/${id}`;
}
