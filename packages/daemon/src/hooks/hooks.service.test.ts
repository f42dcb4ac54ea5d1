import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionRecord } from '../../test/session-record.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { createLedger, type Ledger } from '../events/ledger.ts';
import { silentLog } from '../log/log.ts';
import { HooksService } from './hooks.service.ts';

const sessionId = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const clock = { now: () => 1_000 };

let database: OpenDatabase;
let ledger: Ledger;
beforeEach(async () => {
  database = await openDatabase(':memory:', { log: silentLog, clock });
  ledger = createLedger({ db: database.db, clock, log: silentLog });
});
afterEach(() => database[Symbol.asyncDispose]());

/** The one event the hook leaves in the ledger. */
async function eventOf(provider: ProviderId, payload: unknown, name = 'origin') {
  const hooks = new HooksService({
    ledger,
    store: { get: async () => sessionRecord({ id: sessionId, provider: provider }) },
    sessions: { reportIn: async () => null },
    deliveries: { observeIn: async () => [], announce: () => {} },
    observer: { hookSpoke: () => false },
    onRan: async () => undefined,
    onTurnEnded: () => undefined,
    log: silentLog,
  });
  const content = JSON.stringify(payload);
  await hooks.onHookFile({ sessionId, run: 1, name, kind: 'hook', at: 1, content });
  return (await ledger.since(0, 10)).at(-1);
}

/** Payloads of the real agents. */
const fixtures = (['claude-code', 'codex'] as const).flatMap((provider) => {
  const folder = join(import.meta.dirname, '../../../providers/src', provider, 'fixtures/hooks');
  return readdirSync(folder).map((file) => {
    const payload: Record<string, unknown> = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return { provider, file, payload };
  });
});

/** Texts of at least a word or two, wherever they stand. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.length > 3 ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

describe.each(fixtures)('$provider $file', ({ provider, payload }) => {
  it('is recorded without what was said and what a tool is given', async () => {
    const event = await eventOf(provider, payload);
    expect(event).toMatchObject({
      source: 'hook',
      type: `hook.${payload.hook_event_name}`,
      payload: { session_id: payload.session_id, cwd: payload.cwd },
    });
    const { prompt, last_assistant_message, message, tool_input, background_tasks } = payload;
    const stored = Object.values(event?.payload ?? {});
    for (const text of textsIn([prompt, last_assistant_message, message, tool_input, background_tasks]))
      expect(stored).not.toContainEqual(expect.stringContaining(text));
    expect(event?.payload.prompt_chars).toBe(typeof prompt === 'string' ? prompt.length : undefined);
  });
});

it('keeps what tells one event from another', async () => {
  const find = (name: string) => fixtures.find(({ file }) => file === name)?.payload;
  expect((await eventOf('claude-code', find('PermissionRequest.Bash.json')))?.payload).toMatchObject({
    permission_mode: 'default',
    tool_name: 'Bash',
    tool_input_chars: 91,
    prompt_id: 'aeee79fc-ff10-4c90-a8d6-025b0b79e5f7',
  });
  expect((await eventOf('claude-code', find('SessionEnd.clear.json'), 'b'))?.payload.reason).toBe('clear');
  expect((await eventOf('claude-code', find('Stop.json'), 'c'))?.payload).toMatchObject({
    stop_hook_active: false,
    last_assistant_message_chars: 25,
  });
});

it('takes tokens out, cuts what is long, and passes over fields and events it does not know', async () => {
  const event = await eventOf('codex', {
    hook_event_name: 'No event\n',
    error: 'refused: Bearer abcdefgh12345',
    cwd: `/${'x'.repeat(2_000)}`,
    env: { A: 'b' },
    model: { nested: 'text' },
    a_new_field: 'text',
  });
  expect(event).toMatchObject({ type: 'hook.unknown' });
  expect(event?.payload).toEqual({
    hook_event_name: 'No event\n',
    error: 'refused: Bearer [redacted]',
    cwd: `/${'x'.repeat(499)}…`,
  });
});
