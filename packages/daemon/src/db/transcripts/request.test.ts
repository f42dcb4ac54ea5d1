import { CodepiperError } from '@codepiper/core/errors.ts';
import { describe, expect, it } from 'vitest';
import { readScope } from './request.ts';

const sessions = [
  { id: '7e0a1111-0000-4000-8000-000000000000', name: null },
  { id: '9a000000-0000-4000-8000-000000000000', name: '12' },
  { id: '42000000-0000-4000-8000-000000000001', name: null },
  { id: '42000000-0000-4000-8000-000000000002', name: null },
];

const named = {
  sessions: {
    async get(ref: string) {
      const found = sessions.filter(({ id, name }) => name === ref || id.startsWith(ref));
      if (found.length > 1) throw new CodepiperError('session_ambiguous', ref);
      if (!found[0]) throw new CodepiperError('session_not_found', ref);
      return found[0];
    },
  },
  conversations: {
    async get(ref: string) {
      if (!['7', '12', '42'].includes(ref)) throw new CodepiperError('conversation_not_found', ref);
      return { id: Number(ref) };
    },
  },
};

describe('whose entries are meant', () => {
  it.each([
    ['7e0a', { session: sessions[0]?.id }],
    ['12', { session: sessions[1]?.id }],
    // The beginnings of sessions' ids, by chance.
    ['7', { conversation: 7 }],
    ['42', { conversation: 42 }],
    // No conversation has this number.
    ['9', { session: sessions[1]?.id }],
  ])('%s', async (ref, meant) => {
    expect(await readScope(named, ref)).toEqual(meant);
  });

  it.each([
    ['42000000', 'session_ambiguous'],
    ['4', 'session_ambiguous'],
    ['nobody', 'session_not_found'],
    ['5', 'session_not_found'],
  ])('%s is refused', async (ref, code) => {
    await expect(readScope(named, ref)).rejects.toMatchObject({ code });
  });
});
