import type {
  SizeDecider,
  TerminalPresence,
  TerminalProblem,
  TerminalSize,
} from '@codepiper/client/terminal-link.ts';
import type { TerminalRole } from '@codepiper/core/terminals/messages.ts';

/** What the parts around the terminal show. */
export interface ViewState {
  title: string;
  /** How far up a person has scrolled, in lines. */
  scrolledBack: number;
  hasPicture: boolean;
  hasEnded: boolean;
  size: TerminalSize | null;
  decides: SizeDecider;
  role: TerminalRole;
  present: TerminalPresence;
  problem: TerminalProblem | null;
  /** The address under the pointer, or one that was clicked without the key that opens it. */
  link: string | null;
  matches: { index: number; count: number } | null;
}

export const nobody: TerminalPresence = { viewers: [], attached: false };

export const blankState: ViewState = {
  title: '',
  scrolledBack: 0,
  hasPicture: false,
  hasEnded: false,
  size: null,
  decides: 'nobody',
  role: 'follow',
  present: nobody,
  problem: null,
  link: null,
  matches: null,
};
