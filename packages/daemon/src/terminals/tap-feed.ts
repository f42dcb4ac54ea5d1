import type { Log } from '../log/log.ts';
import type { PaneState } from '../tmux/pane-state.ts';
import type { SessionTap } from './terminal-tap.ts';

export interface TapFeedOptions {
  log: Log;
  sessionId: string;
  /** Asks for a picture of the pane. */
  askPicture(): void;
  /** The tap threw, and is gone. */
  onFailed(): void;
}

/** Tells a tap what happens, from a picture on. A tap that throws is let go, and hurts nobody else. */
export class TapFeed {
  readonly #o: TapFeedOptions;
  #tap: SessionTap | null = null;
  /** It was told where it starts. */
  #hasStarted = false;
  #wantsPicture = false;

  constructor(options: TapFeedOptions) {
    this.#o = options;
  }

  get isOpen(): boolean {
    return this.#tap !== null;
  }

  /** Closes the tap before, if any. */
  set(tap: SessionTap | null): void {
    this.close();
    this.#tap = tap;
    if (!tap) return;
    tap.onWantsPicture = () => {
      if (this.#tap !== tap || this.#wantsPicture) return;
      this.#wantsPicture = true;
      this.#o.askPicture();
    };
    this.#o.askPicture();
  }

  rebuilt(state: PaneState): void {
    this.#hasStarted = this.isOpen;
    this.#wantsPicture = false;
    this.#tell((tap) => tap.rebuilt(withoutHistory(state)));
  }

  picture(state: PaneState): void {
    if (!this.#hasStarted) this.rebuilt(state);
    else if (this.#wantsPicture) {
      this.#wantsPicture = false;
      this.#tell((tap) => tap.picture(withoutHistory(state)));
    }
  }

  bytes(bytes: Uint8Array): void {
    if (this.#hasStarted) this.#tell((tap) => tap.bytes(bytes));
  }

  resized(cols: number, rows: number): void {
    if (this.#hasStarted) this.#tell((tap) => tap.resized(cols, rows));
  }

  ended(): void {
    this.#tell((tap) => tap.ended());
    this.close();
  }

  close(): void {
    const tap = this.#tap;
    if (!tap) return;
    this.#tap = null;
    this.#hasStarted = false;
    this.#wantsPicture = false;
    tap.onWantsPicture = null;
    try {
      tap.close();
    } catch (error) {
      this.#o.log.error({ err: error, session: this.#o.sessionId }, 'a recording could not be closed');
    }
  }

  #tell(tell: (tap: SessionTap) => void): void {
    if (!this.#tap) return;
    try {
      tell(this.#tap);
    } catch (error) {
      this.#o.log.error({ err: error, session: this.#o.sessionId }, 'a recording failed: it is given up');
      this.close();
      this.#o.onFailed();
    }
  }
}

/** Nothing of a recording needs the lines above the screen. */
function withoutHistory(state: PaneState): PaneState {
  return { ...state, history: [] };
}
