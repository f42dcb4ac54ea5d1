import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { launchBrowser, openPage } from '@codepiper/testkit/browser.ts';
import { createDashboard, type DashboardHouse } from '@codepiper/testkit/dashboard-house.ts';
import { type AgentHome, createAgentHome } from '@codepiper/testkit/homes.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import type { ModelServer } from '@codepiper/testkit/model-servers/server.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible } from './accessibility.ts';
import { badge } from './browser.ts';
import { Cable } from './cable.ts';

let model: ModelServer;
let agents: AgentHome;
let project: string;
let dashboard: DashboardHouse;
let browser: Browser;
const opened: { page: Page; complaints: string[] }[] = [];

beforeAll(async () => {
  model = await startAnthropicServer();
  agents = await createAgentHome({ anthropicUrl: model.url });
  project = await agents.project('demo');
  dashboard = await createDashboard({ env: { ...agents.env, CODEPIPER_STT_COMMAND: 'cat {input}' } });
  browser = await launchBrowser();
});
afterEach(async () => {
  for (const { page, complaints } of opened.splice(0)) {
    await page.context().close();
    // A daemon that is away makes browsers complain, whatever the page does about it.
    expect(complaints.filter((text) => !/net::ERR_|WebSocket connection to .* failed/.test(text))).toEqual(
      [],
    );
  }
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.[Symbol.asyncDispose]();
  await agents?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
};
const desk = { viewport: { width: 1440, height: 900 } };

async function open(path: string, options: BrowserContextOptions = desk): Promise<Page> {
  const seen = await dashboard.open(browser, path, options);
  opened.push(seen);
  return seen.page;
}

/** The same page over a cable that can be cut. */
async function openOver(cable: Cable, path: string): Promise<Page> {
  const url = `http://localhost:${cable.port}`;
  const { key } = dashboard.owner;
  const seen = await openPage(browser, url + path, desk, async (context) => {
    await dashboard.signIn(context);
    const page = await context.newPage();
    await page.goto(`${url}/icons/none`);
    await page.evaluate(
      (mine) =>
        new Promise<void>((resolve) => {
          const opening = indexedDB.open('codepiper');
          opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
          opening.onsuccess = () => {
            const writing = opening.result.transaction('keys', 'readwrite');
            writing.objectStore('keys').put(mine, 'session');
            writing.oncomplete = () => {
              opening.result.close();
              resolve();
            };
          };
        }),
      key,
    );
    await page.close();
  });
  opened.push(seen);
  return seen.page;
}

async function start(name: string, ...args: string[]): Promise<string> {
  const { house } = dashboard;
  const { id } = await house.create({
    ...{ provider: 'claude-code', cwd: project, name, trust: true },
    args,
  });
  await idle(id);
  return id;
}
const idle = (id: string) =>
  dashboard.house.until(id, 'idle', ({ status, activity }) => status === 'running' && activity === 'idle');
const send = async (id: string, text: string) => {
  await dashboard.house.run('send', id, text);
  await idle(id);
};

/** One of several tests that ask nothing of it but to be there: an agent takes seconds to start. */
const anySession = () => {
  shared ??= start('any');
  return shared;
};
let shared: Promise<string> | null = null;

const composer = (page: Page) => page.getByRole('textbox', { name: /^Prompt for/ });
const sent = (page: Page) => page.getByRole('list', { name: 'Sent' });
const answer = (page: Page, text: string | RegExp) =>
  page.getByRole('article', { name: 'Answer' }).filter({ hasText: text });
/** Waits until this stands in the composer. */
const expectWritten = (page: Page, text: string) =>
  waitFor('the composer', async () => expect(await composer(page).inputValue()).toBe(text));
const conversation = (page: Page) => page.getByRole('region', { name: 'Conversation' });
/** Rows of a list that are drawn, and where they begin on the page. */
const drawnRows = (list: Locator) =>
  list.evaluate((element) =>
    [...element.querySelectorAll<HTMLElement>('[data-index]')].map((row) => ({
      index: Number(row.dataset.index),
      top: row.getBoundingClientRect().top,
    })),
  );
/** What is looked at, or false while it changes. Two frames: what was unfolded is measured, and laid out anew, by then. */
async function still<T>(page: Page, look: () => Promise<T>): Promise<T | false> {
  const before = await look();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const now = await look();
  return isDeepStrictEqual(now, before) && now;
}

describe('the conversation of a session', () => {
  it('takes a prompt from queued to delivered, and shows what comes of it as it happens', async () => {
    const id = await start('streamed', '--allowedTools', 'Bash');
    const page = await open(`/sessions/${id}?tab=conversation`);
    await page.getByText('Nothing was said yet').waitFor();
    await composer(page).fill('HOLD stream');
    await composer(page).press('Enter');
    await waitFor('the model to be asked', () => model.holding().length > 0);
    await page
      .getByText(/^Working\b/)
      .first()
      .waitFor();
    await expectWritten(page, '');
    // One waits behind the turn, another is withdrawn.
    await composer(page).fill('RUN echo made by the page');
    await composer(page).press('Enter');
    const queued = sent(page).getByRole('listitem').filter({ hasText: 'made by the page' });
    await queued.getByText('queued').waitFor();
    await expectWritten(page, '');
    await composer(page).fill('never this');
    await composer(page).press('Enter');
    await page.getByRole('button', { name: 'Withdraw: never this' }).click();
    await sent(page).getByText('never this').waitFor({ state: 'detached' });
    // It is said for some seconds only: who looks late misses it.
    const arriving = queued.getByText('delivered').waitFor();
    model.release('stream');
    await Promise.all([arriving, answer(page, 'released stream').waitFor()]);
    await answer(page, 'done: made by the page').waitFor();
    const call = page.getByRole('button', { name: /^Bash echo made by the page/ });
    await call.click();
    await conversation(page).getByText('made by the page', { exact: true }).waitFor();
    const audit = page.getByRole('link', { name: /^Audit entry \d+/ });
    const seq = Number(/\d+/.exec((await audit.textContent()) ?? '')?.[0]);
    await audit.click();
    await page.waitForURL((url) => url.search.includes(`decision=${seq}`));
    expect(model.prompts()).not.toContain('never this');
  });

  it('goes on after the network was away, and after the daemon was', async () => {
    await using cable = await Cable.lay(() => Number(new URL(dashboard.url).port));
    const id = await start('cut');
    await send(id, 'before the cut');
    const page = await openOver(cable, `/sessions/${id}?tab=conversation`);
    // As a paragraph: what renders Markdown is loaded, or the page would be loaded again with the network.
    await answer(page, 'echo: before the cut').locator('p').waitFor();
    cable.cut();
    await page.getByText('Reconnecting to the daemon').waitFor();
    await send(id, 'said meanwhile');
    expect(await answer(page, 'said meanwhile').count()).toBe(0);
    // What cannot be sent is not lost.
    await composer(page).fill('written meanwhile');
    await composer(page).press('Enter');
    await page
      .getByRole('form', { name: 'Prompt' })
      .getByRole('alert')
      .getByText('cannot be reached')
      .waitFor();
    await expectWritten(page, 'written meanwhile');
    cable.mend();
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await answer(page, 'echo: said meanwhile').waitFor();
    await composer(page).press('Enter');
    await answer(page, 'echo: written meanwhile').waitFor();
    await idle(id);
    await dashboard.house.halt();
    await page.getByText('Reconnecting to the daemon').waitFor();
    await dashboard.house.start();
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await send(id, 'after the restart');
    await answer(page, 'echo: after the restart').waitFor();
    for (const text of ['before the cut', 'said meanwhile', 'written meanwhile', 'after the restart']) {
      await waitFor(text, async () => expect(await answer(page, `echo: ${text}`).count()).toBe(1));
    }
    expect(model.prompts().filter((prompt) => prompt === 'written meanwhile')).toHaveLength(1);
  });

  it('is typed in the terminal and read in the conversation', async () => {
    const id = await anySession();
    const page = await open(`/sessions/${id}?tab=terminal`);
    await badge(page, 'live');
    await page.keyboard.type('typed by hand');
    await waitFor('the text', async () =>
      expect(await dashboard.house.screen(id)).toContain('typed by hand'),
    );
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'Conversation' }).click();
    await answer(page, 'echo: typed by hand').waitFor();
  });

  it('shows changes as a diff, stays where the person reads, and brings earlier entries', async () => {
    const id = await start('long', '--allowedTools', 'Read', 'Edit', 'Write');
    const file = join(project, 'long.txt');
    await send(id, `CALL [{"tool":"Write","input":{"file_path":"${file}","content":"one\\ntwo\\n"}}]`);
    await send(id, `CALL [{"tool":"Read","input":{"file_path":"${file}"}}]`);
    await send(
      id,
      `CALL [{"tool":"Edit","input":{"file_path":"${file}","old_string":"two","new_string":"three"}}]`,
    );
    const reads = Array.from({ length: 70 }, () => `{"tool":"Read","input":{"file_path":"${file}"}}`);
    await send(id, `CALL [${reads.join(',')}]`);
    await send(id, 'the newest of all');
    const page = await open(`/sessions/${id}?tab=conversation`);
    await answer(page, 'echo: the newest of all').waitFor();
    const list = conversation(page);
    const fromEnd = () =>
      list.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
    const expectEnd = () => waitFor('the end', async () => expect(await fromEnd()).toBeLessThan(60));
    await expectEnd();
    // Up to the beginning, which was not read at first.
    await waitFor('the beginning', async () => {
      await list.evaluate((element) => element.scrollTo({ top: 0 }));
      await page.getByRole('button', { name: /^Edit long.txt/ }).waitFor({ timeout: 500 });
      return true;
    });
    await page.getByRole('button', { name: /^Edit long.txt/ }).click();
    const diff = page.getByRole('region', { name: 'Changes' });
    await diff.getByText('three', { exact: true }).waitFor();
    await diff.getByText('two', { exact: true }).waitFor();
    // What comes does not move what is read.
    const edit = page.getByRole('button', { name: /^Edit long.txt/ });
    const top = async () => (await edit.boundingBox())?.y;
    const before = await waitFor('it to stand still', () => still(page, top));
    await send(id, 'newer than the newest');
    await page.getByRole('button', { name: /\d new below/ }).waitFor();
    expect(await top()).toBe(before);
    await page.getByRole('button', { name: /\d new below/ }).click();
    await answer(page, 'echo: newer than the newest').waitFor();
    await send(id, 'and one more');
    await answer(page, 'echo: and one more').waitFor();
    await expectEnd();
    // Nor is the end lost when the list grows and does not say so by scrolling.
    const left = await list.evaluate((element) => {
      (element.firstElementChild as HTMLElement).style.marginBottom = '800px';
      return element.scrollHeight - element.scrollTop - element.clientHeight;
    });
    expect(left).toBeGreaterThan(700);
    await send(id, 'the last of all');
    await expectEnd();
    // An address of one entry leads there.
    const { entries } = await dashboard.api.request('GET', '/sessions/:id/conversation', {
      params: { id },
      query: { kind: 'tool_call', limit: 3 },
    });
    const third = entries[2];
    expect(third?.tool).toBe('Edit');
    const other = await open(`/sessions/${id}?entry=${third?.id}`, { ...desk, serviceWorkers: 'block' });
    const target = other.getByRole('button', { name: /^Edit long.txt/ });
    await target.waitFor();
    await waitFor('it to be seen', async () => {
      const box = await target.boundingBox();
      expect(box?.y).toBeGreaterThan(100);
      expect(box?.y).toBeLessThan(700);
      return true;
    });
    // Who reads the last entry that was loaded stays there when the rest comes.
    const rest = Promise.withResolvers<void>();
    await other.route(/\/conversation\?.*since=/, async (route) => {
      await rest.promise;
      await route.continue();
    });
    const part = conversation(other);
    const lowest = await waitFor('the last entry that was loaded', async () => {
      await part.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
      const row = await still(other, async () => (await drawnRows(part)).at(-1));
      return row && row.top < desk.viewport.height && row;
    });
    rest.resolve();
    const isMore = async () => ((await drawnRows(part)).at(-1)?.index ?? 0) > lowest.index;
    await waitFor('the rest', isMore);
    const topNow = async () => (await drawnRows(part)).find(({ index }) => index === lowest.index)?.top;
    expect(await waitFor('it to stand still', () => still(other, topNow))).toBe(lowest.top);
    await other.getByRole('button', { name: 'To the newest' }).click();
    await answer(other, 'echo: the last of all').waitFor();
  });

  it('keeps a draft, and sends by the key the person chose', async () => {
    const id = await anySession();
    const page = await open(`/sessions/${id}?tab=conversation`);
    await composer(page).fill('not finished');
    await page.reload();
    await expectWritten(page, 'not finished');
    await page.getByRole('button', { name: 'Enter sends' }).click();
    await composer(page).press('End');
    await composer(page).press('Enter');
    await composer(page).pressSequentially('second line');
    await expectWritten(page, 'not finished\nsecond line');
    await page.reload();
    await composer(page).press('Control+Enter');
    await answer(page, /echo: not finished\s+second line/).waitFor();
    await page.reload();
    await expectWritten(page, '');
    // A slash command is one, unless the person says otherwise.
    await composer(page).fill('/context');
    await page.getByRole('button', { name: 'slash command' }).click();
    await page.getByRole('button', { name: 'plain text' }).waitFor();
    await composer(page).fill('two lines\n/context');
    await page.getByRole('button', { name: 'plain text' }).waitFor({ state: 'detached' });
  });

  it('keeps what is written while a prompt is on its way', async () => {
    const id = await anySession();
    const page = await open(`/sessions/${id}?tab=conversation`, { ...desk, serviceWorkers: 'block' });
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await page.route('**/api/sessions/*/send', async (route) => {
      await held;
      await route.continue();
    });
    const asked = page.waitForRequest('**/api/sessions/*/send');
    await composer(page).fill('the first');
    await composer(page).press('Enter');
    await asked;
    await composer(page).pressSequentially(' and the next');
    letGo();
    await answer(page, 'echo: the first').waitFor();
    await expectWritten(page, 'and the next');
  });

  it('brings an image to the agent, and says why it takes no other file', async () => {
    const id = await start('pictured', '--allowedTools', 'Read');
    const page = await open(`/sessions/${id}?tab=conversation`);
    const pixel = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    );
    const picker = page.locator('input[type=file]');
    await picker.setInputFiles({
      name: 'notes.svg',
      mimeType: 'image/svg+xml',
      buffer: Buffer.from('<svg/>'),
    });
    await page.getByText(/notes.svg is no image that agents read/).waitFor();
    await page.getByRole('button', { name: 'Remove notes.svg' }).click();
    const six = [1, 2, 3, 4, 5, 6].map((n) => ({ name: `${n}.png`, mimeType: 'image/png', buffer: pixel }));
    await picker.setInputFiles(six);
    await page.getByText('5 images at a time').waitFor();
    const removals = page.getByRole('button', { name: /^Remove \d.png/ });
    await waitFor('five', async () => expect(await removals.count()).toBe(5));
    for (let left = 4; left >= 0; left--) {
      await removals.first().click();
      await waitFor('one to go', async () => (await removals.count()) === left);
    }
    await page.evaluate((base64) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], 'shot.png', { type: 'image/png' }));
      document
        .querySelector('textarea')
        ?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, pixel.toString('base64'));
    await page.getByRole('list', { name: 'Images' }).getByText('1 kB').waitFor();
    await composer(page).fill('what is this');
    await composer(page).press('Enter');
    await answer(page, 'echo: ').waitFor();
    await conversation(page).getByText('image image/png').waitFor();
    expect(JSON.stringify(model.lastRequest().body)).toContain('"type":"image"');
    await page.getByRole('list', { name: 'Images' }).waitFor({ state: 'detached' });
  });

  it('makes a draft of what is spoken, and sends nothing by itself', async () => {
    const id = await anySession();
    const before = await dashboard.house.deliveries(id);
    const page = await open(`/sessions/${id}?tab=conversation`);
    await composer(page).fill('It says:');
    // There is no microphone here: what the browser would give is given.
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.resolve(new MediaStream());
      class Recorder extends EventTarget {
        readonly mimeType = 'audio/webm;codecs=opus';
        readonly stream = new MediaStream();
        start() {}
        stop() {
          const data = new Blob(['words that were spoken'], { type: this.mimeType });
          this.dispatchEvent(Object.assign(new Event('dataavailable'), { data }));
          this.dispatchEvent(new Event('stop'));
        }
      }
      window.MediaRecorder = Recorder as unknown as typeof MediaRecorder;
    });
    await page.getByRole('button', { name: 'Speak' }).click();
    await page.getByRole('button', { name: 'Stop, and make text of it' }).click();
    await waitFor(
      'the words',
      async () => (await composer(page).inputValue()) === 'It says: words that were spoken',
    );
    expect(await dashboard.house.deliveries(id)).toEqual(before);
  });

  it('folds what a sub-agent did, and what was summed up', async () => {
    const id = await start('delegates', '--allowedTools', 'Agent', 'Bash');
    const call = { description: 'Look', prompt: 'RUN echo from below', subagent_type: 'general-purpose' };
    await send(id, `CALL ${JSON.stringify([{ tool: 'Agent', input: call }])}`);
    const page = await open(`/sessions/${id}?tab=conversation`);
    const agent = page.getByRole('button', { name: /^Sub-agent RUN echo from below/ });
    await agent.first().waitFor();
    const inside = page.getByRole('button', { name: /^Bash echo from below/ });
    expect(await inside.count()).toBe(0);
    await agent.first().click();
    await inside.first().waitFor();
  });

  it('reads on above and below a long sub-agent, which is one row however much of it is read', async () => {
    const id = await start('delegates much', '--allowedTools', 'Agent', 'Read');
    const file = join(project, 'read.txt');
    writeFileSync(file, 'often\n');
    const said = (text: string) =>
      waitFor(`the answer "${text}"`, async () => {
        const query = { order: 'desc', kind: 'answer' } as const;
        const reply = await dashboard.api.request('GET', '/sessions/:id/conversation', {
          params: { id },
          query,
        });
        return reply.entries.find((entry) => entry.text === text);
      });
    await send(id, 'before it all');
    const first = await said('echo: before it all');
    // More entries than two pages.
    const reads = Array.from({ length: 130 }, () => ({ tool: 'Read', input: { file_path: file } }));
    const input = {
      ...{ description: 'Read', prompt: `CALL ${JSON.stringify(reads)}` },
      subagent_type: 'general-purpose',
    };
    await send(id, `CALL ${JSON.stringify([{ tool: 'Agent', input }])}`);
    await said('done: 1\toften');
    await said('noted');
    const page = await open(`/sessions/${id}?tab=conversation`);
    await answer(page, 'echo: before it all').waitFor();
    const other = await open(`/sessions/${id}?entry=${first.id}`);
    await answer(other, 'noted').waitFor();
    await other.getByRole('button', { name: 'To the newest' }).waitFor({ state: 'detached' });
  });

  it('lets a person answer above the tabs, and stop and resume by a prompt', async () => {
    const { house } = dashboard;
    const { id } = await house.create({
      ...{ provider: 'claude-code', cwd: project, name: 'asks', trust: true, policyDefault: 'ask' },
    });
    await idle(id);
    const page = await open(`/sessions/${id}`, phone);
    await composer(page).fill('RUN touch approved.txt');
    await page.getByRole('button', { name: 'Send' }).tap();
    const needs = page.getByRole('region', { name: 'Waits for you' });
    await needs.getByText('What it would get').tap();
    await needs.getByText('touch approved.txt').last().waitFor();
    await page.getByTestId('state').getByText('needs permission').waitFor();
    await needs.getByRole('button', { name: 'Approve' }).tap();
    await answer(page, 'done:').waitFor();
    expect(existsSync(join(project, 'approved.txt'))).toBe(true);
    await needs.waitFor({ state: 'detached' });
    await idle(id);
    await page.getByRole('button', { name: 'More' }).tap();
    await page.getByRole('menuitem', { name: 'Stop', exact: true }).tap();
    await page.getByTestId('state').getByText('stopped').waitFor();
    await composer(page).fill('back again');
    await page.getByRole('form', { name: 'Prompt' }).getByRole('button', { name: 'Resume' }).tap();
    await answer(page, 'echo: back again').waitFor();
  });

  it('forks into a session of its own, and switches the model', async () => {
    const id = await start('origin');
    await send(id, 'remember alpha');
    const page = await open(`/sessions/${id}?tab=conversation`);
    await page.getByRole('button', { name: /^Model: / }).click();
    await page.getByRole('combobox', { name: 'Model' }).fill('claude-haiku-4-5');
    await page.getByRole('button', { name: 'Switch', exact: true }).click();
    await page.getByRole('button', { name: 'Model: claude-haiku-4-5' }).waitFor();
    await idle(id);
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Fork…' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('branched');
    await page.getByRole('button', { name: 'Fork', exact: true }).click();
    await page.getByRole('heading', { name: 'branched' }).waitFor();
    expect(page.url()).not.toContain(id);
    expect((await dashboard.house.session(id)).status).toBe('running');
  });

  it('shuts nobody out, and opens links of the model elsewhere', async () => {
    const id = await start('seen', '--allowedTools', 'Bash');
    await send(
      id,
      '# A title\n\n- [x] a [link](https://example.com)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`code`',
    );
    await send(id, 'RUN echo seen');
    const page = await open(`/sessions/${id}?tab=conversation`, { ...desk, bypassCSP: true });
    await page.getByRole('button', { name: /^Bash/ }).click();
    await answer(page, 'a link').waitFor();
    const link = page.getByRole('link', { name: 'link', exact: true });
    expect([await link.getAttribute('target'), await link.getAttribute('rel')]).toEqual([
      '_blank',
      'noopener noreferrer',
    ]);
    await expectAccessible(page);
  });
});
