import type { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cable } from './cable.ts';
import { type Kind, kinds, ScreenSessions } from './screen-sessions.ts';
import { TerminalViewer } from './terminal-viewer.ts';

let sessions: ScreenSessions;
let house: House;
let cable: Cable;
const viewers = new Map<Kind, TerminalViewer>();

const idOf = (kind: Kind): string => sessions.id(kind);
const viewerOf = (kind: Kind): TerminalViewer => {
  const viewer = viewers.get(kind);
  if (!viewer) throw new Error(`nobody watches ${kind}`);
  return viewer;
};

beforeAll(async () => {
  sessions = await ScreenSessions.open();
  house = sessions.house;
  cable = await Cable.lay(() => house.socket);
  for (const kind of kinds)
    viewers.set(kind, new TerminalViewer(cable.port, idOf(kind), `viewer-of-${kind}`));
});

afterAll(async () => {
  for (const viewer of viewers.values()) viewer[Symbol.dispose]();
  await cable?.[Symbol.asyncDispose]();
  await sessions?.[Symbol.asyncDispose]();
});

/** Text and looks of every viewer's screen, and where its cursor is, are what tmux has. */
async function expectSame(kind: Kind): Promise<void> {
  const viewer = viewerOf(kind);
  await sessions.expectSame(kind, () => viewer.shown);
  expect(viewer.problems).toEqual([]);
}

async function expectAllSame(): Promise<void> {
  for (const kind of kinds) await expectSame(kind);
}

const send = (kind: Kind, text: string) => house.run('send', idOf(kind), text);
const resubscribed = (before: ReadonlyMap<Kind, number>) =>
  waitFor(
    'all viewers to be back',
    () => kinds.every((kind) => viewerOf(kind).subscriptions > (before.get(kind) ?? 0)),
    {
      timeout: 60_000,
    },
  );
const subscriptions = () => new Map(kinds.map((kind) => [kind, viewerOf(kind).subscriptions]));

describe('the screen of a viewer', () => {
  it.each(kinds)('is that of tmux, text and looks: %s', async (kind) => {
    await expectSame(kind);
  });

  it('goes on being that while agents answer and a person types', async () => {
    for (const kind of ['claude', 'claude-default', 'codex', 'codex-main'] as const) {
      await send(kind, `what is ${kind}`);
      await waitFor('the answer', () => viewerOf(kind).dump().join('\n').includes(`echo: what is ${kind}`), {
        timeout: 60_000,
      });
    }
    viewerOf('vim').channel.type('50Gofrom the viewer 你好\x1b');
    viewerOf('less').channel.type('/line77\r');
    viewerOf('torture').channel.paste('pasted 😀\r');
    await waitFor('vim', () => viewerOf('vim').dump().join('').includes('from the viewer 你好'));
    await waitFor('less', () => viewerOf('less').dump().join('').includes('line77'));
    await waitFor('cat', () => viewerOf('torture').dump().join('').includes('pasted 😀'));
    await expectAllSame();
  });

  it('has the history of the pane above it, once', () => {
    const lines = viewerOf('torture')
      .history()
      .filter((line) => line.startsWith('history line'));
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.slice(0, 3)).toEqual(['history line 1', 'history line 2', 'history line 3']);
  });

  it('is that after a storm of sizes', async () => {
    for (let round = 0; round < 8; round++) {
      for (const kind of kinds) {
        const [cols, rows] = round === 7 ? [96, 28] : [60 + ((round * 37) % 70), 15 + ((round * 11) % 25)];
        viewerOf(kind).channel.takeSize(cols, rows);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const kind of kinds) {
      await waitFor(
        `${kind} to have the last size`,
        () => viewerOf(kind).size.cols === 96 && viewerOf(kind).size.rows === 28,
      );
    }
    await expectAllSame();
  });

  it('is that when the line was cut and is back', async () => {
    const before = subscriptions();
    cable.cut();
    await send('claude', 'unseen one');
    await send('codex-main', 'unseen two');
    cable.mend();
    for (const viewer of viewers.values()) viewer.wake();
    await resubscribed(before);
    await waitFor('what was missed', () => viewerOf('claude').dump().join('').includes('unseen one'), {
      timeout: 60_000,
    });
    await expectAllSame();
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'is that after the daemon ended by %s and came back',
    async (signal) => {
      const before = subscriptions();
      await house.halt(signal);
      await house.start();
      for (const viewer of viewers.values()) viewer.wake();
      await resubscribed(before);
      await expectAllSame();
      viewerOf('torture').channel.type(`after ${signal}\r`);
      await waitFor('cat', () => viewerOf('torture').dump().join('').includes(`after ${signal}`));
      await expectSame('torture');
      await house.run('keys', idOf('vim'), 'escape');
      expect(viewerOf('vim').hasEnded).toBe(false);
    },
  );

  it('ends with the program, the last words first', async () => {
    viewerOf('torture').channel.type('last words');
    await waitFor('cat', () => viewerOf('torture').dump().join('').includes('last words'));
    viewerOf('torture').channel.type('\r\x04');
    await waitFor('the end', () => viewerOf('torture').hasEnded);
    expect(viewerOf('torture').dump().join('\n')).toMatch(/last words\n.*last words/);
  });
});
