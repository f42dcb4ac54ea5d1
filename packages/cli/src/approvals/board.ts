import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { Rule } from '@codepiper/core/policies/policy.ts';
import { age, truncate } from '../output.ts';
import { type Proposal, proposalLines } from './rule.ts';
import { clean, detailLines, sessionLabel, shortApproval, type TextOptions } from './text.ts';

type Answers = Readonly<Record<string, string>>;

/** What the person wants done. */
export type BoardAction =
  | { do: 'approve'; id: string; grant: 'once' | 'session'; answers?: Answers }
  | { do: 'keep'; id: string; rule: Rule }
  | { do: 'deny'; id: string; reason: string | undefined }
  | { do: 'propose'; id: string; rule: Rule | undefined }
  | { do: 'edit'; id: string; rule: Rule }
  | { do: 'quit' };

type Mode =
  | { at: 'list' }
  | { at: 'details'; top: number }
  | { at: 'confirm'; id: string; grant: 'once' | 'session' }
  | { at: 'reason'; id: string; text: string }
  | { at: 'answer'; id: string; text: string; answers: Answers }
  | { at: 'rule'; id: string; proposal: Proposal };

export interface BoardOptions {
  /** In the tmux popup: a stray key must not approve, and nothing that waits is the end. */
  isPopup: boolean;
  now(): number;
}

/** How long a popup that just opened takes no keys, in milliseconds: they were meant for what it covers. */
const deafMs = 500;

/**
 * The list of what waits, as a person steers it by keys: what is chosen, what is asked back, what the screen shows. It
 * does nothing by itself. What is chosen is an approval, never a line: one that is settled elsewhere leaves nothing
 * chosen, so that a key which was meant for it answers no other.
 */
