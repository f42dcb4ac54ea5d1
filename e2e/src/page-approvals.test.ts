import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Approval, approvalSchema } from '@codepiper/core/approvals/approval.ts';
import { launchBrowser } from '@codepiper/testkit/browser.ts';
import { createDashboard, type DashboardHouse } from '@codepiper/testkit/dashboard-house.ts';
import { type AgentHome, createAgentHome } from '@codepiper/testkit/homes.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import type { ModelServer } from '@codepiper/testkit/model-servers/server.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
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
/** By name. All are there before an agent is: one that ends writes its list of trusted folders as it knew it. */
const projects = new Map<string, string>();
beforeAll(async () => {
  browser = await launchBrowser();
  model = await startAnthropicServer();
  agentHome = await createAgentHome({ anthropicUrl: model.url });
  for (const name of ['tapped', 'swiped', 'winner', 'keys', 'edits']) {
    projects.set(name, await agentHome.project(name));
  }
  dashboard = await createDashboard({
    env: { ...agentHome.env, CODEPIPER_POLICY_DEFAULT: 'ask' },
  });
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

/** The real Claude Code in a project of its own, which waits for a prompt. */
async function start(name: string): Promise<{ id: string; project: string }> {
  const project = projects.get(name) ?? '';
  const id = await dashboard.house.run('start', '-p', 'claude-code', '-d', project, '--name', name);
  await dashboard.house.until(id, 'idle', (s) => s.status === 'running' && s.activity === 'idle');
  return { id, project };
}

const prompt = (id: string, text: string) => dashboard.house.run('send', id, text);

/** Waits until something of a session waits for a person. */
function waiting(session: string): Promise<Approval> {
  return waitFor(
    'an approval',
    async () =>
      (await dashboard.api.request('GET', '/approvals', { query: { session } })).approvals[0] ?? null,
  );
}

async function approvalOf(id: string): Promise<Approval> {
  return approvalSchema.parse((await dashboard.owner.get(`/approvals/${id}`)).body.approval);
}

const told = (text: string) =>
  waitFor(`the model to be told "${text}"`, () =>
    model.requests.some(({ messagesText }) => messagesText.includes(text)),
  );

/** The page without what pops up above it. */
const content = (page: Page) => page.locator('#content');

/** A finger that is put down, drawn to the side and lifted. */
async function swipe(page: Page, on: Locator, by: number): Promise<void> {
  const box = await on.boundingBox();
  if (!box) throw new Error('there is nothing to swipe');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const finger = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', at: number) =>
    finger.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: type === 'touchEnd' ? [] : [{ x: x + at, y }],
    });
  await touch('touchStart', 0);
  for (let step = 1; step <= 10; step++) await touch('touchMove', (by * step) / 10);
  await touch('touchEnd', by);
}

it('says when nothing waits, and what will be here', async () => {
  const { page, complaints } = await dashboard.open(browser, '/approvals');
  await page.getByText('Nothing waits for you').waitFor();
  await expectAccessible(page);
  expect(complaints).toEqual([]);
});

it('answers from a phone: with a tap, with all that the answer depends on', async () => {
  const { page, complaints } = await dashboard.open(browser, '/approvals', phone);
  await page.getByText('Nothing waits for you').waitFor();
  const { id, project } = await start('tapped');
  await prompt(id, 'RUN echo one && touch tapped.txt');
  await content(page).getByText('echo one && touch tapped.txt').tap();
  await page.getByRole('heading', { name: /tapped wants to run a command/ }).waitFor();
  await waitFor('the title', async () => expect(await page.title()).toMatch(/^\(1\) Approvals/));
  await page.getByRole('list', { name: 'Parts of the call' }).getByText('Ask').first().waitFor();
  await waitFor('the parts of the line', async () =>
    expect(await page.locator('mark').allTextContents()).toEqual(['echo one', 'touch tapped.txt']),
  );
  await page.getByText(project).first().waitFor();
  await page.getByText(/denied in \d+ min if nobody answers/).waitFor();
  const { id: approval } = await waiting(id);
  await page.getByRole('button', { name: 'Approve', exact: true }).tap();
  await waitFor('the file', () => existsSync(join(project, 'tapped.txt')));
  expect(await approvalOf(approval)).toMatchObject({ status: 'approved', settledBy: 'dashboard' });
  await page.getByText('Nothing waits for you').waitFor();
  expect(complaints).toEqual([]);
  await dashboard.house.run('kill', id);
});

it('answers with a swipe: to the right approves, to the left asks for the reason that the agent reads', async () => {
  const { page, complaints } = await dashboard.open(browser, '/approvals', phone);
  const { id, project } = await start('swiped');
  await prompt(id, 'RUN touch swiped.txt');
  await page.getByText('Swipe right to approve, left to deny').waitFor();
  // Not far enough is nothing.
  await swipe(page, content(page).getByText('touch swiped.txt'), 60);
  await swipe(page, content(page).getByText('touch swiped.txt'), -200);
  const dialog = page.getByRole('dialog', { name: 'Deny this call' });
  await dialog.getByLabel('Reason').fill('not with a swipe');
  await dialog.getByRole('button', { name: 'Deny', exact: true }).click();
  await told('not with a swipe');
  expect(existsSync(join(project, 'swiped.txt'))).toBe(false);
  await prompt(id, 'RUN touch swiped-too.txt');
  await content(page).getByText('touch swiped-too.txt').waitFor();
  await swipe(page, content(page).getByText('touch swiped-too.txt'), 200);
  await waitFor('the file', () => existsSync(join(project, 'swiped-too.txt')));
  expect(complaints).toEqual([]);
  await dashboard.house.run('kill', id);
});

