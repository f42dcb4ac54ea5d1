import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launchBrowser, openPage } from '@codepiper/testkit/browser.ts';
import type { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { badge, dumpPage, lookAt } from './browser.ts';
import { Cable } from './cable.ts';
import { differences, type Kind, kinds, ScreenSessions } from './screen-sessions.ts';

let sessions: ScreenSessions;
let house: House;
let cable: Cable;
let browser: Browser;
let port = 0;
const pages = new Map<Kind, Page>();
const complaints: string[][] = [];

const findPort = async () => {
  port = ((await house.http('GET', '/health')).body as { insecureDev: number }).insecureDev;
};
const pageOf = (kind: Kind): Page => {
  const page = pages.get(kind);
  if (!page) throw new Error(`no page shows ${kind}`);
  return page;
};
const open = async (through: Cable, id: string): Promise<Page> => {
  const seen = await openPage(browser, `http://127.0.0.1:${through.port}/?session=${id}`, {
    viewport: { width: 1100, height: 700 },
  });
  complaints.push(seen.complaints);
  return seen.page;
};

beforeAll(async () => {
  sessions = await ScreenSessions.open({ CODEPIPER_INSECURE_DEV: '0' });
  house = sessions.house;
  await findPort();
  cable = await Cable.lay(() => port);
  browser = await launchBrowser();
  for (const kind of kinds) pages.set(kind, await open(cable, sessions.id(kind)));
});
afterAll(async () => {
  await browser?.close();
  await cable?.[Symbol.asyncDispose]();
  await sessions?.[Symbol.asyncDispose]();
});

const expectSame = (kind: Kind) => sessions.expectSame(kind, () => lookAt(pageOf(kind)));
const expectAllSame = async (): Promise<void> => {
  for (const kind of kinds) await expectSame(kind);
};
const everywhere = (word: string) => Promise.all(kinds.map((kind) => badge(pageOf(kind), word)));
const textOf = async (page: Page) => (await dumpPage(page)).join('\n');
const shows = (kind: Kind, text: string) =>
  waitFor(`${kind} to show ${text}`, async () => (await textOf(pageOf(kind))).includes(text), {
    timeout: 60_000,
  });

describe("the browser's screen", () => {
  it.each(kinds)('is that of tmux, text and looks: %s', async (kind) => {
    await badge(pageOf(kind), 'live');
    await expectSame(kind);
  });

  it('goes on being that while agents answer to what is typed there', async () => {
    for (const kind of ['claude', 'claude-default', 'codex', 'codex-main'] as const) {
      const { keyboard } = pageOf(kind);
      await keyboard.type(`what is ${kind}`);
      await shows(kind, `what is ${kind}`);
      await keyboard.press('Enter');
      await shows(kind, `echo: what is ${kind}`);
    }
    await pageOf('vim').keyboard.type('50Gofrom the browser ');
    await pageOf('vim').keyboard.insertText('你好 😀');
    await pageOf('vim').keyboard.press('Escape');
    await pageOf('less').keyboard.type('/line77\n');
    await shows('vim', 'from the browser 你好 😀');
    await shows('less', 'line77');
    await expectAllSame();
  });

  it('is that when the line was cut and is back', async () => {
    cable.cut();
    await house.run('send', sessions.id('claude'), 'unseen one');
    await house.run('send', sessions.id('codex-main'), 'unseen two');
    await everywhere('reconnecting');
    cable.mend();
    await wake();
    await everywhere('live');
    await shows('claude', 'echo: unseen one');
    await expectAllSame();
  });

  it('is that after a storm of sizes', async () => {
    for (const kind of kinds)
      await pageOf(kind)
        .getByRole('button', { name: /fit it to this window/ })
        .click();
    for (let round = 0; round < 6; round++) {
      const [width, height] = round === 5 ? [1000, 620] : [620 + ((round * 370) % 700), 380 + round * 70];
      await Promise.all(kinds.map((kind) => pageOf(kind).setViewportSize({ width, height })));
    }
    for (const kind of kinds) {
      await waitFor(`${kind} to have the size of its window`, () =>
        pageOf(kind).evaluate(() => {
          const { cols, rows } = window.codepiperTerminal;
          const cells = document.querySelector<HTMLElement>('.xterm-screen');
          const room = document.querySelector('.terminal-host');
          if (!cells || !room) return false;
          const [across, down] = [cells.offsetWidth / cols, cells.offsetHeight / rows];
          return (
            room.clientWidth - cells.offsetWidth < 2 * across + 14 &&
            room.clientHeight - cells.offsetHeight < down
          );
        }),
      );
    }
    await expectAllSame();
  });

  it('is that after the daemon was killed and came back, with nobody pressing anything', async () => {
    await house.halt('SIGKILL');
    await everywhere('reconnecting');
    await house.start();
    await findPort();
    await wake();
    await everywhere('live');
    await expectAllSame();
    await pageOf('torture').keyboard.type('after it\n');
    await shows('torture', 'after it');
    await expectSame('torture');
  });

  it('complained of nothing', () => {
    // Browsers complain of connections that cannot be made, whatever the page does about it.
    const own = complaints.flat().filter((text) => !/net::ERR_|WebSocket connection to .* failed/.test(text));
    expect(own).toEqual([]);
  });
});

describe('over a poor line', () => {
  it('is the same in the end: 20 KB a second, stalls, connections that drop', async () => {
    await using line = await Cable.lay(() => port);
    const file = join(await house.workDirectory(), 'flood.mjs');
    await writeFile(file, flood);
    const { id } = await house.create({ provider: 'shell', name: 'flood', args: [process.execPath, file] });
    const page = await open(line, id);
    await badge(page, 'live');
    const random = seeded(20_260_114);
    const slow = { bytesPerSecond: 20_000, stall: { every: 40_000, ms: 700 }, random };
    line.worsen({ ...slow, dropEvery: 40_000 });
    await page.keyboard.type('go');
    // It is not held back by the one who watches: megabytes are there before the page has a part of them.
    await waitFor('the program to end', async () => (await house.screen(id)).includes('the end'), {
      timeout: 60_000,
    });
    expect(line.carried).toBeLessThan(1_000_000);
    await waitFor('the line to drop twice', () => line.drops > 1, { timeout: 60_000 });
    line.worsen(slow);
    await waitFor(
      'the page to show what tmux has',
      async () => {
        const differing = await differences(house, id, () => lookAt(page));
        if (differing.length > 0) throw new Error(differing.join('\n'));
        return (await textOf(page)).includes('the end');
      },
      { timeout: 60_000 },
    );
    await page.context().close();
  });
});

/** As when the network is back, so that nobody waits for the page to try again. */
async function wake(): Promise<void> {
  for (const kind of kinds) await pageOf(kind).evaluate(() => window.dispatchEvent(new Event('online')));
}

/** Waits for a key, prints some megabytes in colours, and says when it is done. */
const flood = String.raw`
process.stdin.setRawMode(true);
process.stdin.once('data', () => {
  let text = '';
  for (let n = 0; n < 40_000; n++) text += '\x1b[38;5;' + (n % 256) + 'm' + n + '\x1b[0m wörds 漢字 ' + 'x'.repeat(n % 90) + '\r\n';
  process.stdout.write(text + '\x1b[1;44mthe end\x1b[0m');
});
`;

/** The same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
