import type { AgentFact } from '../provider.ts';

/**
 * The last line of each dialog, which tells what Enter and Esc would do, and the lines that stand for a place where
 * keys go elsewhere. Codex indents answers by two spaces as it does these, so each has to be the whole line, or begin
 * as no sentence does. A match in an agent's answer only delays typing until the line has scrolled away; the title is
 * the better source of the two.
 *
 * tmux applies these to each line, without the spaces at its end. No braces, commas, colons or number signs: tmux's
 * formats have their own use for them. No brackets around characters beyond ASCII: tmux may match bytes.
 */
export const guards: readonly string[] = [
  '^ +Press enter to (confirm or esc to cancel|continue)$',
  '^ +(enter|enter/esc) (confirm|continue|select|default|details)( ·|$)',
  '^ +(tab to add notes [|] )?enter to submit( answer)? [|] esc to ',
  '^ +t trust( all)? · ',
  '^ +Browsing transcript · ',
  '^ +r retry +f fork ',
];

interface Dialog {
  pattern: RegExp;
  status: 'needs_permission' | 'needs_input';
  detail: string;
}

/** Each dialog by a line of its own, beside its foot; the first that is found names it. */
const dialogs: readonly Dialog[] = [
  { pattern: /^ +Trust this folder\?/m, status: 'needs_input', detail: 'dialog: trust this folder?' },
  { pattern: /^ +Update available · /m, status: 'needs_input', detail: 'dialog: update available' },
  { pattern: /^ +Hooks need review$/m, status: 'needs_input', detail: 'dialog: hooks need review' },
  { pattern: /^ +Choose how you want to use Codex\.$/m, status: 'needs_input', detail: 'dialog: log in' },
  {
    pattern: /^ +Working directory · /m,
    status: 'needs_input',
    detail: 'dialog: which directory to resume in?',
  },
  { pattern: /^› 1\. Try new model$/m, status: 'needs_input', detail: 'dialog: change to a newer model?' },
  {
    pattern: /This conversation is open in another app/,
    status: 'needs_input',
    detail: 'the conversation is open in another Codex',
  },
  {
    pattern: /^ +Would you like to (?:run the following command|make the following edits)\?$/m,
    status: 'needs_permission',
    detail: 'permission prompt',
  },
  {
    pattern: /^ +Allow the [^\n]* MCP server to run tool /m,
    status: 'needs_permission',
    detail: 'permission prompt',
  },
  { pattern: /^ +Question \d+\/\d+/m, status: 'needs_input', detail: 'question' },
];

const guardPatterns = guards.map((guard) => new RegExp(guard, 'm'));

/** The dialog or question that is on the screen; without one nothing is known. */
export function readScreen(screen: string): AgentFact[] {
  const text = screen.replace(/[^\S\n]+$/gm, '');
  if (!guardPatterns.some((pattern) => pattern.test(text))) return [];
  const dialog = dialogs.find(({ pattern }) => pattern.test(text));
  const { status, detail } = dialog ?? { status: 'needs_input', detail: 'dialog' };
  return [{ kind: 'state', state: { status, activity: null }, detail }];
}
