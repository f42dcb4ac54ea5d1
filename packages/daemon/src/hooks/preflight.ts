import { CodepiperError } from '@codepiper/core/errors.ts';
import type { ToolCall } from '@codepiper/core/policies/call.ts';
import { unknownText } from '@codepiper/core/policies/parts.ts';
import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import { terminalInput } from '@codepiper/providers/shell/shell.ts';
import type { AuditTrail } from '../audit/audit.service.ts';
import type { Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import type { Judge } from '../policies/judging.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import { judged } from './deciding.ts';

export interface PreflightOptions {
  ledger: Ledger;
  judge: Pick<Judge, 'judge' | 'hasRules'>;
  audit: Pick<AuditTrail, 'append'>;
  log: Log;
}

/** What is about to be typed: text, or one key by tmux's name of it. */
export type Typed = { text: string } | { key: string };

/** Longest line that is kept, in characters; of a longer one its end. */
const longestLine = 1_048_576;

/** Keys that end a line, and those that throw it away. */
const ends = new Set(['Enter', 'C-m', 'C-j']);
const clears = new Set(['C-u', 'C-c']);

/**
 * Looks at what codepiper types into programs without hooks (a shell) before it does. It is advice and stops nothing
 * but codepiper: the program reads what it likes, and what a person types at the terminal is not seen. Only a rule
 * stops typing, never a default, nor what is not known.
 */
export class Preflight {
  readonly #o: PreflightOptions;
  /** What stands on a session's line so far, by its id and run. */
  readonly #lines = new Map<string, { run: number; line: string }>();

  constructor(options: PreflightOptions) {
    this.#o = options;
  }

  /**
   * Holds what would be typed against the rules, with what was typed before it on the same line. Several lines are
   * judged as one script.
   *
   * @throws CodepiperError `policy_denied`, `policy_asks`: then none of it may be typed
   */
  check(session: SessionRecord, typed: readonly Typed[]): void {
    if (getProvider(session.provider).capabilities.policyChannel !== 'input-preflight') return;
    let line = this.#lineOf(session);
    const script: string[] = [];
    for (const one of typed) {
      const [whole, rest] = after(line, one);
      if (whole !== null) script.push(whole);
      line = rest.slice(-longestLine);
    }
    const command = script.join('\n');
    // Taking a command apart takes 0.4 ms, for which a text would wait that no rule can stop.
    if (command.trim() !== '' && this.#o.judge.hasRules(judged(session))) this.#judge(session, command);
    if (line === '') this.#lines.delete(session.id);
    else this.#lines.set(session.id, { run: session.run, line });
  }

  /** Nothing stands on the line of a session that is over. */
  forget(sessionId: string): void {
    this.#lines.delete(sessionId);
  }

  #lineOf({ id, run }: SessionRecord): string {
    const known = this.#lines.get(id);
    return known?.run === run ? known.line : '';
  }

  #judge(session: SessionRecord, command: string): void {
    const call = getProvider(session.provider).toolCall(terminalInput, { input: command });
    const verdict = this.#o.judge.judge(judged(session), call, session.cwd);
    if (verdict.basis !== 'rule' || verdict.action === 'agent') return;
    this.#note(session, call, verdict);
    if (verdict.action !== 'allow') throw refusal(verdict);
  }

  /** Nobody waits for it: what is typed must not be held up by the trail, and a denial holds without it. */
  #note(session: SessionRecord, call: ToolCall, { action, reason, rule, parts }: Verdict): void {
    this.#o.ledger
      .record((tx) =>
        this.#o.audit.append(tx, {
          decision: action,
          by: 'rule',
          reason,
          rule,
          parts,
          session,
          tool: call.tool,
          toolKind: call.kind,
          input: call.input,
          cwd: session.cwd,
        }),
      )
      .catch((error) =>
        this.#o.log.error({ err: error, session: session.id }, 'what was typed is not in the audit trail'),
      );
  }
}

/** What is whole once this is typed too (null: nothing), and what then stands on the line. */
function after(line: string, typed: Typed): [whole: string | null, line: string] {
  if ('text' in typed) {
    const text = `${line}${typed.text}`.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
    const end = text.lastIndexOf('\n');
    return end === -1 ? [null, text] : [text.slice(0, end), text.slice(end + 1)];
  }
  const { key } = typed;
  if (ends.has(key)) return [line, ''];
  if (clears.has(key)) return [null, ''];
  if (key === 'BSpace') return [null, [...line].slice(0, -1).join('')];
  if (key === 'Space') return [null, `${line} `];
  if ([...key].length === 1) return [null, `${line}${key}`];
  // Completion, history, moving about: what stands there then only the program knows.
  return [null, `${line}${unknownText}`];
}

function refusal({ action, rule, reason }: Verdict): CodepiperError {
  const which = rule === null ? 'a rule' : `rule ${rule.index + 1} of the policy "${rule.policyName}"`;
  const why = rule?.reason ?? reason;
  const details = rule === null ? {} : { policy: rule.policyId, rule: rule.index };
  return action === 'deny'
    ? new CodepiperError(
        'policy_denied',
        `Nothing was typed, as ${which} denies it: ${why} (A check of what codepiper types, not a wall around the program.)`,
        details,
      )
    : new CodepiperError(
        'policy_asks',
        `Nothing was typed, as ${which} wants a person to look at it: ${why} Type it yourself in an attached terminal (codepiper attach), or change the rule.`,
        details,
      );
}
