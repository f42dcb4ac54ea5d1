import type { AgentFact } from '../provider.ts';

/**
 * Lines that only a dialog draws. Claude's answers begin with `● ` or two spaces and prompts with `❯ ` or two spaces,
 * so that a line with none or one space before it is the interface's own; what an agent writes about "Enter to confirm"
 * does not look like it. Where a dialog keeps two spaces, the line has to be its whole foot. A match that is wrong all
 * the same only delays typing until the line has scrolled away.
 *
 * tmux applies these to each line, without the spaces at its end. No braces, commas, colons or number signs: tmux's
 * formats have their own use for them. No brackets around characters beyond ASCII: tmux may match bytes.
 */
export const guards: readonly string[] = [
  // Panels (model, status, rewind, plan) and permission prompts have a rule of their own over the whole width.
  '^▔▔▔▔▔▔▔▔',
  '^╌╌╌╌╌╌╌╌',
  // Foot of permission prompts, questions and start dialogs; narrow panes break it after any of its parts.
  '^ ?(Esc to cancel|Enter to select|Enter to confirm|Enter to continue)',
  '^  Enter to (confirm|continue|select|save|submit) ·.* Esc to [a-z ]+$',
  '^  .* · Esc to (cancel|close|exit|go back)$',
  // The transcript on the whole screen: keys scroll and search there.
  '^  Showing detailed transcript · ',
  // The chosen answer of a permission prompt; in a prompt of the person's it would stand at the line's start.
  '^ +❯ 1[.] Yes',
];

interface Dialog {
  pattern: RegExp;
  status: 'needs_permission' | 'needs_input';
  detail: string;
}

/** Each dialog by a line of its own; the first that is found names it. */
const dialogs: readonly Dialog[] = [
  { pattern: /^ Accessing workspace:$/m, status: 'needs_input', detail: 'dialog: trust this folder?' },
  {
    pattern: /^ {2}Detected a custom API key in your environment$/m,
    status: 'needs_input',
    detail: 'dialog: use the API key of the environment?',
  },
  {
    pattern: /^ {2}WARNING: Claude Code running in Bypass Permissions mode$/m,
    status: 'needs_input',
    detail: 'dialog: accept bypass permissions mode?',
  },
  { pattern: /^ {2}Settings Error$/m, status: 'needs_input', detail: 'dialog: settings error' },
  {
    pattern: /^ {2}New MCP servers? found in this project/m,
    status: 'needs_input',
    detail: 'dialog: use the MCP server of this project?',
  },
  {
    pattern: /^ *Unable to connect to Anthropic services$/m,
    status: 'needs_input',
    detail: 'no connection to Anthropic for the first start',
  },
  { pattern: /^ *Select login method:?$/m, status: 'needs_input', detail: 'dialog: log in' },
  { pattern: /^ *Exit plan mode\?$/m, status: 'needs_permission', detail: 'plan approval' },
  { pattern: /^ Do you want to [^\n]*\?$/m, status: 'needs_permission', detail: 'permission prompt' },
  { pattern: /^Enter to select · /m, status: 'needs_input', detail: 'question' },
];

const guardPatterns = guards.map((guard) => new RegExp(guard, 'm'));

/** The dialog or question that is on the screen. Without one nothing is known: a prompt looks alike busy and idle. */
export function readScreen(screen: string): AgentFact[] {
  const text = screen.replace(/[^\S\n]+$/gm, '');
  const dialog = dialogs.find(({ pattern }) => pattern.test(text));
  const isCoveringPrompt = guardPatterns.some((pattern) => pattern.test(text));
  if (!dialog && !isCoveringPrompt) return [];
  const { status, detail } = dialog ?? { status: 'needs_input', detail: 'dialog' };
  return [{ kind: 'state', state: { status, activity: null }, detail }];
}
