import { beforeEach, expect, it } from 'vitest';
import { AllowedCalls, type CallIdentity } from './allowed-calls.ts';

const call: CallIdentity = { sessionId: 's', run: 1, agentId: null, tool: 'Bash', inputHash: 'h' };
const permission = (reason: string) => ({ by: 'rule' as const, rule: null, reason });
let now: number;
let calls: AllowedCalls;
beforeEach(() => {
  now = 0;
  calls = new AllowedCalls(() => now);
});

it('gives each permission once, the oldest first', () => {
  calls.add(call, permission('first'));
  calls.add(call, permission('second'));
  expect(calls.take(call)?.reason).toBe('first');
  expect(calls.take(call)?.reason).toBe('second');
  expect(calls.take(call)).toBeNull();
});

it.each<Partial<CallIdentity>>([
  { sessionId: 't' },
  { run: 2 },
  { agentId: 'a' },
  { tool: 'Write' },
  { inputHash: 'i' },
])('gives none to a call that differs in %j', (change) => {
  calls.add(call, permission('x'));
  expect(calls.take({ ...call, ...change })).toBeNull();
  expect(calls.take(call)).not.toBeNull();
});

it('forgets what was long ago, and what is too much', () => {
  calls.add(call, permission('x'));
  now = 600_001;
  expect(calls.take(call)).toBeNull();
  calls.add(call, permission('x'));
  for (let other = 0; other < 2_000; other++) calls.add({ ...call, inputHash: `${other}` }, permission('x'));
  expect(calls.take(call)).toBeNull();
  expect(calls.take({ ...call, inputHash: '0' })).not.toBeNull();
});
