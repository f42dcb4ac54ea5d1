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
  /** The first line that is kept is seen, and there are many. */
  isAtTop: boolean;
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
  /** Something is marked. */
  hasSelection: boolean;
  /** The next key is pressed with Ctrl. */
  isCtrlHeld: boolean;
}

export const nobody: TerminalPresence = { viewers: [], attached: false };

export const blankState: ViewState = {
  title: '',
  scrolledBack: 0,
  isAtTop: false,
  hasPicture: false,
  hasEnded: false,
  size: null,
  decides: 'nobody',
  role: 'follow',
  present: nobody,
  problem: null,
  link: null,
  matches: null,
  hasSelection: false,
  isCtrlHeld: false,
};
