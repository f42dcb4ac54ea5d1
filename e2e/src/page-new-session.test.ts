import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launchBrowser } from '@codepiper/testkit/browser.ts';
import { createDashboard, type DashboardHouse } from '@codepiper/testkit/dashboard-house.ts';
import { type AgentHome, createAgentHome } from '@codepiper/testkit/homes.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import type { ModelServer } from '@codepiper/testkit/model-servers/server.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { expectAccessible } from './accessibility.ts';

let browser: Browser;
let model: ModelServer;
let agentHome: AgentHome;
let dashboard: DashboardHouse;
beforeAll(async () => {
  browser = await launchBrowser();
  model = await startAnthropicServer();
  agentHome = await createAgentHome({ anthropicUrl: model.url });
  dashboard = await createDashboard({ env: agentHome.env });
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.[Symbol.asyncDispose]();
  await agentHome?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

const directory = (page: Page) => page.getByLabel('Directory', { exact: true });
const unfold = (page: Page, part: string) => page.locator('summary', { hasText: part }).click();

const expectValue = (field: Locator, value: string) =>
  waitFor('the field', async () => expect(await field.inputValue()).toBe(value));

/** The session that the page went to. */
async function arrived(page: Page): Promise<string> {
  await page.waitForURL(/\/sessions\/[0-9a-f-]{36}/);
  return /sessions\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? '';
}

it('checks what is typed, never loses it, and starts by the keyboard', async () => {
  const home = agentHome.env.HOME ?? '';
  await mkdir(join(home, 'typed/deeper'), { recursive: true });
  const { page, complaints } = await dashboard.open(browser, '/new?provider=sh');
  await waitFor('the choice', () => page.getByRole('radio', { name: 'Shell' }).isChecked());

  await page.keyboard.press('Control+Enter');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('Choose the directory it works in.').waitFor();
  await directory(page).fill('~/nowhere');
  await page.getByText(/nowhere.*there is no such directory/).waitFor();
  await waitFor('the mark', async () => (await directory(page).getAttribute('aria-invalid')) === 'true');

  await directory(page).fill('~/typed');
  await waitFor(
    'the mark to be gone',
    async () => (await directory(page).getAttribute('aria-invalid')) !== 'true',
  );
  await page.getByRole('button', { name: 'Browse' }).click();
  await page.getByRole('button', { name: 'deeper' }).click();
  await page.getByText(join(home, 'typed/deeper'), { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Use this directory' }).click();
  await expectValue(directory(page), join(home, 'typed/deeper'));

  await page.getByLabel('Name', { exact: true }).fill('from the page');
  await unfold(page, 'Environment');
  await page.getByLabel('Name of variable 1').evaluate((field) => {
    const data = new DataTransfer();
    data.setData('text', 'SECRET_WORD="swordfish"\nOTHER=2');
    field.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    );
  });
  const secret = page.getByLabel('Value of SECRET_WORD');
  await expectValue(secret, 'swordfish');
  expect(await secret.getAttribute('type')).toBe('password');
  await unfold(page, 'More');
  await page.getByLabel('Program and arguments').fill('sh\n-c\necho "word: $SECRET_WORD"; exec cat');
  await expectAccessible(page);

  const stored = () => page.evaluate(() => JSON.stringify(localStorage));
  await waitFor('the draft', async () => (await stored()).includes('exec cat'));
  expect(await stored()).not.toContain('swordfish');
  await page.reload();
  await expectValue(page.getByLabel('Name', { exact: true }), 'from the page');
  await unfold(page, 'Environment');
  await expectValue(secret, 'swordfish');
  await unfold(page, 'More');
  await page.getByLabel('Program and arguments').press('Control+Enter');
  const id = await arrived(page);
  await waitFor('what it printed', async () =>
    (await dashboard.house.screen(id)).includes('word: swordfish'),
  );
  expect(await dashboard.house.session(id)).toMatchObject({
    name: 'from the page',
    cwd: join(home, 'typed/deeper'),
  });
  await waitFor('the draft to go', async () => !(await stored()).includes('exec cat'));
  await dashboard.house.run('kill', id);
  expect(complaints).toEqual([]);
});

it('starts the real Claude Code with its first prompt once its directory is trusted, and goes on with it', async () => {
  const project = await agentHome.project('trusting', { isTrusted: false });
  await dashboard.house.create({ provider: 'shell', name: 'taken', args: ['cat'] });
  const { page, complaints } = await dashboard.open(browser, `/new?cwd=${encodeURIComponent(project)}`);
  await page.getByLabel('Prompt').fill('say the magic word');
  await page.getByLabel('Name', { exact: true }).fill('taken');
  await page.getByText(/is named "taken" already/).waitFor();
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('It cannot start before you do.').waitFor();
  await page.getByLabel('I trust the files in this directory').check();
  await page.getByLabel('Name', { exact: true }).fill('magician');
  await page.getByRole('button', { name: 'Start' }).click();
  const id = await arrived(page);
  await waitFor('the prompt to arrive', () =>
    model.requests.some(({ messagesText }) => messagesText.includes('say the magic word')),
  );
  await dashboard.house.until(id, 'idle', (s) => s.activity === 'idle');
  const { metadata } = await dashboard.house.session(id);
  await dashboard.house.run('stop', id);

  await page.goto(`${dashboard.url}/new?provider=claude&cwd=${encodeURIComponent(project)}`);
  await expectValue(page.getByLabel('Prompt'), '');
  await unfold(page, 'Conversation');
  await page.getByLabel('Conversation', { exact: true }).selectOption('resume');
  const known = page.getByRole('list', { name: 'Known conversations' });
  await known.getByRole('button', { name: new RegExp(metadata.providerSession.id ?? 'none') }).click();
  await expectAccessible(page);
  await page.getByLabel('Prompt').fill('and once more');
  await page.getByLabel('Prompt').press('Control+Enter');
  await page.waitForURL((url) => /\/sessions\//.test(url.pathname) && !url.pathname.includes(id));
  // What was said before is part of what the model is told now.
  await waitFor('both prompts in one request', () =>
    model.requests.some(
      ({ messagesText }) =>
        messagesText.includes('say the magic word') && messagesText.includes('and once more'),
    ),
  );
  await dashboard.house.run('kill', await arrived(page));
  expect(complaints).toEqual([]);
});

it('warns of dangerous mode, forgets it with the page, and keeps what was typed when the start fails', async () => {
  const project = await agentHome.project('careful');
  // Requests pass by `page.route` while a service worker takes the page over.
  const { page } = await dashboard.open(browser, `/new?cwd=${encodeURIComponent(project)}`, {
    serviceWorkers: 'block',
  });
  await unfold(page, 'Rules');
  await page.getByRole('switch', { name: 'Dangerous mode' }).click();
  await page.getByText(/delete files, use your keys/).waitFor();
  await expectAccessible(page);
  await page.getByLabel('Prompt').fill('a long thought that may not be lost');
  await page.route('**/api/sessions', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({ status: 500, json: { error: 'tmux is gone', code: 'tmux_failed' } })
      : route.continue(),
  );
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('tmux is gone').waitFor();
  await page.reload();
  await expectValue(page.getByLabel('Prompt'), 'a long thought that may not be lost');
  await unfold(page, 'Rules');
  expect(await page.getByRole('switch', { name: 'Dangerous mode' }).isChecked()).toBe(false);
  await page.getByRole('button', { name: 'Clear' }).click();
  await expectValue(page.getByLabel('Prompt'), '');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expectValue(page.getByLabel('Prompt'), 'a long thought that may not be lost');
});
