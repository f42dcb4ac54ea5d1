import { readNote } from '../approvals/note.ts';
import { settledLine } from '../approvals/text.ts';
import type { Context } from '../context.ts';

export async function run(context: Context): Promise<void> {
  const { input } = context;
  const { approval } = await context.client().request('POST', '/approvals/:id/deny', {
    params: { id: input.required(0) },
    body: { reason: readNote(input, 'reason') },
  });
  context.print(approval, () => settledLine(approval));
}
