import type { Approval, ApprovalStatus } from '@codepiper/core/approvals/approval.ts';
import { clean, detailLines, outcomeText, sessionLabel, shortApproval } from '../approvals/text.ts';
import type { Context } from '../context.ts';
import { age, table } from '../output.ts';
import { UsageError } from '../usage-error.ts';

const statuses = [
  'pending',
  'approved',
  'denied',
  'expired',
  'withdrawn',
] as const satisfies readonly ApprovalStatus[];

export async function run(context: Context): Promise<void> {
  const { input } = context;
  const status = input.choice('status', statuses);
  const session = input.text('session');
  if (session === '') throw new UsageError('--session is empty; give an id or a name.');
  const id = chosenApproval(context);
  if (id !== null) {
    const unfit = ['watch', 'popup', 'status', 'session'].find((name) => input.flag(name));
    if (unfit) throw new UsageError(`--${unfit} is for the list; leave out the approval.`);
    await show(context, id);
  } else if (input.flag('watch') || input.flag('popup')) {
    if (status !== undefined && status !== 'pending')
      throw new UsageError('Only what is pending can be watched.');
    const { watchApprovals } = await import('../approvals/watch.ts');
    await watchApprovals(context, { session, isPopup: input.flag('popup') });
  } else {
    const { approvals } = await context
      .client()
      .request('GET', '/approvals', { query: { session, status: status ?? 'pending' } });
    context.print(approvals, () => list(context, approvals, status ?? 'pending'));
  }
}

function chosenApproval({ input }: Context): string | null {
  const [first, second] = input.positionals;
  if (first === undefined) return null;
  if (first !== 'show' && second !== undefined) {
    throw new UsageError(`"${second}" is one argument too many: codepiper approvals [show] <approval>`);
  }
  const id = first === 'show' ? second : first;
  if (!id) throw new UsageError('<approval> is required: codepiper approvals show <approval>');
  return id;
}

async function show(context: Context, id: string): Promise<void> {
  const { approval } = await context.client().request('GET', '/approvals/:id', { params: { id } });
  const options = { paint: context.paint, now: context.io.now(), userHome: context.io.env.userHome };
  context.print(approval, () => `${detailLines(approval, options).join('\n')}\n`);
}

function list(context: Context, approvals: readonly Approval[], status: ApprovalStatus): string {
  const { io } = context;
  if (approvals.length === 0) {
    return io.isTTY.stdout ? `Nothing is ${status}.\n` : '';
  }
  const isPending = status === 'pending';
  const aging = new Set(approvals.filter((approval) => approval.aging).map(shortApproval));
  const rows = approvals.map((approval) => [
    shortApproval(approval),
    age(approval.askedAt, io.now()),
    sessionLabel(approval),
    clean(approval.summary),
    isPending ? approval.verdict.reason : outcomeText(approval),
  ]);
  const columns = [
    { title: 'ID' },
    { title: 'AGE' },
    { title: 'SESSION', min: 8 },
    { title: 'WANTS', min: 16 },
    { title: isPending ? 'WHY' : 'OUTCOME', min: 8 },
  ];
  return table(columns, rows, io.columns, (text, column) =>
    column === 0 && aging.has(text) ? context.paint(text, 'yellow') : text,
  );
}
