import type { Context } from '../context.ts';
import { chosenSessions, forEach } from '../each.ts';
import { clean } from '../output.ts';

export async function run(context: Context): Promise<number> {
  const remove = async (id: string) => {
    const { success } = await context.client().request('DELETE', '/sessions/:id', { params: { id } });
    return { id, removed: success };
  };
  const refs = await chosenSessions(context, 'forget', 'ended');
  return forEach(context, refs, remove, ({ id }) => `${clean(id)} is gone`);
}
