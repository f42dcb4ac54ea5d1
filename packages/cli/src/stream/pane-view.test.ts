import { waitFor } from '@codepiper/testkit/wait.ts';
import { expect, test } from 'vitest';
import { PaneView } from './pane-view.ts';

function house() {
  const told: string[] = [];
  let out = '';
  const view = new PaneView({
    terminal: () => ({
      size: { cols: 20, rows: 3 },
      write: (text) => {
        out += text;
      },
    }),
    onReady: () => told.push('ready'),
    onEnded: () => told.push('ended'),
    onSize: ({ decides }) => told.push(decides),
    onProblem: ({ message }) => told.push(message),
  });
  const say = (text: string) => view.write(Buffer.from(text));
  const shows = (text: string) => waitFor(`${text} to be painted`, () => out.includes(text));
  return { view, told, say, shows, painted: () => out };
}

const size = { cols: 20, rows: 3 };

test('a snapshot is shown when it is whole; until then what was there stays, with a word about it', async () => {
  const { view, told, say, shows, painted } = house();
  using shown = view;
  shown.reset(size);
  say('first');
  expect(told).toEqual([]);
  shown.snapshotDone();
  expect(told).toEqual(['ready']);
  await shows('first');
  shown.reset(size);
  say('second');
  shown.notice('no connection');
  await shows('no connection');
  expect(painted()).not.toContain('second');
  shown.snapshotDone();
  await shows('second');
});

test('a bell of the program rings, one of the past does not', async () => {
  const { view, say, shows, painted } = house();
  using shown = view;
  shown.reset(size);
  say('past\x07');
  shown.snapshotDone();
  await shows('past');
  expect(painted()).not.toContain('\x07');
  say('\x1b]0;title\x07now\x07');
  await shows('now');
  await shows('\x07');
});

test('the last words are painted before the end is told', () => {
  const { view, told, say, painted } = house();
  using shown = view;
  shown.reset(size);
  shown.snapshotDone();
  say('last words');
  shown.ended();
  expect(painted()).toContain('last words');
  expect(told).toEqual(['ready', 'ended']);
});

test('a picture that the program holds back is shown when it lets go, or holds it for too long', async () => {
  const { view, say, shows, painted } = house();
  using shown = view;
  shown.reset(size);
  say('whole');
  shown.snapshotDone();
  await shows('whole');
  say('\x1b[?2026h\x1b[Hhalf');
  expect(painted()).not.toContain('half');
  say('\x1b[?2026l');
  await shows('half');
  say('\x1b[?2026h\x1b[Hstuck');
  await shows('stuck');
});
