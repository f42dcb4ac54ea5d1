/** The pane of a live session. */
export interface LivePane {
  sessionId: string;
  run: number;
  paneId: string;
  /** Process of the wrapper. */
  wrapperPid: number;
  /** Process of the program, once it is known. */
  programPid?: number;
}

/** Panes of all live sessions, by session id. One map, filled by who starts or adopts, emptied by who ends. */
export type LivePanes = Map<string, LivePane>;
