import type { PolicySet } from '@codepiper/core/policies/policy.ts';
import type { Context } from '../context.ts';
import { forEach } from '../each.ts';
import { clean, table } from '../output.ts';
import { type Action, runAction } from '../policies/actions.ts';
import { given } from '../policies/edit.ts';
import { factLines, ruleLines } from '../policies/rule-text.ts';
import { UsageError } from '../usage-error.ts';

const edit = ['name', 'description', 'policy', 'default', 'no-default'];

const actions: Readonly<Record<string, Action>> = {
  list: { arguments: [], options: [], run: list },
  get: { arguments: ['<set>'], options: [], run: get },
  create: { arguments: ['[id]'], options: [...edit, 'from'], run: create },
  update: { arguments: ['<set>'], options: edit, run: update },
  delete: { arguments: ['<set>…'], options: [], run: remove },
  'add-policy': { arguments: ['<set>', '<policy>'], options: [], run: addPolicy },
  'remove-policy': { arguments: ['<set>', '<policy>'], options: [], run: removePolicy },
  apply: { arguments: ['<session>', '<set>'], options: [], run: apply },
  withdraw: { arguments: ['<session>', '<set>'], options: [], run: withdraw },
};

export async function run(context: Context): Promise<number> {
  return runAction(context, 'policy-set', actions);
}

async function list(context: Context): Promise<void> {
  const configured = await configuredSets(context);
  const { policySets } = await context.client().request('GET', '/policy-sets');
  context.print(policySets, () => listSets(context, policySets, configured));
}

async function get(context: Context, [id = '']: readonly string[]): Promise<void> {
  const configured = await configuredSets(context);
  const sets = configured.includes(id)
    ? (await context.client().request('GET', '/policy-sets')).policySets
    : [];
  const reply = await context.client().request('GET', '/policy-sets/:id', { params: { id } });
  context.print(reply, () => {
    const policies = reply.policies.flatMap((policy) => [
      `\n${clean(policy.name)} (${clean(policy.id)}), priority ${policy.priority}${policy.enabled ? '' : ', off'}\n`,
      ruleLines(context, policy),
    ]);
    return [describeSet(reply.policySet, isConfigured(id, sets, configured)), ...policies].join('');
  });
}

async function create(context: Context, [id]: readonly string[]): Promise<void> {
  const { input } = context;
  const client = context.client();
  const from = input.text('from');
  const { policies, ...change } = readChange(context);
  const name = change.name ?? id;
  if (name === undefined)
    throw new UsageError('--name is required: codepiper policy-set create [id] --name n');
  const base =
    from === undefined
      ? undefined
      : (await client.request('GET', '/policy-sets/:id', { params: { id: from } })).policySet;
  const { policySet } = await client.request('POST', '/policy-sets', {
    body: {
      description: base?.description ?? null,
      ...given({ ...change, id }),
      name,
      policyIds: policies ?? base?.policyIds ?? [],
    },
  });
  context.print(policySet, () => describeSet(policySet));
}

async function update(context: Context, [id = '']: readonly string[]): Promise<void> {
  const { policies, ...change } = readChange(context);
  const body = given({ ...change, policyIds: policies });
  if (Object.keys(body).length === 0) {
    throw new UsageError(
      `There is nothing to change: codepiper policy-set update ${id} --help lists the options.`,
    );
  }
  const { policySet } = await context.client().request('PUT', '/policy-sets/:id', { params: { id }, body });
  context.print(policySet, () => describeSet(policySet));
}

async function remove(context: Context, ids: readonly string[]): Promise<number> {
  const act = async (id: string) => {
    const { success } = await context.client().request('DELETE', '/policy-sets/:id', { params: { id } });
    return { id, removed: success };
  };
  return forEach(context, ids, act, ({ id }) => `${clean(id)} is gone`);
}

async function addPolicy(context: Context, [id = '', policyId = '']: readonly string[]): Promise<void> {
  const { policySet } = await context
    .client()
    .request('POST', '/policy-sets/:id/policies', { params: { id }, body: { policyId } });
  context.print(policySet, () => describeSet(policySet));
}

async function removePolicy(context: Context, [id = '', policyId = '']: readonly string[]): Promise<void> {
  const { policySet } = await context
    .client()
    .request('DELETE', '/policy-sets/:id/policies/:policyId', { params: { id, policyId } });
  context.print(policySet, () => describeSet(policySet));
}

async function apply(context: Context, [id = '', policySetId = '']: readonly string[]): Promise<void> {
  const { policySets } = await context
    .client()
    .request('POST', '/sessions/:id/policy-sets', { params: { id }, body: { policySetId } });
  context.print(policySets, () => setsOf(id, policySets));
}

async function withdraw(context: Context, [id = '', setId = '']: readonly string[]): Promise<void> {
  const { policySets } = await context
    .client()
    .request('DELETE', '/sessions/:id/policy-sets/:setId', { params: { id, setId } });
  context.print(policySets, () => setsOf(id, policySets));
}

function setsOf(session: string, sets: readonly PolicySet[]): string {
  const ids = sets.map(({ id }) => clean(id)).join(', ');
  return `${clean(session)} has ${ids === '' ? 'no policy set' : ids}\n`;
}

/** Sets that new sessions get by the settings; nobody asks where the output has no place for it. */
async function configuredSets(context: Context): Promise<readonly unknown[]> {
  if (context.isJson) return [];
  const { settings } = await context.client().request('GET', '/config');
  const value = settings.find(({ key }) => key === 'policies.sets')?.value;
  return Array.isArray(value) ? value : [];
}

/** A set that is marked as the default takes the place of those of the settings. */
function isConfigured(id: string, sets: readonly PolicySet[], configured: readonly unknown[]): boolean {
  return configured.includes(id) && !sets.some(({ isDefault }) => isDefault);
}

function listSets({ io }: Context, sets: readonly PolicySet[], configured: readonly unknown[]): string {
  const rows = sets.map((set) => [
    set.id,
    set.name,
    String(set.policyIds.length),
    set.isDefault ? 'default' : isConfigured(set.id, sets, configured) ? 'by policies.sets' : '',
    set.source,
    set.description ?? '',
  ]);
  const columns = [
    { title: 'ID', min: 12 },
    { title: 'NAME', min: 10 },
    { title: 'POLICIES' },
    { title: 'NEW SESSIONS' },
    { title: 'SOURCE' },
    { title: 'DESCRIPTION', min: 12 },
  ];
  return table(columns, rows, io.columns);
}

function describeSet(set: PolicySet, isOfSettings = false): string {
  return factLines([
    ['id', set.id],
    ['name', set.name],
    ['description', set.description],
    [
      'new sessions',
      set.isDefault
        ? 'get it, unless they name others'
        : isOfSettings
          ? 'get it by the setting policies.sets, unless they name others'
          : null,
    ],
    ['source', set.source],
    ['policies', set.policyIds.join(', ') || 'none'],
  ]);
}

/** @throws UsageError */
function readChange({ input }: Context): {
  name: string | undefined;
  description: string | undefined;
  isDefault: boolean | undefined;
  policies: string[] | undefined;
} {
  if (input.flag('default') && input.flag('no-default')) {
    throw new UsageError('--default and --no-default exclude each other.');
  }
  const policies = input.list('policy');
  if (policies.includes('')) throw new UsageError('--policy is empty; codepiper policy list has the ids.');
  return {
    name: input.text('name'),
    description: input.text('description'),
    isDefault: input.flag('default') ? true : input.flag('no-default') ? false : undefined,
    policies: policies.length === 0 ? undefined : policies,
  };
}
