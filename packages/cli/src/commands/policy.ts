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
import { describePolicy, describeVerdict, listPolicies } from '../policies/rule-text.ts';
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

async function get(context: Context, [id = '']: readonly string[]): Promise<void> {
  const policy = await fetchPolicy(context, id);
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
    const bodies = new Map(policies.map((policy, i) => [String(i), policy]));
    return forEach(
      context,
      [...bodies.keys()],
      async (key) => {
        const body = bodies.get(key);
        if (!body) throw new Error('a policy of the file is lost');
        return (await context.client().request('POST', '/policies', { body })).policy;
      },
      (policy) => `${clean(policy.id)} is in force`,
    );
  }
  const from = input.text('from');
  const name = edit.name ?? id;
  if (name === undefined) throw new UsageError('--name is required: codepiper policy create [id] --name n');
  const rules = await readEditRules(context);
  const base = from === undefined ? undefined : copyOf(await fetchPolicy(context, from));
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
  context.print(policy, () => describePolicy(context, policy));
  return exitCodes.ok;
}

async function update(context: Context, [id = '']: readonly string[]): Promise<void> {
  const body = given({ ...readEdit(context), rules: await readEditRules(context) });
  if (Object.keys(body).length === 0) {
    throw new UsageError(
      `There is nothing to change: codepiper policy update ${id} --help lists the options.`,
    );
  }
  const { policy } = await context.client().request('PUT', '/policies/:id', { params: { id }, body });
  context.print(policy, () => describePolicy(context, policy));
}

async function remove(context: Context, ids: readonly string[]): Promise<number> {
  const act = async (id: string) => {
    const { success } = await context.client().request('DELETE', '/policies/:id', { params: { id } });
    return { id, removed: success };
  };
  return forEach(context, ids, act, ({ id }) => `${clean(id)} is gone`);
}

async function toggle(context: Context, [id = '']: readonly string[]): Promise<void> {
  const wanted = readEnabled(context.input);
  const enabled = wanted ?? !(await fetchPolicy(context, id)).enabled;
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
  const reply =
    action === undefined && !isClearing
      ? await client.request('GET', '/policy-default', { query: { session } })
      : await client.request('PUT', '/policy-default', {
          body: { action: action ?? null, ...(session === undefined ? {} : { session }) },
        });
  const whose = { session: "the session's own", daemon: "the daemon's", config: 'as configured' };
  context.print(reply, () => `${reply.action} (${whose[reply.from]})\n`);
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

async function fetchPolicy(context: Context, id: string): Promise<Policy> {
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
