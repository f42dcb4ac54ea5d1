import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { Rule } from '@codepiper/core/policies/policy.ts';
import { age, truncate } from '../output.ts';
import { type Proposal, proposalLines } from './rule.ts';
import { clean, detailLines, sessionLabel, shortApproval, type TextOptions } from './text.ts';

type Answers = Readonly<Record<string, string>>;

type LongGrant = 'session' | 'always';

/** What the person wants done. */
export type BoardAction =
  | { do: 'approve'; id: string; answers?: Answers }
  | { do: 'keep'; id: string; grant: LongGrant; rule: Rule }
  | { do: 'deny'; id: string; reason: string | undefined }
  | { do: 'propose'; id: string; grant: LongGrant }
  | { do: 'edit'; id: string; grant: LongGrant; rule: Rule }
  | { do: 'quit' };

type Mode =
  | { at: 'list' }
  | { at: 'details'; top: number }
  | { at: 'confirm'; id: string }
  | { at: 'reason'; id: string; text: string }
  | { at: 'answer'; id: string; text: string; answers: Answers }
  | { at: 'rule'; id: string; grant: LongGrant; proposal: Proposal };

export interface BoardOptions {
  /** In the tmux popup: a stray key must not approve, and nothing that waits is the end. */
  isPopup: boolean;
  now(): number;
}

