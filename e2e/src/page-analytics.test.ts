import { readFile } from 'node:fs/promises';
import { shortCount } from '@codepiper/core/analytics/amounts.ts';
import { launchBrowser } from '@codepiper/testkit/browser.ts';
import { createDashboard } from '@codepiper/testkit/dashboard-house.ts';
import { createAgentHome } from '@codepiper/testkit/homes.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { expectAccessible } from './accessibility.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});
afterAll(() => browser.close());

it('says what to do when nothing happened yet', async () => {
  await using dashboard = await createDashboard();
  const { page, complaints } = await dashboard.open(browser, '/analytics');
  await page.getByText('Nothing happened in this time.').first().waitFor();
  await expectAccessible(page);
  expect(complaints).toEqual([]);
});

it('adds up what the real Claude Code used, as the command line does', async () => {
  await using model = await startAnthropicServer();
  await using agentHome = await createAgentHome({ anthropicUrl: model.url });
  await using dashboard = await createDashboard({ env: agentHome.env });
  const { house, api } = dashboard;
  const project = await agentHome.project('demo');
  const id = await house.run('start', '-p', 'claude-code', '-d', project, '--prompt', 'good morning');
  await waitFor('the answer', async () => {
    const { requests } = await api.request('GET', '/analytics/overview', { query: { range: 'today' } });
    return requests > 0;
  });
  await house.run('stop', id);
  const query = { range: 'today' as const };
  const overview = await api.request('GET', '/analytics/overview', { query });
  const { models } = await api.request('GET', '/analytics/tokens-by-model', { query });

  const { page, complaints } = await dashboard.open(browser, '/analytics?range=today');
  const tile = (name: string) =>
    page.getByRole('region', { name: 'Overview' }).getByText(name, { exact: true });
  await tile('Tokens').waitFor();
  await page.getByText(shortCount(overview.totalTokens), { exact: true }).first().waitFor();
  const table = page.getByRole('table', { name: 'Tokens by model' });
  await table.waitFor();
  expect(await table.getByRole('row').count()).toBe(models.length + 1);
  expect(models.reduce((sum, { total }) => sum + total, 0)).toBe(overview.totalTokens);
  // The drawing says the same.
  await page
    .getByRole('img', {
      name: new RegExp(`^Tokens of each day: ${overview.totalTokens.toLocaleString('en-US')} `),
    })
    .waitFor();

  const saving = page.waitForEvent('download');
  await page.getByRole('region', { name: 'By model' }).getByRole('button', { name: 'Save as CSV' }).click();
  const file = await readFile(await (await saving).path(), 'utf8');
  expect(file.split('\r\n').slice(1, -1)).toHaveLength(models.length);
  for (const { model: name, total } of models)
    expect(file).toMatch(new RegExp(`^${name},.*\\b${total}\\b`, 'm'));

  const conversation = page.getByRole('table', { name: 'Conversations by cost' }).getByRole('link');
  expect(await conversation.getAttribute('href')).toContain(`/sessions/${id}`);
  await expectAccessible(page);
  await page.getByLabel('Range').selectOption('all');
  await waitFor('the address', () => new URL(page.url()).searchParams.get('range') === 'all');
  await page.getByLabel('Agent').selectOption('codex');
  await page.getByText('No model was asked in this time.').first().waitFor();
  expect(complaints).toEqual([]);
});