it('has one winner: another page sees at once who answered, and who is too late is told so calmly', async () => {
  const { id, project } = await start('winner');
  await prompt(id, 'RUN touch winner.txt');
  const approval = await waiting(id);
  const address = `/approvals/${approval.id}`;
  const first = await dashboard.open(browser, address);
  const second = await dashboard.open(browser, address);
  // This one hears nothing of what happens.
  const deaf = await browser.newContext();
  await dashboard.signIn(deaf);
  const late = await deaf.newPage();
  await late.routeWebSocket(/\/feed\/ws/, () => undefined);
  await late.goto(dashboard.url + address);
  const button = (page: Page) => page.getByRole('button', { name: 'Approve', exact: true });
  for (const page of [first.page, second.page, late]) await button(page).waitFor();

  await button(first.page).click();
  await waitFor('the file', () => existsSync(join(project, 'winner.txt')));
  await second.page.getByText('Approved in the dashboard').waitFor();
  await button(second.page).waitFor({ state: 'detached' });
  await button(late).click();
  await late.locator('[data-sonner-toast]', { hasText: 'approved' }).waitFor();
  await late.getByText('Approved in the dashboard').waitFor();
  await button(late).waitFor({ state: 'detached' });
  expect([...first.complaints, ...second.complaints]).toEqual([]);
  await dashboard.house.run('kill', id);
});

it('goes by the keyboard alone: the rule that is kept is shown first, and can be changed', async () => {
  const { page, complaints } = await dashboard.open(browser, '/approvals');
  const { id, project } = await start('keys');
  await prompt(id, 'RUN touch keys-1.txt');
  await content(page).getByText('touch keys-1.txt').waitFor();
  await page.keyboard.press('j');
  await page.getByRole('heading', { name: /keys wants to run a command/ }).waitFor();
  await page.getByRole('button', { name: 'Approve', exact: true }).waitFor();
  await page.keyboard.press('A');
  const dialog = page.getByRole('dialog', { name: 'Approve always' });
  await dialog.getByText('It allows this call.').waitFor();
  await dialog.getByText(/touch keys-1\.txt --another-option/).waitFor();
  const line = dialog.getByLabel('Patterns of line');
  await line.fill('touch other*');
  await dialog.getByText('It does not allow this call').waitFor();
  const keep = dialog.getByRole('button', { name: 'Approve, and keep the rule' });
  await waitFor('the button to refuse', () => keep.isDisabled());
  await line.fill('touch keys-*.txt');
  await dialog.getByText('It allows this call.').waitFor();
  await expectAccessible(page);
  await waitFor('the answer to what was typed', () => keep.isEnabled());
  await keep.press('Enter');
  await waitFor('the file', () => existsSync(join(project, 'keys-1.txt')));
  // The rule holds from now on.
  await prompt(id, 'RUN touch keys-2.txt');
  await waitFor('the file', () => existsSync(join(project, 'keys-2.txt')));

  await prompt(id, 'RUN touch no-keys.txt');
  await content(page).getByText('touch no-keys.txt').first().waitFor();
  const { id: next } = await waiting(id);
  await page.keyboard.press('j');
  await page.waitForURL(`**/approvals/${next}`);
  await page.getByRole('heading', { name: /keys wants to run a command/ }).waitFor();
  await page.getByRole('button', { name: /^Deny/ }).waitFor();
  await page.keyboard.press('d');
  await page.getByRole('dialog').locator('textarea:focus').waitFor();
  await page.keyboard.type('not by keys');
  await page.keyboard.press('Control+Enter');
  await told('not by keys');
  expect(complaints).toEqual([]);
  await dashboard.house.run('kill', id);
});

it('shows an edit as its difference, and answers a question in own words or with an option', async () => {
  const { id, project } = await start('edits');
  const file = join(project, 'guide.md');
  writeFileSync(file, 'one\ntwo\n');
  const call = { tool: 'Write', input: { file_path: file, content: 'one\n2\n' } };
  await prompt(id, `CALL ${JSON.stringify([call])}`);
  const edit = await waiting(id);
  const { page, complaints } = await dashboard.open(browser, `/approvals/${edit.id}`);
  const changes = page.getByRole('region', { name: 'Changes' });
  await changes.getByText('two').waitFor();
  await changes.getByText('2', { exact: true }).last().waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Approve', exact: true }).click();
  await dashboard.house.until(id, 'idle', (s) => s.activity === 'idle');

  const questions = [
    {
      question: 'Which database?',
      header: 'Database',
      multiSelect: false,
      options: [
        { label: 'SQLite', description: 'quick' },
        { label: 'Postgres', description: 'as in production' },
      ],
    },
  ];
  await prompt(id, `CALL ${JSON.stringify([{ tool: 'AskUserQuestion', input: { questions } }])}`);
  const asked = await waiting(id);
  await page.goto(`${dashboard.url}/approvals/${asked.id}`);
  await page.getByRole('group', { name: /Which database/ }).waitFor();
  await expectAccessible(page);
  await page.getByRole('radio', { name: /Postgres/ }).check();
  await page.getByRole('button', { name: 'Send the answer' }).click();
  await told('Postgres');
  // Its address still leads to it.
  await page.goto(`${dashboard.url}/approvals/${asked.id.slice(0, 8)}`);
  await page.getByText('Answered in the dashboard').waitFor();
  await page.goto(`${dashboard.url}/approvals?view=approved&session=${id}`);
  const answered = page.getByRole('region', { name: 'Approvals' }).getByRole('listitem');
  await answered.nth(1).waitFor();
  await waitFor('both', async () => expect(await answered.count()).toBe(2));
  await expectAccessible(page);
  expect(complaints).toEqual([]);
  await dashboard.house.run('kill', id);
});
