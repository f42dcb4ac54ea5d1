import { CodepiperError } from '@codepiper/core/errors.ts';
import type { DefaultAction } from '@codepiper/core/policies/policy.ts';
import { sessionEndpoints } from '@codepiper/core/sessions/session.endpoints.ts';
import { createSessionSchema } from '@codepiper/core/sessions/session.ts';
import { expect, it } from 'vitest';
import { sessionRecord } from '../../test/session-record.ts';
import { deliveryHandlers } from './deliveries.routes.ts';

const inside = {
  signal: new AbortController().signal,
  requirePerson: async () => {
    throw new CodepiperError('forbidden', 'Only a person may do this.');
  },
  requireRecent: () => undefined,
  web: null,
  surface: 'cli' as const,
};

async function start(more: object): Promise<boolean> {
  let isStarted = false;
  const sessions = {
    create: async () => {
      isStarted = true;
      return sessionRecord();
    },
    present: (record: unknown) => record,
  };
  const { createSession } = deliveryHandlers({} as never, sessions as never, {} as never);
  const body = createSessionSchema.parse({ provider: 'claude', cwd: '/work', ...more });
  const input = { params: undefined, query: undefined, body };
  await createSession(input, { kind: 'session', sessionId: 'a' }, inside).catch((error: unknown) =>
    expect(error).toMatchObject({ code: 'forbidden' }),
  );
  return isStarted;
}

it.each<[object, boolean]>([
  [{}, true],
  [{ model: 'opus', prompt: 'go on' }, true],
  [{ dangerousMode: true }, false],
  [{ trust: true }, false],
  [{ policySets: [] }, false],
  [{ policyDefault: 'agent' }, false],
])('from inside a session, one with %j is started: %s', async (more, isStarted) => {
  expect(await start(more)).toBe(isStarted);
});

it.each<[boolean, DefaultAction | null, boolean]>([
  [false, null, true],
  [true, null, false],
  [false, 'agent', false],
  [false, 'deny', false],
])(
  'from inside a session, one in dangerous mode: %s, with the default %s, is started again: %s',
  async (isDangerous, policyDefault, isStarted) => {
    const record = { ...sessionRecord(), policyDefault };
    const started: string[] = [];
    const sessions = {
      get: async () => ({ ...record, launch: { ...record.launch, dangerousMode: isDangerous } }),
      resume: async () => void started.push('resume'),
      fork: async () => void started.push('fork'),
      present: () => record,
    };
    const verbs = deliveryHandlers({} as never, sessions as never, {} as never);
    const input = { params: { id: record.id }, query: undefined, body: {} };
    for (const verb of [verbs.resumeSession, verbs.forkSession]) {
      const answer = verb(input, { kind: 'session', sessionId: 'a' }, inside);
      if (isStarted) await answer;
      else await expect(answer).rejects.toMatchObject({ code: 'forbidden' });
    }
    expect(started).toEqual(isStarted ? ['resume', 'fork'] : []);
  },
);

it.each<[object, boolean]>([
  [{}, true],
  [{ trust: true }, true],
  [{ policyDefault: 'deny' }, true],
  [{ dangerousMode: true }, false],
  [{ policyDefault: 'agent' }, false],
])(
  'from a browser where nobody has proved lately who is there, one with %j is started: %s',
  async (more, is) => {
    const browser = {
      signal: new AbortController().signal,
      requirePerson: async () => undefined,
      requireRecent: () => {
        throw new CodepiperError('reauthentication_required', 'Prove it again.');
      },
      web: null,
      surface: 'cli' as const,
    };
    const started: string[] = [];
    const record = sessionRecord();
    const isDangerous = 'dangerousMode' in more;
    const body = createSessionSchema.parse({ provider: 'claude', cwd: '/work', ...more });
    const sessions = {
      get: async () => ({
        ...record,
        launch: { ...record.launch, dangerousMode: isDangerous },
        policyDefault: body.policyDefault ?? null,
      }),
      create: async () => void started.push('create'),
      resume: async () => void started.push('resume'),
      present: () => record,
    };
    const verbs = deliveryHandlers({} as never, sessions as never, {} as never);
    const calls = [
      () => verbs.createSession({ params: undefined, query: undefined, body }, { kind: 'user' }, browser),
      () =>
        verbs.resumeSession(
          { params: { id: record.id }, query: undefined, body: {} },
          { kind: 'user' },
          browser,
        ),
    ];
    for (const call of calls) {
      if (is) await call();
      else await expect(call()).rejects.toMatchObject({ code: 'reauthentication_required' });
    }
    expect(started).toEqual(is ? ['create', 'resume'] : []);
  },
);

it('from a browser, the default `agent` of a new session needs the proof that it needs later', async () => {
  const verbs = deliveryHandlers({} as never, {} as never, {} as never);
  const body = createSessionSchema.parse({ provider: 'claude', cwd: '/work', policyDefault: 'agent' });
  const asked = verbs.createSession(
    { params: undefined, query: undefined, body },
    { kind: 'user' },
    {
      signal: new AbortController().signal,
      requirePerson: async () => undefined,
      requireRecent: () => {
        throw new CodepiperError('reauthentication_required', 'Prove it again.');
      },
      web: null,
      surface: 'cli' as const,
    },
  );
  await expect(asked).rejects.toMatchObject({ code: 'reauthentication_required' });
});

it('keys, which could answer a dialog of an agent, are pressed for persons only', () => {
  expect(sessionEndpoints.sendKeys).toMatchObject({ personal: true });
});
