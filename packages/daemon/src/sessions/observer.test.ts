import { codex } from '@codepiper/providers/codex/codex.ts';
import type { AgentFact } from '@codepiper/providers/provider.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLog } from '../log/log.ts';
import { PaneFolder } from '../panes/pane-folder.ts';
import type { Tmux, TmuxEvents } from '../tmux/tmux.ts';
import { Observer } from './observer.ts';

const run = { sessionId: 's', run: 1, paneId: '%1' };
let told: AgentFact[];
let titles: (title: string) => void;
let observer: Observer;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  const tmux = {
    listen: (events: Partial<TmuxEvents>) => {
      titles = (title) => events.titles?.(new Map([[run.paneId, title]]));
      return () => undefined;
    },
  } as unknown as Tmux;
  observer = new Observer({
    tmux,
    log: silentLog,
    reports: {
      facts: (_run, facts) => void told.push(...facts),
      pid: () => undefined,
      stateOf: async () => null,
    },
  });
  observer.watch({ ...run, provider: codex, folder: new PaneFolder('/nowhere', 's'), env: {} });
});
afterEach(() => {
  observer[Symbol.dispose]();
  vi.useRealTimers();
});

const idle = { kind: 'state', state: { status: 'running', activity: 'idle' } };

it('hears a title once the last hook is surely older than it', async () => {
  observer.hookSpoke('s', Date.now());
  titles('Ready | an-id | m');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told[0]).toMatchObject(idle);
});

it('does not take a title from before a hook for news after it', async () => {
  observer.hookSpoke('s', Date.now());
  titles('Ready | an-id | m');
  await vi.advanceTimersByTimeAsync(1_400);
  // The next prompt: its own title is still to come.
  observer.hookSpoke('s', Date.now());
  await vi.advanceTimersByTimeAsync(1_400);
  expect(told).toEqual([]);
  titles('Working | an-id | m');
  await vi.advanceTimersByTimeAsync(200);
  expect(told.length).toBeGreaterThan(0);
  expect(told).not.toContainEqual(expect.objectContaining(idle));
});
