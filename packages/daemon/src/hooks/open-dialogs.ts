/** A dialog an agent shows while its hook waits. */
export interface OpenDialog {
  inputHash: string;
  /** When its hook arrived, in milliseconds since the epoch. */
  since: number;
  /** It was answered on the terminal. */
  isClosed: boolean;
}

/** How long no dialog must be seen before they count as closed, in milliseconds: another may follow at once. */
const closedAfterMs = 500;

/**
 * The dialogs agents show while their hooks wait. A person who answers one on the terminal ends no hook; what the agent
 * keeps about its own state tells, and the hook after the tool ran.
 */
export class OpenDialogs implements Disposable {
  readonly #onClosed: (sessionId: string) => void;
  readonly #open = new Map<string, Set<OpenDialog>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /** @param onClosed every dialog of the session that was open is closed */
  constructor(onClosed: (sessionId: string) => void) {
    this.#onClosed = onClosed;
  }

  open(sessionId: string, inputHash: string): OpenDialog {
    const dialog = { inputHash, since: Date.now(), isClosed: false };
    const dialogs = this.#open.get(sessionId) ?? new Set();
    this.#open.set(sessionId, dialogs.add(dialog));
    return dialog;
  }

  /** Its hook waits no more. */
  forget(sessionId: string, dialog: OpenDialog): void {
    const dialogs = this.#open.get(sessionId);
    dialogs?.delete(dialog);
    if (dialogs?.size === 0) this.#open.delete(sessionId);
  }

  /** A call of this input ran: the dialog that was shown first was its. */
  close(sessionId: string, inputHash: string): void {
    const same = [...(this.#open.get(sessionId) ?? [])].filter((dialog) => dialog.inputHash === inputHash);
    const first = same.find((dialog) => !dialog.isClosed);
    if (first) first.isClosed = true;
  }

  /** The agent says whether it shows a dialog, and since when (milliseconds since the epoch). */
  seen(sessionId: string, isOpen: boolean, since: number): void {
    const timer = this.#timers.get(sessionId);
    if (isOpen) {
      clearTimeout(timer);
      this.#timers.delete(sessionId);
      return;
    }
    // What was so before a dialog came says nothing about it.
    const dialogs = [...(this.#open.get(sessionId) ?? [])];
    if (timer || dialogs.length === 0 || dialogs.some((dialog) => since <= dialog.since)) return;
    const closes = setTimeout(() => {
      this.#timers.delete(sessionId);
      const open = [...(this.#open.get(sessionId) ?? [])];
      if (open.length === 0 || open.some((dialog) => since <= dialog.since)) return;
      for (const dialog of open) dialog.isClosed = true;
      this.#onClosed(sessionId);
    }, closedAfterMs);
    this.#timers.set(sessionId, closes.unref());
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
