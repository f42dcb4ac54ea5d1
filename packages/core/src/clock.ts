/** Time as the house takes it: tests hand in a manual one. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}
