import { resolve } from 'node:path';
import { exitCodes } from '@codepiper/core/errors.ts';
import type { Policy } from '@codepiper/core/policies/policy.ts';
import type { Context } from '../context.ts';
import { forEach } from '../each.ts';
import { clean } from '../output.ts';
import { type Action, runAction } from '../policies/actions.ts';
import { readCallInput } from '../policies/call-input.ts';
import {
  copyOf,
  editOptions,
  given,
  readEdit,
  readEditRules,
  readEnabled,
  readPolicies,
} from '../policies/edit.ts';
import { pickPolicy } from '../policies/refs.ts';
import { describePolicy, describeVerdict, listPolicies } from '../policies/rule-text.ts';
import { warnOfName, warnOfRules } from '../policies/warnings.ts';
import { UsageError } from '../usage-error.ts';

const laboratory = () => import('../policies/laboratory.ts');

const actions: Readonly<Record<string, Action>> = {
  list: { arguments: [], options: ['session', 'enabled', 'disabled'], run: list },
  get: { arguments: ['<policy>'], options: [], run: get },
  create: { arguments: ['[id]'], options: [...editOptions, 'rules', 'file', 'from'], run: create },
  update: { arguments: ['<policy>'], options: [...editOptions, 'rules'], run: update },
  delete: { arguments: ['<policy>…'], options: [], run: remove },
  toggle: { arguments: ['<policy>'], options: ['enabled', 'disabled'], run: toggle },
  default: { arguments: ['[action]'], options: ['session', 'clear'], run: setDefault },
  explain: {
    arguments: ['<session>', '<tool>', '[input]…'],
    options: ['cwd', 'set'],
    takesRest: true,
    run: explain,
  },
  test: {
    arguments: ['<file>…'],
    options: [],
    run: async (context, files) => (await laboratory()).test(context, files),
  },
  lint: {
    arguments: ['[file]'],
    options: [],
    run: async (context, [file]) => (await laboratory()).lint(context, file),
  },
  replay: {
    arguments: ['<draft>'],
    options: ['since', 'default'],
    run: async (context, [draft = '']) => (await laboratory()).replay(context, draft),
  },
};

export async function run(context: Context): Promise<number> {
  const { input } = context;
  // The directory takes the place of the session.
  const isPlaceless = input.positionals[0] === 'explain' && input.flag('cwd');
  const explainHere = { ...actions.explain, arguments: ['<tool>', '[input]…'] } as Action;
  return runAction(context, 'policy', isPlaceless ? { ...actions, explain: explainHere } : actions);
}

async function list(context: Context): Promise<void> {
  const { input } = context;
  const session = input.text('session');
  if (session === '') throw emptySession();
  const { policies } = await context.client().request('GET', '/policies', {
    query: { enabled: textOf(readEnabled(input)), sessionId: session },
  });
  context.print(policies, () => listPolicies(context, policies));
}

async function get(context: Context, [ref = '']: readonly string[]): Promise<void> {
  const policy = await fetchPolicy(context, ref);
  context.print(policy, () => describePolicy(context, policy));
}

async function create(context: Context, [id]: readonly string[]): Promise<number> {
  const { input } = context;
  const edit = readEdit(context);
  const file = input.text('file');
  const sources = ['file', 'from', 'rules'].filter((option) => input.flag(option));
  if (file === undefined && sources.length === 0) {
    throw new UsageError(
      'What are the rules? Give --rules, --file or --from: codepiper policy create --help',
    );
  }
  if (file !== undefined && sources.length > 1) {
    throw new UsageError(`--file and --${sources.find((each) => each !== 'file')} exclude each other.`);
  }
  if (file !== undefined) {
    if (id !== undefined)
      throw new UsageError(`The policies of a file have their own ids; leave "${id}" out.`);
    const policies = await readPolicies(context, file, edit);
    const all = await allPolicies(context);
    for (const { name, id: own } of policies) if (own === undefined) warnOfName(context, name, all);
    const bodies = new Map(policies.map((policy, i) => [String(i), policy]));
    return forEach(
      context,
      [...bodies.keys()],
      async (key) => {
        const body = bodies.get(key);
        if (!body) throw new Error('a policy of the file is lost');
        const { policy } = await context.client().request('POST', '/policies', { body });
        await warnOfRules(context, policy);
        return policy;
      },
      (policy) => `${clean(policy.id)} is in force`,
    );
  }
  const from = input.text('from');
  const name = edit.name ?? id;
  if (name === undefined) throw new UsageError('--name is required: codepiper policy create [id] --name n');
  const rules = await readEditRules(context);
  const all = await allPolicies(context);
  if (id === undefined) warnOfName(context, name, all);
  const base = from === undefined ? undefined : copyOf(await pickPolicy(from, all));
  // Of a copy with a session of its own, the scope is that.
  const scope = edit.sessionId === undefined ? base?.scope : undefined;
  const { policy } = await context.client().request('POST', '/policies', {
    body: {
      ...base,
      scope,
      ...given({ ...edit, id, rules }),
      name,
      rules: rules ?? base?.rules ?? [],
    },
  });
  await warnOfRules(context, policy);
  context.print(policy, () => describePolicy(context, policy));
  return exitCodes.ok;
}

