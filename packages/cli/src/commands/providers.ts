import type { Context } from '../context.ts';
import { table } from '../output.ts';

export async function run(context: Context): Promise<void> {
  const { providers } = await context.client().request('GET', '/providers');
  context.print(providers, () => {
    const rows = providers.map(({ id, installed, version, capabilities: can, installHint }) => [
      id,
      installed ? (version ?? 'yes') : `no: ${installHint ?? 'not on PATH'}`,
      can.supportsResume ? 'yes' : 'no',
      can.supportsFork ? 'yes' : 'no',
      can.supportsModelSwitch ? 'yes' : 'no',
      can.nativeHooks ? 'yes' : 'no',
      can.deliveryProof,
    ]);
    const titles = ['PROVIDER', 'INSTALLED', 'RESUME', 'FORK', 'MODEL SWITCH', 'HOOKS', 'DELIVERY PROOF'];
    const columns = titles.map((title, i) => (i === 1 ? { title, min: 12 } : { title }));
    return table(columns, rows, context.io.columns);
  });
}
