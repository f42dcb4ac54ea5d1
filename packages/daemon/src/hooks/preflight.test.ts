import { unknownText } from '@codepiper/core/policies/parts.ts';
import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionRecord } from '../../test/session-record.ts';
import type { NewDecision } from '../audit/audit.service.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { createLedger } from '../events/ledger.ts';
import { silentLog } from '../log/log.ts';
import { Preflight } from './preflight.ts';

const shell = sessionRecord({ provider: 'shell' });
const clock = { now: () => 1_000 };
let database: OpenDatabase;
let preflight: Preflight;
let judged: { tool: string; kind: string; command: string | null; cwd: string }[];
let trail: NewDecision[];
let verdicts: Record<string, Partial<Verdict>>;
let hasRules: boolean;

beforeEach(async () => {
  [judged, trail] = [[], []];
  verdicts = {};
  hasRules = true;
  database = await openDatabase(':memory:', { log: silentLog, clock });
  preflight = new Preflight({
    ledger: createLedger({ db: database.db, clock, log: silentLog }),
    judge: {
      hasRules: () => hasRules,
      judge: (_session, call, cwd) => {
        judged.push({ tool: call.tool, kind: call.kind, command: call.command, cwd });
        const reason = 'Because.';
        const plain: Verdict = { action: 'ask', basis: 'default', rule: null, reason, parts: [] };
        return { ...plain, ...verdicts[call.command ?? ''] };
      },
    },
    audit: { append: async (_tx, entry) => void trail.push(entry) },
    log: silentLog,
  });
});
afterEach(() => database[Symbol.asyncDispose]());

const byRule = (action: Verdict['action']): Partial<Verdict> => ({
  action,
  basis: 'rule',
  rule: { policyId: 'p', policyName: 'Mine', index: 1, reason: null },
});
const text = (typed: string) => preflight.check(shell, [{ text: typed }]);
const keys = (...names: string[]) =>
  preflight.check(
    shell,
    names.map((key) => ({ key })),
  );
const seen = () => judged.map(({ command }) => command);

describe('what is judged', () => {
  it('is nothing while no rule is in force, and from then on the whole line', () => {
    hasRules = false;
    text('git push\r');
    text('git pu');
    hasRules = true;
    expect(seen()).toEqual([]);
    text('sh\r');
    expect(seen()).toEqual(['git push']);
  });

  it('is a line when Enter ends it, put together over sends and keys', () => {
    text('git pu');
    keys('s', 'h');
    text(' --force');
    expect(seen()).toEqual([]);
    keys('Enter');
    expect(judged).toEqual([
      { tool: 'terminal_input', kind: 'shell', command: 'git push --force', cwd: shell.cwd },
    ]);
    keys('Enter');
    expect(judged).toHaveLength(1);
  });

  it('is text with several lines as one script', () => {
    preflight.check(shell, [{ text: 'cat <<E\nrm -rf /\nE' }, { key: 'Enter' }]);
    expect(seen()).toEqual(['cat <<E\nrm -rf /\nE']);
  });

  it.each(['C-u', 'C-c'])('is not what %s threw away', (key) => {
    text('rm -rf /');
    keys(key, 'l', 's', 'Enter');
    expect(seen()).toEqual(['ls']);
  });

  it('is unknown where only the program knows what stands there', () => {
    keys('Up', 'Enter');
    text('git st');
    keys('Tab', 'BSpace', 'BSpace', 'Space', 'x', 'C-m');
    expect(seen()).toEqual([unknownText, 'git s x']);
  });

  it('is not what was typed before the program was started again', () => {
    text('rm -rf ');
    preflight.check({ ...shell, run: 2 }, [{ text: '/tmp/x' }, { key: 'Enter' }]);
    expect(seen()).toEqual(['/tmp/x']);
  });

  it('is nothing of an agent that has hooks', () => {
    preflight.check(sessionRecord(), [{ text: 'rm -rf /' }, { key: 'Enter' }]);
    expect(judged).toEqual([]);
  });
});

describe('what stops typing', () => {
  const run = (command: string) => preflight.check(shell, [{ text: command }, { key: 'Enter' }]);

  it('is a rule that denies: the error names it, and the trail has it', async () => {
    verdicts['rm -rf /'] = byRule('deny');
    expect(() => run('rm -rf /')).toThrow(
      expect.objectContaining({
        code: 'policy_denied',
        message: expect.stringMatching(
          /Nothing was typed, as rule 2 of the policy "Mine" denies it: Because/,
        ),
        details: { policy: 'p', rule: 1 },
      }),
    );
    await waitFor('the entry', () => trail.length === 1);
    expect(trail).toMatchObject([
      { decision: 'deny', by: 'rule', tool: 'terminal_input', input: { input: 'rm -rf /' } },
    ]);
  });

  it('is a rule that asks, with what to do', () => {
    verdicts.sudo = byRule('ask');
    expect(() => run('sudo')).toThrow(
      expect.objectContaining({ code: 'policy_asks', message: expect.stringContaining('codepiper attach') }),
    );
  });

  it('leaves the line as it is in the pane', () => {
    verdicts['rm -rf /'] = byRule('deny');
    text('rm -rf /');
    expect(() => keys('Enter')).toThrow();
    expect(() => keys('Enter')).toThrow();
    keys('C-u', 'Enter');
    expect(seen()).toEqual(['rm -rf /', 'rm -rf /']);
  });

  it('is no default, and nothing that is not known', async () => {
    verdicts.a = { action: 'deny', basis: 'default' };
    verdicts.b = { action: 'ask', basis: 'unknown' };
    verdicts.c = byRule('allow');
    for (const command of ['a', 'b', 'c', 'd']) run(command);
    await waitFor('the entry', () => trail.length === 1);
    expect(trail).toMatchObject([{ decision: 'allow', input: { input: 'c' } }]);
  });
});