export class ApprovalBoard {
  readonly #options: BoardOptions;
  readonly #openedAt: number;
  #approvals: readonly Approval[] = [];
  #chosen: string | null = null;
  #mode: Mode = { at: 'list' };
  #message = '';

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#openedAt = options.now();
  }

  get isEmpty(): boolean {
    return this.#approvals.length === 0;
  }

  /** What waits now, oldest first. */
  show(approvals: readonly Approval[]): void {
    const before = this.#approvals;
    this.#approvals = approvals;
    if (before.length === 0) this.#chosen ??= approvals[0]?.id ?? null;
    const has = (id: string | null) => approvals.some((approval) => approval.id === id);
    const subject = 'id' in this.#mode ? this.#mode.id : this.#chosen;
    if (subject !== null && !has(subject)) {
      const gone = before.find(({ id }) => id === subject);
      if (gone && this.#message === '') this.#message = `${shortApproval(gone)} is settled.`;
      this.#mode = { at: 'list' };
    }
    if (!has(this.#chosen)) this.#chosen = null;
  }

  say(message: string): void {
    this.#message = clean(message);
  }

  /** The rule that `always` would keep for an approval. */
  propose(id: string, proposal: Proposal): void {
    this.#mode = { at: 'rule', id, proposal };
  }

  /** @returns what is to be done for the key, if anything */
  press(key: string): BoardAction | null {
    const { isPopup, now } = this.#options;
    if (isPopup && now() - this.#openedAt < deafMs) return null;
    this.#message = '';
    if (key === 'ctrl+c') return { do: 'quit' };
    switch (this.#mode.at) {
      case 'list':
      case 'details':
        return this.#pressList(key);
      case 'confirm':
        return this.#pressConfirm(key, this.#mode);
      case 'reason':
        return this.#pressReason(key, this.#mode);
      case 'answer':
        return this.#pressAnswer(key, this.#mode);
      case 'rule':
        return this.#pressRule(key, this.#mode);
    }
  }

  /** The screen, line by line, as wide as it is. */
  view(columns: number, rows: number, options: TextOptions): string[] {
    const foot = [this.#message, this.#help()].filter((line) => line !== '');
    const room = Math.max(1, rows - foot.length - 1);
    const body = this.#body(columns, room, options).slice(0, room);
    const gap = Array<string>(Math.max(0, rows - body.length - foot.length)).fill('');
    return [...body, ...gap, ...foot.map((line) => options.paint(truncate(line, columns), 'dim'))];
  }

  get #current(): Approval | undefined {
    return this.#approvals.find(({ id }) => id === this.#chosen);
  }

  #pressList(key: string): BoardAction | null {
    const approval = this.#current;
    if (key === 'q') return { do: 'quit' };
    if (this.#mode.at === 'details' && (key === 'escape' || key === 'enter')) {
      this.#mode = { at: 'list' };
      return null;
    }
    if (key === 'j' || key === 'down') this.#move(1);
    else if (key === 'k' || key === 'up') this.#move(-1);
    else if (approval) return this.#pressOn(key, approval);
    return null;
  }

  #pressOn(key: string, approval: Approval): BoardAction | null {
    const { id, kind } = approval;
    const isTool = kind === 'tool';
    if (key === 'enter') this.#mode = { at: 'details', top: 0 };
    else if (key === 'd') this.#mode = { at: 'reason', id, text: '' };
    else if (key === 'a' && kind === 'question') this.#mode = { at: 'answer', id, text: '', answers: {} };
    else if (key === 'a' || (key === 's' && isTool))
      return this.#approve(id, key === 'a' ? 'once' : 'session');
    else if (key === 'A' && isTool) return { do: 'propose', id, rule: undefined };
    else if ((key === 's' || key === 'A') && !isTool)
      this.#message = `A ${kind} has no rule: answer it with a.`;
    return null;
  }

  #approve(id: string, grant: 'once' | 'session'): BoardAction | null {
    if (!this.#options.isPopup) return { do: 'approve', id, grant };
    this.#mode = { at: 'confirm', id, grant };
    return null;
  }

  #pressConfirm(key: string, { id, grant }: Extract<Mode, { at: 'confirm' }>): BoardAction | null {
    this.#mode = { at: 'list' };
    return key === 'enter' || key === 'y' ? { do: 'approve', id, grant } : null;
  }

  #pressReason(key: string, mode: Extract<Mode, { at: 'reason' }>): BoardAction | null {
    if (key === 'escape') this.#mode = { at: 'list' };
    else if (key === 'enter') {
      this.#mode = { at: 'list' };
      return { do: 'deny', id: mode.id, reason: mode.text.trim() || undefined };
    } else this.#mode = { ...mode, text: typed(mode.text, key) };
    return null;
  }

  #pressAnswer(key: string, mode: Extract<Mode, { at: 'answer' }>): BoardAction | null {
    const approval = this.#approvals.find(({ id }) => id === mode.id);
    const open = approval?.questions.filter(({ question }) => mode.answers[question] === undefined) ?? [];
    const [question] = open;
    if (key === 'escape' || !question) this.#mode = { at: 'list' };
    else if (key === 'enter' && mode.text.trim() !== '') {
      const text = mode.text.trim();
      const option = /^\d+$/.test(text) ? question.options[Number(text) - 1] : undefined;
      const answers = { ...mode.answers, [question.question]: option?.label ?? text };
      if (open.length > 1) this.#mode = { ...mode, text: '', answers };
      else {
        this.#mode = { at: 'list' };
        return { do: 'approve', id: mode.id, grant: 'once', answers };
      }
    } else if (key !== 'enter') this.#mode = { ...mode, text: typed(mode.text, key) };
    return null;
  }

  #pressRule(key: string, { id, proposal }: Extract<Mode, { at: 'rule' }>): BoardAction | null {
    if (key === 'e') return { do: 'edit', id, rule: proposal.rule };
    if (key === 'enter' && !proposal.allowsThis) {
      this.#message = 'This rule does not allow the call it is for: edit it with e.';
      return null;
    }
    this.#mode = { at: 'list' };
    return key === 'enter' ? { do: 'keep', id, rule: proposal.rule } : null;
  }

  #move(step: number): void {
    if (this.#mode.at === 'details') {
      this.#mode = { at: 'details', top: Math.max(0, this.#mode.top + step) };
      return;
    }
    const place = this.#approvals.findIndex(({ id }) => id === this.#chosen);
    const next = place < 0 ? 0 : Math.min(Math.max(place + step, 0), this.#approvals.length - 1);
    this.#chosen = this.#approvals[next]?.id ?? null;
  }

  #body(columns: number, rows: number, options: TextOptions): string[] {
    const mode = this.#mode;
    const subject = this.#approvals.find(({ id }) => id === ('id' in mode ? mode.id : this.#chosen));
    if (mode.at === 'list' || !subject) return this.#listLines(columns, rows, options);
    const details = detailLines(subject, options).flatMap((line) => folded(line, columns));
    if (mode.at === 'details') {
      const top = Math.min(mode.top, Math.max(0, details.length - rows));
      this.#mode = { at: 'details', top };
      return details.slice(top);
    }
    const prompt = this.#prompt(mode, subject).flatMap((line) => folded(line, columns));
    // What is asked back must be seen, and as much as there is room for of what it is about.
    return [...details.slice(0, Math.max(0, rows - prompt.length - 1)), '', ...prompt];
  }

  #prompt(mode: Exclude<Mode, { at: 'list' | 'details' }>, approval: Approval): string[] {
    switch (mode.at) {
      case 'confirm':
        return [
          `Approve ${mode.grant === 'once' ? 'this call' : 'this and calls like it in the session'}? Enter or y`,
        ];
      case 'reason':
        return [`Deny; a reason for the model, or Enter for none: ${clean(mode.text)}_`];
      case 'answer': {
        const next = approval.questions.find(({ question }) => mode.answers[question] === undefined);
        return [clean(next?.question ?? ''), `A number or your own words: ${clean(mode.text)}_`];
      }
      case 'rule':
        return [
          ...proposalLines(mode.proposal),
          'Keep it for every session? Enter yes, e edit, any other key no',
        ];
    }
  }

  #listLines(columns: number, rows: number, { paint, now }: TextOptions): string[] {
    if (this.#approvals.length === 0) return ['Nothing waits for you.'];
    const place = this.#approvals.findIndex(({ id }) => id === this.#chosen);
    const top = Math.max(0, place - rows + 2);
    return this.#approvals.slice(top).map((approval) => {
      const isChosen = approval.id === this.#chosen;
      const cells = [
        isChosen ? '>' : ' ',
        shortApproval(approval),
        age(approval.askedAt, now).padStart(4),
        truncate(sessionLabel(approval), 16).padEnd(16),
        clean(approval.summary),
      ];
      const line = truncate(cells.join(' '), columns);
      if (isChosen) return paint(line, 'bold');
      return approval.aging ? paint(line, 'yellow') : line;
    });
  }

  #help(): string {
    switch (this.#mode.at) {
      case 'list':
        return 'j/k move  a approve  s session  A always  d deny  Enter details  q quit';
      case 'details':
        return 'j/k scroll  a approve  s session  A always  d deny  Enter back  q quit';
      default:
        return 'Esc back';
    }
  }
}

function typed(text: string, key: string): string {
  if (key === 'backspace') return [...text].slice(0, -1).join('');
  if (key === 'ctrl+u') return '';
  return [...key].length === 1 ? text + key : text;
}

/** A line over as many as it takes: nothing of what is decided about may be cut off. Coloured lines are left whole. */
function folded(line: string, columns: number): string[] {
  if (line.length <= columns || line.includes('\x1b')) return [line];
  const pieces: string[] = [];
  for (let rest = line; rest !== ''; rest = rest.slice(columns)) pieces.push(rest.slice(0, columns));
  return pieces;
}
