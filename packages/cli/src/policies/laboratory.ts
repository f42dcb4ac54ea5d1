import { exitCodes } from '@codepiper/core/errors.ts';
import type { CaseResult } from '@codepiper/core/policies/cases.ts';
import type { LintFinding } from '@codepiper/core/policies/policy.endpoints.ts';
import { readSince } from '../audit/since.ts';
import type { Context } from '../context.ts';
import { clean, table } from '../output.ts';
import { readNamed } from './read-text.ts';

/** `policy test`: in this process, by the judge the daemon has. */
export async function test(context: Context, files: readonly string[]): Promise<number> {
  const { io, paint } = context;
  const texts = await Promise.all(files.map((file) => readNamed(context, file, '')));
  const { runCaseText } = await import('@codepiper/daemon/policies/drafts.ts');
  const place = { directory: io.cwd, home: io.env.userHome };
  const results = texts.flatMap(({ text, label }) =>
    runCaseText(text, label, place).map((result) => ({ file: label, ...result })),
  );
  const failed = results.filter(({ passed }) => !passed).length;
  const report = {
    passed: results.length - failed,
    failed,
    cases: results.map(({ file, name, passed, case: { expect, because }, verdict }) => ({
      file,
      name,
      passed,
      expect,
      because: because ?? null,
      verdict,
    })),
  };
  context.print(report, () => {
    const lines = results.map((result) => caseText(context, result));
    const sum = `${report.passed} passed, ${failed} failed`;
    return `${lines.join('')}\n${paint(sum, failed > 0 ? 'red' : 'green')}\n`;
  });
  return failed > 0 ? exitCodes.failed : exitCodes.ok;
}

function caseText(
  { paint }: Context,
  { file, name, passed, case: one, verdict }: CaseResult & { file: string },
): string {
  if (passed) return `${paint('ok  ', 'green')}  ${clean(name)}\n`;
  return [
    `${paint('FAIL', 'red')}  ${clean(name)}  ${paint(clean(file), 'dim')}\n`,
    `      expected ${one.expect}, got ${verdict.action}: ${clean(verdict.reason)}\n`,
    ...(one.because === undefined ? [] : [`      because ${clean(one.because)}\n`]),
    ...verdict.parts.map(
      ({ action, kind, text }) => `      ${action.padEnd(5)}  ${kind.padEnd(6)}  ${clean(text)}\n`,
    ),
  ].join('');
}

/** `policy lint`: a file without the daemon, or what the daemon has. */
export async function lint(context: Context, file: string | undefined): Promise<number> {
  const findings = await findingsOf(context, file);
  context.print(findings, () =>
    findings.length === 0
      ? 'Nothing found.\n'
      : findings
          .map(
            ({ kind, policyId, policyName, rule, message }) =>
              `${context.paint(kind, 'yellow')}  rule ${rule + 1} of ${clean(policyName === undefined ? policyId : JSON.stringify(policyName))}: ${clean(message)}\n`,
          )
          .join(''),
  );
  return findings.length > 0 ? exitCodes.failed : exitCodes.ok;
}

async function findingsOf(
  context: Context,
  file: string | undefined,
): Promise<(LintFinding & { policyName?: string })[]> {
  if (file === undefined) {
    return (await context.client().request('POST', '/policies/lint', { body: {} })).findings;
  }
  const { text, label } = await readNamed(context, file, '');
  const { lintText } = await import('@codepiper/daemon/policies/drafts.ts');
  return lintText(text, label);
}

/** `policy replay`: the audit trail against a draft. */
export async function replay(context: Context, file: string): Promise<void> {
  const { input, io } = context;
  const since = input.text('since');
  const body = {
    since: since === undefined ? undefined : readSince(since, io.now()),
    defaultAction: input.choice('default', ['ask', 'deny', 'agent']),
  };
  const { text, label } = await readNamed(context, file, '');
  const { parsePolicies } = await import('@codepiper/daemon/policies/rules-text.ts');
  const draft = parsePolicies(text, label);
  const reply = await context.during(
    'Judging past calls',
    context.client().request('POST', '/policies/replay', { body: { ...body, draft }, timeoutMs: 300_000 }),
  );
  context.print(reply, () => {
    const calls = `${reply.calls} ${reply.calls === 1 ? 'call' : 'calls'}`;
    if (reply.groups.length === 0) return `${calls}; nothing would be decided otherwise.\n`;
    const rows = reply.groups.map((group) => [
      `${group.from} → ${group.to}`,
      String(group.count),
      group.tool,
      group.text,
      group.reason,
    ]);
    const columns = [
      { title: 'CHANGE' },
      { title: 'CALLS' },
      { title: 'TOOL', min: 5 },
      { title: 'CALL', min: 12 },
      { title: 'REASON', min: 12 },
    ];
    const sum = `${calls}, ${reply.calls - reply.unchanged} of them decided otherwise.\n`;
    return table(columns, rows, io.columns) + sum;
  });
}
