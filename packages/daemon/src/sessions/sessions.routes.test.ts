import { CodepiperError } from '@codepiper/core/errors.ts';
import { expect, it } from 'vitest';
import { sessionPolicyHandlers } from './sessions.routes.ts';

it.each([
  ['agent', false],
  ['ask', true],
  ['deny', true],
  [null, true],
] as const)(
  'from a browser where nobody has proved lately who is there, the default becomes %s: %s',
  async (action, isSet) => {
    const set: unknown[] = [];
    const policies = {
      setDefault: async (to: unknown) => void set.push(to),
      defaultOf: () => ({ action, from: 'daemon' }),
    };
    const { setDefault } = sessionPolicyHandlers({} as never, policies as never);
    const answer = setDefault(
      { params: undefined, query: undefined, body: { action } },
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
    if (isSet) await answer;
    else await expect(answer).rejects.toMatchObject({ code: 'reauthentication_required' });
    expect(set).toEqual(isSet ? [action] : []);
  },
);
