import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser } from '@codepiper/testkit/browser.ts';
import { createDashboard, type DashboardHouse } from '@codepiper/testkit/dashboard-house.ts';
import { type AgentHome, createAgentHome } from '@codepiper/testkit/homes.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import type { ModelServer } from '@codepiper/testkit/model-servers/server.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible } from './accessibility.ts';

const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
};

let browser: Browser;
let model: ModelServer;
let agentHome: AgentHome;
let dashboard: DashboardHouse;
beforeAll(async () => {
  browser = await launchBrowser();
  model = await startAnthropicServer();
  agentHome = await createAgentHome({ anthropicUrl: model.url });
  dashboard = await createDashboard({
    env: { ...agentHome.env, CODEPIPER_POLICY_DEFAULT: 'ask' },
  });
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  const { house } = dashboard;
  const forget = async (id: string) => {
    await house.http('POST', `/sessions/${id}/kill`);
    await waitFor('the session to go', async () => {
      const { status, text } = await house.http('DELETE', `/sessions/${id}`);
      return status < 300 || status === 404 || Promise.reject(new Error(text));
    });
  };
  await Promise.all((await house.sessions()).map(({ id }) => forget(id)));
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.[Symbol.asyncDispose]();
  await agentHome?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

/** The real Claude Code in a project of its own, which waits for a prompt. */
async function startAgent(name: string): Promise<{ id: string; project: string }> {
  const project = await agentHome.project(name);
  const id = await dashboard.house.run('start', '-p', 'claude-code', '-d', project, '--name', name);
  await dashboard.house.until(id, 'idle', (s) => s.status === 'running' && s.activity === 'idle');
  return { id, project };
}

async function startShell(name: string, script = 'exec cat'): Promise<string> {
  const { id } = await dashboard.house.create({ provider: 'shell', name, args: ['sh', '-c', script] });
  await dashboard.house.until(id, 'running', ({ status }) => status === 'running');
  return id;
}

const rowOf = (page: Page, name: string) => page.getByRole('article', { name, exact: true });

/** Names of the rows, from top to bottom. */
const order = (page: Page) =>
  page.getByRole('article').evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label')));

/** Waits until the rows are these, from top to bottom. */
const expectOrder = (page: Page, names: readonly string[]) =>
  waitFor('the order of the rows', async () => expect(await order(page)).toEqual(names));

/** Where the pointer is, nothing moves; here it is nowhere near the list. */
const stepBack = (page: Page) => page.mouse.move(5, 5);

it('tells how to begin when there is nothing', async () => {
  const { page, complaints } = await dashboard.open(browser);
  await page.getByRole('link', { name: 'Start one' }).waitFor();
  await expectAccessible(page);
  await page.keyboard.press('n');
  await page.waitForURL('**/new');
  expect(complaints).toEqual([]);
});

describe('an agent that needs a person', () => {
  it('comes first, and is answered on its row with one tap on a phone', async () => {
    await startShell('quiet one');
    const { id, project } = await startAgent('asker');
    await startShell('newest');
    const { page, complaints } = await dashboard.open(browser, '/', phone);
    await rowOf(page, 'asker').waitFor();
    await expectOrder(page, ['newest', 'asker', 'quiet one']);

    await dashboard.house.run('send', id, 'RUN touch tapped.txt');
    const row = rowOf(page, 'asker');
    await row.getByText('needs permission').waitFor();
    await expectOrder(page, ['asker', 'newest', 'quiet one']);
    await row.getByText('touch tapped.txt', { exact: true }).first().waitFor();
    await row.getByRole('button', { name: 'Approve' }).tap();
    await waitFor('the file', () => existsSync(join(project, 'tapped.txt')));
    // It lets go of its place once the finger is away.
    await waitFor('the old order', async () => (await order(page))[0] === 'newest');
    expect(complaints).toEqual([]);
  });

  it('is answered by keys alone, with a reason that reaches it', async () => {
    const { id } = await startAgent('keyed');
    await startShell('beside');
    await dashboard.house.run('send', id, 'RUN touch never.txt');
    const { page, complaints } = await dashboard.open(browser);
    await rowOf(page, 'keyed').getByRole('button', { name: 'Deny…' }).waitFor();
    await expectAccessible(page);

    await page.keyboard.press('j');
    await expectFocused(page, 'keyed');
    await waitFor('the dialog', async () => {
      await page.keyboard.press('d');
      return page.getByRole('dialog').isVisible();
    });
    await page.getByRole('dialog').locator('textarea:focus').waitFor();
    await page.keyboard.type('not in this house');
    await page.keyboard.press('Control+Enter');
    await waitFor('the agent to be told', () =>
      model.requests.some(({ messagesText }) => messagesText.includes('not in this house')),
    );
    await page.getByRole('dialog').waitFor({ state: 'hidden' });

    await dashboard.house.run('send', id, 'RUN touch keyed.txt');
    const row = rowOf(page, 'keyed');
    await row.getByText('touch keyed.txt', { exact: true }).first().waitFor();
    await row.getByRole('link', { name: 'keyed' }).focus();
    await waitFor('the answer', async () => {
      await page.keyboard.press('a');
      const { approvals } = await dashboard.api.request('GET', '/approvals', { query: {} });
      return approvals.length === 0;
    });
    await row.getByRole('link', { name: 'keyed' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/sessions/${id}`);
    expect(complaints).toEqual([]);
  });

  it('does not move anything under a pointer, and says that it waits', async () => {
    const { id } = await startAgent('later');
    await startShell('above');
    const { page } = await dashboard.open(browser);
    const above = rowOf(page, 'above');
    await above.waitFor();
    const place = (row: Locator) => row.boundingBox().then((box) => box?.y);
    const before = await place(above);
    await above.hover();
    await dashboard.house.run('send', id, 'RUN touch held.txt');
    const notice = page.getByRole('button', { name: '1 more needs you' });
    await waitFor('the notice', async () => {
      // As a person who reads on.
      await page.mouse.move(600 + Math.random() * 20, before ?? 0);
      return notice.isVisible();
    });
    await expectOrder(page, ['above', 'later']);
    expect(await place(above)).toBe(before);
    expect(await rowOf(page, 'later').getByRole('button', { name: 'Approve' }).count()).toBe(0);

    await notice.click();
    await rowOf(page, 'later').getByRole('button', { name: 'Approve' }).waitFor();
    await expectOrder(page, ['later', 'above']);
  });
});

it('finds, filters and groups, and the address says how', async () => {
  await startShell('alpha');
  await startShell('beta');
  const gone = await startShell('gone');
  await dashboard.house.run('stop', gone);
  const { page, complaints } = await dashboard.open(browser);
  await rowOf(page, 'alpha').waitFor();
  await expectOrder(page, ['beta', 'alpha']);

  await page.getByRole('button', { name: /^Ended 1/ }).click();
  await rowOf(page, 'gone').waitFor();
  await page.getByRole('button', { name: /^Ended 1/ }).click();
  await rowOf(page, 'gone').waitFor({ state: 'hidden' });

  await page.keyboard.press('/');
  await page.keyboard.type('bet');
  await rowOf(page, 'alpha').waitFor({ state: 'hidden' });
  await waitFor('the address', () => new URL(page.url()).searchParams.get('q') === 'bet');
  await page.keyboard.press('Enter');
  await expectFocused(page, 'beta');
  await page.reload();
  await rowOf(page, 'beta').waitFor();
  await expectOrder(page, ['beta']);

  await page.getByRole('searchbox').fill('nobody');
  await page.getByText('No session is like that').waitFor();
  await page.getByRole('link', { name: 'Show all' }).click();
  await rowOf(page, 'alpha').waitFor();
  await page.getByLabel('State').selectOption('ended');
  await rowOf(page, 'gone').waitFor();
  await expectOrder(page, ['gone']);
  await page.getByRole('button', { name: 'Clear the filter' }).click();
  await page.getByLabel('Group').selectOption('repository');
  await page.getByRole('heading', { level: 2 }).first().waitFor();
  await waitFor('the address', () => new URL(page.url()).searchParams.get('group') === 'repository');

  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys of the fleet' }).waitFor();
  await expectAccessible(page);
  expect(complaints).toEqual([]);
});

it('has commands: a session by its name, a theme, and the end of a session', async () => {
  const id = await startShell('palette one');
  const { page, complaints } = await dashboard.open(browser);
  await rowOf(page, 'palette one').waitFor();
  const search = page.getByRole('combobox', { name: 'Commands' });
  const open = async (word: string) => {
    await page.keyboard.press('Control+k');
    await search.fill(word);
  };

  /** Enter does what is chosen, which it is a moment after the word was written. */
  const chosen = (name: RegExp) => page.getByRole('option', { name, selected: true }).waitFor();

  await open('mist');
  await chosen(/^Mist/);
  await page.keyboard.press('Enter');
  await waitFor('the theme', () => page.evaluate(() => document.documentElement.dataset.scheme === 'light'));
  await open('');
  // What was used last is offered first.
  await page.getByRole('group', { name: 'Recent' }).getByRole('option', { name: 'Mist, light' }).waitFor();
  await expectAccessible(page);
  await search.fill('palette one');
  await chosen(/^palette one/);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/sessions/${id}`);

  await page.goto(`${dashboard.url}/`);
  await rowOf(page, 'palette one').waitFor();
  await open('stop');
  await page.getByRole('option', { name: 'Stop a session…' }).click();
  await page.getByRole('option', { name: /^Stop palette one/ }).click();
  await dashboard.house.until(id, 'stopped', ({ status }) => status === 'stopped');
  expect(complaints).toEqual([]);
});

it('shows fifty sessions that print, and the page hardly works for it', { timeout: 240_000 }, async () => {
  const script = 'i=0; while :; do i=$((i+1)); echo "line $i of $$"; sleep 0.2; done';
  const names = Array.from({ length: 50 }, (_, number) => `printer ${number}`);
  for (const name of names) {
    await dashboard.house.create({ provider: 'shell', name, args: ['sh', '-c', script], record: false });
  }
  const { page, complaints } = await dashboard.open(browser);
  await waitFor(
    'all rows to print',
    async () => {
      const printing = await page
        .getByRole('article')
        .filter({ hasText: /line \d+ of/ })
        .count();
      return printing === names.length;
    },
    { timeout: 120_000 },
  );
  await stepBack(page);
  const session = await page.context().newCDPSession(page);
  // Of the thread itself: what other programs of the machine do is none of it.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  };
  const lineOf = async () => (await rowOf(page, 'printer 7').textContent()) ?? '';
  const [from, started, first] = [await busy(), performance.now(), await lineOf()];
  await waitFor('ten seconds', () => performance.now() - started > 10_000, { timeout: 60_000 });
  const share = ((await busy()) - from) / ((performance.now() - started) / 1000);
  await waitFor('another line', async () => (await lineOf()) !== first);
  expect(share).toBeLessThan(0.3);
  expect(complaints).toEqual([]);
});

/** Waits until the row of this session, or something in it, is focused. */
async function expectFocused(page: Page, name: string): Promise<void> {
  await waitFor('the focus', async () => {
    const focused = await page.evaluate(() =>
      document.activeElement?.closest('article')?.getAttribute('aria-label'),
    );
    expect(focused).toBe(name);
    return true;
  });
}
