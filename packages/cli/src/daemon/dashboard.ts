import type { DashboardPlace } from '@codepiper/core/daemon/daemon.endpoints.ts';
import type { Context } from '../context.ts';
import { insecurePublicWarning } from './insecure-public.ts';

const makeOne = 'Make the account of the dashboard: codepiper auth reset-password --generate';

/**
 * Says where the dashboard is and, while it has no account, how to get in: a person at a terminal is shown a password
 * made for them, this one time. Nothing else sees it: what is not a terminal is kept by somebody.
 */
export async function tellDashboard(
  context: Context,
  { url, isPublic, isTls }: DashboardPlace,
): Promise<void> {
  const { io, isJson } = context;
  const say = (line: string) => io.err(`${line}\n`);
  if (!isJson) say(`dashboard: ${url}`);
  if (isPublic && !isTls) say(insecurePublicWarning);
  try {
    const client = context.client();
    const { account } = await client.request('GET', '/auth/account');
    if (account.exists) return;
    if (!io.isTTY.stderr || isJson) {
      say(makeOne);
      return;
    }
    const { password } = await client.request('POST', '/auth/cli/bootstrap');
    if (password === null) return;
    say(`password:  ${password}`);
    say('It is shown this one time. Sign in with it; the page then sets up your second factor.');
  } catch {
    // In a session, where nobody may make an account, or the daemon is on its way out again.
    say(makeOne);
  }
}
