/** What a viewer may have unacknowledged, in time: this much of its measured rate, in milliseconds. */
const windowMs = 300;
const leastWindow = 8 * 1024;
/** Most that is ever unacknowledged at one viewer, in bytes. */
export const mostWindow = 256 * 1024;
/** Before anything is measured. */
const firstWindow = 32 * 1024;
/** Longer round trips are taken for this: mostly they are queues, and those are not to be fed. */
const mostRoundTripMs = 500;
/**
 * Below the first a link is slow, above the second it is not any more, in bytes per millisecond. They are far apart
 * because a slow link seems faster when what it carries is compressed.
 */
const slowRate = 500;
const fastRate = 4_000;

/**
 * Measures one viewer's link by what is acknowledged, once per round trip, and tells how much may be under way: what
 * the link carries in its shortest round trip and 0.3 s more, within 8 and 256 KB.
 */
export class LinkMeter {
  #sent = 0;
  #acknowledged = 0;
  /** Bytes per millisecond. */
  #rate = firstWindow / windowMs;
  #isMeasured = false;
  #isSlow = false;
  #roundTripMs = mostRoundTripMs;
  #window = firstWindow;
  /** From the sending of a frame to its acknowledgement. */
  #round: { sentAt: number; until: number; before: number; limited: boolean } | null = null;

  /** Bytes that may be unacknowledged. */
  get window(): number {
    return this.#window;
  }

  /** Bytes sent and not acknowledged. */
  get inFlight(): number {
    return this.#sent - this.#acknowledged;
  }

  /** It was measured, and what is sent takes longer on the way than it would to compress it. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  sent(bytes: number, now: number): void {
    this.#sent += bytes;
    this.#round ??= { sentAt: now, until: this.#sent, before: this.#acknowledged, limited: false };
  }

  /** More would have been sent had the window been larger: what is measured now is the link, not the program. */
  limited(): void {
    if (this.#round) this.#round.limited = true;
  }

  /** @returns whether it is news; 'impossible' when so much was never sent */
  acknowledged(total: number, now: number): boolean | 'impossible' {
    if (total > this.#sent) return 'impossible';
    if (total <= this.#acknowledged) return false;
    this.#acknowledged = total;
    if (this.#round && total >= this.#round.until) this.#measure(this.#round, now);
    return true;
  }

  #measure(round: { sentAt: number; before: number; limited: boolean }, now: number): void {
    this.#round = null;
    // Clocks tick in whole milliseconds at worst.
    const tookMs = Math.max(1, now - round.sentAt);
    const rate = (this.#acknowledged - round.before) / tookMs;
    this.#roundTripMs = Math.min(this.#roundTripMs, tookMs);
    if (rate > this.#rate) this.#rate = rate;
    else if (round.limited) this.#rate = this.#isMeasured ? (this.#rate + rate) / 2 : rate;
    if (round.limited) this.#isMeasured = true;
    this.#isSlow = this.#isMeasured && this.#rate < (this.#isSlow ? fastRate : slowRate);
    const bytes = Math.round(this.#rate * (windowMs + this.#roundTripMs));
    this.#window = Math.min(mostWindow, Math.max(leastWindow, bytes));
  }
}
