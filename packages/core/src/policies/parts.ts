import type { ToolKind } from './call.ts';

/**
 * Stands in a text for what is only known when it runs: the value of a variable, the output of a command, what a file
 * glob finds. It may be anything, also several words or none. A private-use character: one in an agent's own text is
 * taken for unknown, which is the safe mistake.
 */
export const unknownText = '\uF8FF';

/**
 * One thing a call does. A call is allowed when every part is, and denied when any part is.
 */
export interface CallPart {
  kind: ToolKind;
  /** As a person reads it: `git push origin main`, `write /etc/hosts`. */
  text: string;
  /**
   * What rules' `args` are held against. Several values (paths): a rule that allows must match each, one that denies
   * or asks any. `unknownText` inside a value is what is not known yet; a `path` that may lead anywhere is unknown from
   * its first character, and what is unknown further on holds no `..`.
   */
  args: Readonly<Record<string, readonly string[]>>;
  /**
   * A file that a command touches by its own arguments (`rm x` writes x). Rules may deny it or have it asked about;
   * it needs no rule that allows it, since the command itself has to be allowed.
   */
  isImplied: boolean;
  /** Why it cannot be allowed by any rule, in a sentence; null when a rule may. */
  unreadable: string | null;
}

/** A call taken apart. */
export interface CallParts {
  parts: readonly CallPart[];
  /** The command line as written, which rules that deny or ask see beside the parts; null when there is none. */
  whole: string | null;
}
