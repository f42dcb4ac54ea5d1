import { settledLine } from '../approvals/text.ts';
import type { Context } from '../context.ts';
import { clean } from '../output.ts';
import { UsageError } from '../usage-error.ts';

export async function run(context: Context): Promise<void> {
  const { input } = context;
  const ref = input.required(0);
  const reply = await context.client().request('POST', '/sessions/:id/trust', {
    params: { id: ref },
    body: { seconds: trustSeconds(input.text('for'), input.flag('end')) },
  });
  context.print(reply, () => {
    const until = reply.policy?.expiresAt ?? null;
    const said = until === null ? `${clean(ref)} is not trusted` : `${clean(ref)} is trusted until ${until}`;
    return `${said}\n${reply.approvals.map(settledLine).join('')}`;
  });
}

const units = { s: 1, m: 60, h: 3600 } as const;
const longest = 24 * units.h;

/** @throws UsageError unless exactly one of a time and an end is given */
function trustSeconds(time: string | undefined, isEnd: boolean): number {
  if (isEnd && time !== undefined) throw new UsageError('--for and --end exclude each other.');
  if (isEnd) return 0;
  if (time === undefined) throw new UsageError('--for is required, e.g. --for 30m; --end ends the trust.');
  const [, count = '', unit = ''] = /^(\d{1,6})([smh])$/.exec(time) ?? [];
  const seconds = Number(count) * (units[unit as keyof typeof units] ?? 0);
  if (seconds >= 1 && seconds <= longest) return seconds;
  throw new UsageError(`--for is "${time}"; it must be a number with s, m or h, from 1s to 24h.`);
}
