import { sessionStatuses } from '@codepiper/core/sessions/session.ts';
import { describe, expect, it } from 'vitest';
import { sessionRecord as record } from '../../test/session-record.ts';
import { applyEnd, applyFact, signalOf } from './lifecycle.ts';

describe('what a fact changes', () => {
  it('makes an idle session busy when its prompt arrives, and names the evidence', () => {
    expect(applyFact(record(), { kind: 'prompt', text: 'hi' }, 'hook')).toEqual({
      status: 'running',
      activity: 'busy',
      evidence: { source: 'hook', detail: 'a prompt arrived' },
    });
  });

  it('says nothing when nothing is new, so that evidence and time stay those of the change', () => {
    const fact = { kind: 'state', state: { status: 'running', activity: 'idle' }, detail: 'x' } as const;
    expect(applyFact(record(), fact, 'title')).toEqual({});
  });

  it('keeps the words of a failed turn', () => {
    const busy = record({ activity: 'busy' });
    const change = applyFact(busy, { kind: 'turn-ended', outcome: 'failed', message: 'overloaded' }, 'hook');
    expect(change).toMatchObject({ activity: 'idle', evidence: { detail: 'the turn failed: overloaded' } });
  });

  it('follows the agent into another conversation without forgetting who chose the first', () => {
    const change = applyFact(
      record(),
      { kind: 'conversation', id: 'b', transcriptPath: '/t.jsonl', origin: 'clear' },
      'hook',
    );
    expect(change.conversation).toEqual({ id: 'b', mode: 'new', source: 'codepiper', forkedFrom: null });
    expect(change.transcriptPath).toBe('/t.jsonl');
  });

  it.each(sessionStatuses.filter((s) => s === 'stopped' || s === 'crashed'))(
    'changes nothing about a %s one',
    (status) => {
      expect(applyFact(record({ status, activity: null }), { kind: 'prompt', text: 'late' }, 'hook')).toEqual(
        {},
      );
    },
  );
});

describe('how a session ends', () => {
  it.each([
    { exitCode: 0, ending: null, status: 'stopped', signal: null },
    { exitCode: 3, ending: null, status: 'crashed', signal: null },
    { exitCode: 137, ending: null, status: 'crashed', signal: 'SIGKILL' },
    { exitCode: 143, ending: 'stop', status: 'stopped', signal: 'SIGTERM' },
    { exitCode: 137, ending: 'kill', status: 'stopped', signal: 'SIGKILL' },
    { exitCode: null, ending: null, status: 'crashed', signal: null },
  ] as const)('%o', ({ exitCode, ending, status, signal }) => {
    expect(applyEnd(record({ ending }), { exitCode, at: 9 })).toMatchObject({
      status,
      signal,
      exitCode,
      endedAt: 9,
      pid: null,
      activity: null,
    });
  });

  it('says where it was seen', () => {
    const end = applyEnd(record(), { exitCode: null, at: 9, detail: 'the tmux server ended' });
    expect(end.evidence).toEqual({
      source: 'tmux',
      detail: 'the tmux server ended; its exit status is unknown',
    });
  });

  it('knows a signal by the convention of shells', () => {
    expect([signalOf(129), signalOf(128), signalOf(7), signalOf(255)]).toEqual(['SIGHUP', null, null, null]);
  });
});