/** How long a popup that just opened takes no keys, in milliseconds: they were meant for what it covers. */
export const deafMs = 500;
/** How long a note stays, in milliseconds. */
const noteMs = 4_000;
/** What is listed beside a rule: the screen is small. */
const shownCalls = { matches: 3, nearMisses: 2 };

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
  #note = { text: '', until: 0 };
  /** Why what is shown may be out of date; until it is read again. */
  #broken = '';

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
    this.#broken = '';
    this.#approvals = approvals;
    if (before.length === 0) this.#chosen ??= approvals[0]?.id ?? null;
    const has = (id: string | null) => approvals.some((approval) => approval.id === id);
    const subject = 'id' in this.#mode ? this.#mode.id : this.#chosen;
    if (subject !== null && !has(subject)) {
      const gone = before.find(({ id }) => id === subject);
      if (gone && this.#noteNow() === '') this.say(`${shortApproval(gone)} is settled.`);
      this.#mode = { at: 'list' };
    }
    if (!has(this.#chosen)) this.#chosen = null;
  }

  /** Shows a note for a few seconds, or until the next key. */
  say(message: string): void {
    this.#note = { text: clean(message), until: this.#options.now() + noteMs };
  }

  /** Says why nothing new is heard; until it is again. */
  break(reason: string): void {
    this.#broken = clean(reason);
  }

  /** The rule that would be kept for an approval. One that was settled meanwhile needs none. */
  propose(id: string, grant: LongGrant, proposal: Proposal): void {
    if (!this.#approvals.some((approval) => approval.id === id)) return;
    this.#mode = { at: 'rule', id, grant, proposal };
  }

  /** @returns what is to be done for the key, if anything */
  press(key: string): BoardAction | null {
    const { isPopup, now } = this.#options;
    if (isPopup && now() - this.#openedAt < deafMs) return null;
    this.#note = { text: '', until: 0 };
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
    const why = this.#mode.at === 'list' ? this.#current?.verdict.reason : undefined;
    const foot = [
      why === undefined ? '' : `why: ${clean(why)}`,
      this.#noteNow() || this.#broken,
      this.#help(),
    ].filter((line) => line !== '');
    const room = Math.max(1, rows - foot.length - 1);
    const body = this.#body(columns, room, options).slice(0, room);
    const gap = Array<string>(Math.max(0, rows - body.length - foot.length)).fill('');
    return [...body, ...gap, ...foot.map((line) => options.paint(truncate(line, columns), 'dim'))];
  }

  #noteNow(): string {
    return this.#options.now() < this.#note.until ? this.#note.text : '';
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
    const { id, kind, suggestion } = approval;
    const grant = key === 's' ? 'session' : key === 'A' ? 'always' : null;
    const isTool = kind === 'tool';
    if (key === 'enter') this.#mode = { at: 'details', top: 0 };
    else if (key === 'd') this.#mode = { at: 'reason', id, text: '' };
    else if (key === 'a' && kind === 'question') this.#mode = { at: 'answer', id, text: '', answers: {} };
    else if (key === 'a') return this.#approve(id);
    else if (grant && suggestion) return { do: 'propose', id, grant };
    else if (grant)
      this.say(
        isTool ? 'No rule can be kept for this call: a approves it.' : `A ${kind} has no rule: a answers it.`,
      );
    return null;
  }

  #approve(id: string): BoardAction | null {
    if (!this.#options.isPopup) return { do: 'approve', id };
    this.#mode = { at: 'confirm', id };
    return null;
  }

  #pressConfirm(key: string, { id }: Extract<Mode, { at: 'confirm' }>): BoardAction | null {
    this.#mode = { at: 'list' };
    return isYes(key) ? { do: 'approve', id } : null;
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
        return { do: 'approve', id: mode.id, answers };
      }
    } else if (key !== 'enter') this.#mode = { ...mode, text: typed(mode.text, key) };
    return null;
  }

  #pressRule(key: string, { id, grant, proposal }: Extract<Mode, { at: 'rule' }>): BoardAction | null {
    const { rule, allowsThis } = proposal;
    if (key === 'e') return { do: 'edit', id, grant, rule };
    if (isYes(key) && !allowsThis) {
      this.say('This rule does not allow the call it is for: edit it with e.');
      return null;
    }
    this.#mode = { at: 'list' };
    return isYes(key) ? { do: 'keep', id, grant, rule } : null;
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
    const prompt = this.#prompt(mode, subject, columns).flatMap((line) => folded(line, columns));
    if (prompt.length > rows) return [...prompt.slice(0, rows - 1), ...prompt.slice(-1)];
    // What is asked back must be seen, and as much as there is room for of what it is about.
    const room = Math.max(0, rows - prompt.length - 1);
    const shown = details.length <= room ? details : details.slice(0, Math.max(0, room - 1));
    const hidden = details.length - shown.length;
    const more = hidden > 0 ? [`… ${hidden} more lines; Esc, then Enter shows them`] : [];
    return [...shown, ...more, '', ...prompt].slice(-rows);
  }

  #prompt(mode: Exclude<Mode, { at: 'list' | 'details' }>, approval: Approval, columns: number): string[] {
    switch (mode.at) {
      case 'confirm':
        return ['Approve this call? Enter or y'];
      case 'reason':
        return [`Deny; a reason for the model, or Enter for none: ${clean(mode.text)}_`];
      case 'answer': {
        const next = approval.questions.find(({ question }) => mode.answers[question] === undefined);
        return [clean(next?.question ?? ''), `A number or your own words: ${clean(mode.text)}_`];
      }
      case 'rule':
        return [
          ...proposalLines(mode.proposal, { ...shownCalls, columns }),
          `Keep it for ${mode.grant === 'session' ? 'this' : 'every'} session? Enter or y yes, e edit, else no`,
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
        return 'j/k move  a approve  s session  A always  d deny  Enter show  q quit';
      case 'details':
        return 'j/k scroll  a approve  s session  A always  d deny  Enter back  q quit';
      case 'confirm':
      case 'rule':
        return 'Esc back; nothing is approved';
      case 'reason':
      case 'answer':
        return 'Esc back';
    }
  }
}

function isYes(key: string): boolean {
  return key === 'enter' || key === 'y';
}

function typed(text: string, key: string): string {
  if (key === 'backspace') return [...text].slice(0, -1).join('');
  if (key === 'ctrl+u') return '';
  return [...key].length === 1 ? text + key : text;
}

/** A line over as many as it takes: nothing of what is decided about may be cut off. Coloured lines are left whole. */
export function folded(line: string, columns: number): string[] {
  if (line.length <= columns || line.includes('\x1b')) return [line];
  const pieces: string[] = [];
  for (let rest = line; rest !== ''; rest = rest.slice(columns)) pieces.push(rest.slice(0, columns));
  return pieces;
}
