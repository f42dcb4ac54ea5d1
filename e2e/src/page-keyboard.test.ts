import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser } from '@codepiper/testkit/browser.ts';
import { createDashboard } from '@codepiper/testkit/dashboard-house.ts';
import { createAgentHome } from '@codepiper/testkit/homes.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';

/** A list of suggestions makes a text box one. */
const directoryRole = 'combobox';
/** More than any page has to step through. */
const mostSteps = 80;

/** Steps with Tab or back until what has this role and name is focused. @throws when it cannot be reached so */
async function tabTo(
  page: Page,
  role: Parameters<Page['getByRole']>[0],
  name: string | RegExp,
  key: 'Tab' | 'Shift+Tab' = 'Tab',
): Promise<void> {
  const wanted = page.getByRole(role, { name }).first();
  await wanted.waitFor();
  for (let step = 0; step < mostSteps; step++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${mostSteps} steps of ${key} do not lead to the ${role} ${name}`);
}

/** What is focused is seen to be. */
async function expectVisibleFocus(page: Page): Promise<void> {
  const outline = await page.evaluate(() => {
    const focused = document.activeElement;
    return focused ? getComputedStyle(focused).outlineStyle : 'nothing is focused';
  });
  expect(outline).not.toMatch(/none|nothing/);
}

it('leads through the main job without a mouse: start an agent, allow what it asks, read its answer, go back', async () => {
  await using model = await startAnthropicServer();
  await using agentHome = await createAgentHome({ anthropicUrl: model.url });
  await using dashboard = await createDashboard({
    env: { ...agentHome.env, CODEPIPER_POLICY_DEFAULT: 'ask' },
  });
  const project = await agentHome.project('demo');
  const browser = await launchBrowser();
  try {
    const { page, complaints } = await dashboard.open(browser, '/');
    const { keyboard } = page;
    await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();

    await keyboard.press('n');
    await page.getByRole('heading', { name: 'New session', level: 1 }).waitFor();
    await tabTo(page, 'radio', /Claude Code/);
    await tabTo(page, directoryRole, 'Directory');
    await keyboard.type(project);
    await tabTo(page, 'textbox', 'Prompt');
    await expectVisibleFocus(page);
    await keyboard.type('RUN touch by-keyboard.txt');
    await keyboard.press('Control+Enter');
    await page.waitForURL(/\/sessions\//);

    // Tab is the agent's in its terminal; this leads out of it.
    await page.locator('.xterm textarea:focus').waitFor({ state: 'attached' });
    await keyboard.press('Control+Shift+ArrowUp');
    await tabTo(page, 'button', /^Approve/, 'Shift+Tab');
    await expectVisibleFocus(page);
    expect(existsSync(join(project, 'by-keyboard.txt'))).toBe(false);
    await keyboard.press('Enter');
    await waitFor('the tool to run', () => existsSync(join(project, 'by-keyboard.txt')));

    await tabTo(page, 'tab', 'Terminal');
    await keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Conversation', selected: true }).waitFor();
    // The terminal behind has the word too, unseen.
    await page.getByRole('article', { name: 'Answer' }).filter({ hasText: 'done:' }).waitFor();
    await tabTo(page, 'textbox', /^Prompt for /);
    await keyboard.type('and thank you');
    await keyboard.press('Enter');
    await waitFor('the model to be told', () =>
      model.prompts().some((prompt) => prompt.includes('and thank you')),
    );

    await keyboard.press('Escape');
    await keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Commands' }).and(page.locator(':focus')).waitFor();
    await keyboard.type('Fleet');
    await page.getByRole('option', { name: /^Fleet/, selected: true }).waitFor();
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