async function update(context: Context, [ref = '']: readonly string[]): Promise<void> {
  const body = given({ ...readEdit(context), rules: await readEditRules(context) });
  if (Object.keys(body).length === 0) {
    throw new UsageError(
      `There is nothing to change: codepiper policy update ${ref} --help lists the options.`,
    );
  }
  const { id } = await pickPolicy(ref, await allPolicies(context));
  const { policy } = await context.client().request('PUT', '/policies/:id', { params: { id }, body });
  if ('rules' in body) await warnOfRules(context, policy);
  context.print(policy, () => describePolicy(context, policy));
}

async function remove(context: Context, refs: readonly string[]): Promise<number> {
  const all = await allPolicies(context);
  const act = async (ref: string) => {
    const { id } = await pickPolicy(ref, all);
    const { success } = await context.client().request('DELETE', '/policies/:id', { params: { id } });
    return { id, removed: success };
  };
  return forEach(context, refs, act, ({ id }) => `${clean(id)} is gone`);
}

async function toggle(context: Context, [ref = '']: readonly string[]): Promise<void> {
  const wanted = readEnabled(context.input);
  const { id, enabled: isOn } = await pickPolicy(ref, await allPolicies(context));
  const enabled = wanted ?? !isOn;
  const { policy } = await context
    .client()
    .request('PUT', '/policies/:id', { params: { id }, body: { enabled } });
  context.print(policy, () => `${clean(policy.id)} is ${policy.enabled ? 'on' : 'off'}\n`);
}

async function setDefault(context: Context, [written]: readonly string[]): Promise<void> {
  const { input } = context;
  const session = input.text('session');
  if (session === '') throw emptySession();
  const isClearing = input.flag('clear');
  if (written !== undefined && isClearing) throw new UsageError('Give an action or --clear, not both.');
  const action = written === undefined ? undefined : await readDefault(written, 'The default');
  const client = context.client();
  const waiting =
    action === 'deny'
      ? (await client.request('GET', '/approvals', { query: { session, status: 'pending', limit: 1000 } }))
          .approvals
      : [];
  const reply =
    action === undefined && !isClearing
      ? await client.request('GET', '/policy-default', { query: { session } })
      : await client.request('PUT', '/policy-default', {
          body: { action: action ?? null, ...(session === undefined ? {} : { session }) },
        });
  const whose = { session: "the session's own", daemon: "the daemon's", config: 'as configured' };
  context.print(reply, () => `${reply.action} (${whose[reply.from]})\n`);
  if (waiting.length > 0) {
    const some =
      waiting.length === 1 ? '1 approval that waits is' : `${waiting.length} approvals that wait are`;
    context.io.err(`${some} judged again: what no rule speaks of is denied.\n`);
  }
}

async function explain(context: Context, words: readonly string[]): Promise<void> {
  const { input, io } = context;
  const cwd = input.text('cwd');
  if (cwd === '') throw new UsageError('--cwd is empty; it needs a directory.');
  const sets = input.list('set');
  if (cwd === undefined && sets.length > 0) {
    throw new UsageError('--set goes with --cwd: a session has its own policy sets.');
  }
  const [session, [tool = '', ...rest]] = cwd === undefined ? [words[0], words.slice(1)] : [undefined, words];
  const call = await readCallInput(context, tool, rest);
  const place =
    cwd === undefined
      ? { session }
      : { cwd: resolve(io.cwd, cwd), ...(sets.length > 0 ? { policySets: sets } : {}) };
  const { verdict } = await context
    .client()
    .request('POST', '/policies/explain', { body: { ...place, tool, input: call } });
  context.print(verdict, () => describeVerdict(context, verdict));
}

async function allPolicies(context: Context): Promise<readonly Policy[]> {
  return (await context.client().request('GET', '/policies')).policies;
}

async function fetchPolicy(context: Context, ref: string): Promise<Policy> {
  const { id } = await pickPolicy(ref, await allPolicies(context));
  return (await context.client().request('GET', '/policies/:id', { params: { id } })).policy;
}

const defaults = ['ask', 'deny', 'agent'] as const;

/** @throws UsageError */
export async function readDefault(written: string, label: string): Promise<(typeof defaults)[number]> {
  const found = defaults.find((action) => action === written);
  if (found) return found;
  throw new UsageError(`${label} is "${written}"; it must be ask, deny or agent.`);
}

function textOf(flag: boolean | undefined): 'true' | 'false' | undefined {
  return flag === undefined ? undefined : flag ? 'true' : 'false';
}

function emptySession(): UsageError {
  return new UsageError('--session is empty; give an id or a name: codepiper sessions lists them.');
}
