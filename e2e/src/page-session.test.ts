import { launchBrowser } from '@codepiper/testkit/browser.ts';
import { createDashboard, type DashboardHouse } from '@codepiper/testkit/dashboard-house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible } from './accessibility.ts';
import { badge } from './browser.ts';

let dashboard: DashboardHouse;
let browser: Browser;
const opened: { page: Page; complaints: string[] }[] = [];

beforeAll(async () => {
  dashboard = await createDashboard({ env: { CODEPIPER_POLICY_DEFAULT: '' } });
  browser = await launchBrowser();
});
afterEach(async () => {
  for (const { page, complaints } of opened.splice(0)) {
    await page.context().close();
    // A daemon that is away or refuses makes browsers complain, whatever the page does about it.
    expect(
      complaints.filter((text) => !/net::ERR_|status of 409|WebSocket connection to .* failed/.test(text)),
    ).toEqual([]);
  }
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.[Symbol.asyncDispose]();
});

const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
};
const desk: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };

async function open(path: string, options: BrowserContextOptions = desk): Promise<Page> {
  const seen = await dashboard.open(browser, path, options);
  opened.push(seen);
  return seen.page;
}

async function shell(name: string, ...args: string[]): Promise<string> {
  const { house } = dashboard;
  const { id } = await house.create({
    ...{ provider: 'shell', name },
    args: args.length > 0 ? args : ['bash', '--norc', '-i'],
  });
  await house.until(id, 'running', ({ status }) => status === 'running');
  return id;
}

/** What the terminal of the page shows. */
const shown = (page: Page) =>
  page.evaluate(() => {
    const { rows, buffer } = window.codepiperTerminal;
    return Array.from({ length: rows }, (_, row) =>
      buffer.active.getLine(buffer.active.viewportY + row)?.translateToString(true),
    ).join('\n');
  });

/** These are no faults of the page here. */
function forgive(page: Page, complaint: RegExp): void {
  const complaints = opened.find((each) => each.page === page)?.complaints ?? [];
  complaints.splice(0, complaints.length, ...complaints.filter((text) => !complaint.test(text)));
}

const state = (page: Page, word: string) =>
  page.getByTestId('state').getByText(word, { exact: true }).waitFor();

describe('the session page', () => {
  it('is a terminal: what is typed arrives, colours follow the theme, the size of letters is remembered', async () => {
    const id = await shell('typed');
    const page = await open(`/sessions/${id}`);
    await badge(page, 'live');
    await page.keyboard.type('echo "made $((6*7))"');
    await page.keyboard.press('Enter');
    await waitFor('the echo', async () => expect(await shown(page)).toMatch(/^made 42$/m));
    const ground = () =>
      page.evaluate(
        () => (window.codepiperTerminal.options as { theme?: { background?: string } }).theme?.background,
      );
    const before = await ground();
    await page.emulateMedia({ colorScheme: 'dark' });
    await waitFor('the other theme', async () => expect(await ground()).not.toBe(before));
    expect(await shown(page)).toContain('made 42');
    const font = () => page.evaluate(() => window.codepiperTerminal.options.fontSize);
    const usual = await font();
    await page.getByRole('button', { name: 'Larger letters' }).click();
    await page.getByRole('button', { name: 'Larger letters' }).click();
    const chosen = Math.round(usual) + 2;
    const expectFont = (size: number) => waitFor('the size', async () => expect(await font()).toBe(size));
    await expectFont(chosen);
    await page.reload();
    await badge(page, 'live');
    await expectFont(chosen);
    await page.getByRole('button', { name: /Letters of \d+ pixels/ }).click();
    await expectFont(usual);
  });

  it('keeps the terminal while another tab is shown, and a shell has no conversation', async () => {
    const id = await shell('tabs');
    const page = await open(`/sessions/${id}`);
    await badge(page, 'live');
    expect(await page.getByRole('tab').allTextContents()).toEqual(['Terminal', 'Events', 'Policies']);
    await page.keyboard.type('half a li');
    await waitFor('the echo', async () => expect(await shown(page)).toContain('half a li'));
    await page.getByRole('tab', { name: 'Events' }).click();
    await waitFor('the address', () => new URL(page.url()).searchParams.get('tab') === 'events');
    await page.getByRole('listitem').getByText('session.created').waitFor();
    await page.getByRole('tab', { name: 'Terminal' }).click();
    expect(await shown(page)).toContain('half a li');
    await badge(page, 'live');
  });

  it('brings the newest lines at first, and the earlier ones when somebody goes up to them', async () => {
    const id = await shell('long-ago', 'bash', '--norc', '-c', 'seq 1 5000; exec bash --norc -i');
    await waitFor('the lines', async () => (await dashboard.house.screen(id)).includes('5000'));
    const page = await open(`/sessions/${id}`);
    await badge(page, 'live');
    const first = () =>
      page.evaluate(() => window.codepiperTerminal.buffer.active.getLine(0)?.translateToString(true));
    await waitFor('the picture', async () => expect(await shown(page)).toMatch(/^5000$/m));
    expect(Number(await first())).toBeGreaterThan(1000);
    await page.evaluate(() => window.codepiperTerminal.scrollToTop());
    await page.getByRole('button', { name: /^history/ }).waitFor();
    const seen = (await shown(page)).split('\n')[0];
    await page.getByRole('button', { name: 'Earlier lines' }).click();
    await waitFor('the beginning', async () => (await first()) === '1');
    // What was read stays where it is.
    await waitFor('the same line', async () => expect((await shown(page)).split('\n')[0]).toBe(seen));
  });

  it('leads a keyboard out of the terminal', async () => {
    const id = await shell('keyboard');
    const page = await open(`/sessions/${id}`);
    await badge(page, 'live');
    const isInTerminal = () => page.evaluate(() => document.activeElement?.closest('.xterm') !== null);
    await waitFor('the focus', async () => expect(await isInTerminal()).toBe(true));
    await page.keyboard.press('Tab');
    expect(await isInTerminal()).toBe(true);
    await page.keyboard.press('Control+Shift+ArrowUp');
    await page.getByRole('tab', { name: 'Terminal' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Events', selected: true }).waitFor();
  });

  it('comes back by itself after the daemon did, and types what was typed meanwhile', async () => {
    const id = await shell('restart');
    const page = await open(`/sessions/${id}`);
    await badge(page, 'live');
    await dashboard.house.halt();
    await badge(page, 'reconnecting');
    await page.getByText('Reconnecting to the daemon').waitFor();
    await page.keyboard.type('echo "kept $((20+3))"');
    await page.keyboard.press('Enter');
    await dashboard.house.start();
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await badge(page, 'live');
    await waitFor('what was typed', async () => expect(await shown(page)).toMatch(/^kept 23$/m));
    expect((await shown(page)).match(/^kept 23$/gm)).toHaveLength(1);
    await page.getByText('Reconnecting to the daemon').waitFor({ state: 'detached' });
    // Facts are heard again, too.
    await dashboard.house.run('rename', id, 'after-restart');
    await page.getByRole('heading', { name: 'after-restart' }).waitFor();
  });

  it('opens a tab that was never loaded once the network is back, and stays until then', async () => {
    const id = await shell('offline');
    const page = await open(`/sessions/${id}`, { ...desk, serviceWorkers: 'block' });
    await badge(page, 'live');
    await page.context().setOffline(true);
    const failed = (method: string, end: string) =>
      page.waitForEvent('requestfailed', (each) => each.method() === method && each.url().endsWith(end));
    const missed = failed('GET', '.js');
    await page.getByRole('tab', { name: 'Events' }).click();
    await missed;
    // It looks for the daemon again and again.
    await failed('HEAD', '/');
    await failed('HEAD', '/');
    await page.getByRole('heading', { name: 'offline' }).waitFor();
    await page.context().setOffline(false);
    await page.getByRole('listitem').getByText('session.created').waitFor();
    forgive(page, /dynamically imported module/);
  });

  it('wakes with a connection that is dead and does not say so, and makes its terminal a new one', async () => {
    const id = await shell('asleep');
    const page = await open('/');
    let isAsleep = false;
    let sockets = 0;
    await page.routeWebSocket(/\/terminals\/ws$/, (near) => {
      const far = near.connectToServer();
      const isFirst = sockets++ === 0;
      near.onMessage((message) => (isFirst && isAsleep ? undefined : far.send(message)));
      far.onMessage((message) => (isFirst && isAsleep ? undefined : near.send(message)));
    });
    await page.goto(`${dashboard.url}/sessions/${id}`);
    await badge(page, 'live');
    isAsleep = true;
    await dashboard.house.run('send', id, 'echo "unseen $((20+3))"');
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await waitFor('what was said meanwhile', async () => expect(await shown(page)).toMatch(/^unseen 23$/m));
    expect(sockets).toBe(2);
  });

  it('renames in place, and says what it cannot take', async () => {
    const [id] = [await shell('first-name'), await shell('taken-name')];
    const page = await open(`/sessions/${id}`);
    await page.getByRole('heading').getByRole('button', { name: 'first-name' }).click();
    const field = page.getByRole('textbox', { name: 'Name of the session' });
    await field.fill('taken-name');
    await field.press('Enter');
    await page
      .getByText(/taken-name.*(taken|use|name)/i)
      .first()
      .waitFor();
    await field.fill('second name');
    await field.press('Enter');
    await page.getByRole('heading', { name: 'second name' }).waitFor();
    expect((await dashboard.house.session(id)).name).toBe('second name');
    await waitFor('the title', async () => expect(await page.title()).toContain('second name'));
  });

  it('leaves the focus to who is writing when its terminal comes', async () => {
    const id = await shell('before-it');
    const { page, complaints } = await dashboard.open(browser, '/', { ...desk, serviceWorkers: 'block' });
    opened.push({ page, complaints });
    const held = Promise.withResolvers<void>();
    await page.route(/\/assets\/terminal-tab-[^/]*\.js$/, async (route) => {
      await held.promise;
      await route.continue();
    });
    await page.goto(`${dashboard.url}/sessions/${id}`);
    await page.getByRole('heading').getByRole('button', { name: 'before-it' }).click();
    const field = page.getByRole('textbox', { name: 'Name of the session' });
    await field.fill('written meanwhile');
    held.resolve();
    await badge(page, 'live');
    await waitFor('the terminal', async () => expect(await shown(page)).toMatch(/\S/));
    await page.keyboard.type(', and on');
    await waitFor('what is written', async () =>
      expect(await field.inputValue()).toBe('written meanwhile, and on'),
    );
    await field.press('Enter');
    await page.getByRole('heading', { name: 'written meanwhile, and on' }).waitFor();
  });

  it('says what is lost before it kills, and shows how it ended', async () => {
    const id = await shell('doomed');
    const page = await open(`/sessions/${id}`);
    await badge(page, 'live');
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Kill…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Kill doomed?' });
    expect(await dialog.textContent()).toContain('can be started again');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect((await dashboard.house.session(id)).status).toBe('running');
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Kill…' }).click();
    await dialog.getByRole('button', { name: 'Kill session' }).click();
    await state(page, 'stopped');
    await badge(page, 'ended');
    await page.getByTestId('state').click();
    await page.getByText('SIGKILL').waitFor();
  });

  it('shows what an ended program left, and its new terminal when it starts again', async () => {
    const id = await shell('leaves', 'bash', '--norc', '-c', 'echo my last words; read');
    await waitFor('the words', async () => (await dashboard.house.screen(id)).includes('my last words'));
    await dashboard.house.run('kill', id);
    const page = await open(`/sessions/${id}`);
    await badge(page, 'ended');
    await page.getByText('my last words').waitFor();
    await page.getByRole('button', { name: 'Start again' }).click();
    await badge(page, 'live');
    await waitFor('the new run', async () => (await shown(page)).includes('my last words'));
    await dashboard.house.run('kill', id);
    await badge(page, 'ended');
    await waitFor('the words', async () => expect(await shown(page)).toContain('my last words'));
    await page.getByRole('button', { name: 'Start again' }).click();
    await badge(page, 'live');
  });

  it('only watches when told so, and tells who else is there', async () => {
    const id = await shell('watched', 'cat');
    const page = await open(`/sessions/${id}`);
    const other = await open(`/sessions/${id}?tab=terminal`, phone);
    await badge(page, 'live');
    await badge(other, 'live');
    await page.locator('header').getByText('phone', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Only watch' }).click();
    await page.getByRole('button', { name: 'Take over and type' }).waitFor();
    await page.locator('.terminal-host').click();
    await page.keyboard.type('not this');
    await page.getByRole('button', { name: 'Take over and type' }).click();
    await page.locator('.terminal-host').click();
    await page.keyboard.type('but this');
    await waitFor('what was typed', async () => expect(await shown(other)).toContain('but this'));
    expect(await shown(other)).not.toContain('not this');
  });

  it('has keys for a thumb: Ctrl with the next key, Escape, arrows, and a paste', async () => {
    const id = await shell('thumb', 'cat', '-v');
    const page = await open(`/sessions/${id}?tab=terminal`, { ...phone, permissions: ['clipboard-read'] });
    await badge(page, 'live');
    const keys = page.getByRole('toolbar', { name: 'Keys' });
    await keys.getByRole('button', { name: 'Esc' }).tap();
    await keys.getByRole('button', { name: 'Up' }).tap();
    await keys.getByRole('button', { name: 'Ctrl', exact: true }).tap();
    await page.locator('.terminal-host').tap();
    await page.keyboard.type('b');
    await page.keyboard.type('b');
    await waitFor('the keys', async () => expect(await dashboard.house.screen(id)).toContain('^[^[[A^Bb'));
    await page.evaluate(() => {
      navigator.clipboard.readText = () => Promise.resolve('pasted text');
    });
    await keys.getByRole('button', { name: 'Paste' }).tap();
    await waitFor('the paste', async () => expect(await dashboard.house.screen(id)).toContain('pasted text'));
  });

  it('shows its policies, adds a set and takes it away, and has a default of its own', async () => {
    const id = await shell('ruled');
    const page = await open(`/sessions/${id}?tab=policies`);
    await page.getByLabel('Set to apply').selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Apply' }).click();
    const taking = page.getByRole('button', { name: /Take .* from the session/ });
    await taking.first().waitFor();
    await waitFor('it to be stored', async () =>
      expect((await dashboard.house.session(id)).metadata.security.policySets).toHaveLength(1),
    );
    await taking.first().click();
    await page.getByText('No set is applied.').waitFor();
    await page.getByLabel('Of this session').selectOption('deny');
    await page.getByText('Only this session.').waitFor();
    await waitFor('it to be stored', async () =>
      expect((await dashboard.house.session(id)).metadata.security.policyDefault).toBe('deny'),
    );
    await page.getByRole('link', { name: 'Try a call' }).click();
    await page.waitForURL((url) => url.search.includes(`session=${id}`));
  });

  it('shows events as they come, by source and type', async () => {
    const id = await shell('eventful');
    const page = await open(`/sessions/${id}?tab=events`);
    await page.getByRole('listitem').getByText('session.created').waitFor();
    await dashboard.house.run('rename', id, 'renamed-meanwhile');
    await page.getByRole('listitem').first().getByText('session.renamed').waitFor();
    await page.getByRole('listitem').first().getByRole('button').first().click();
    await page.getByText('"name": "renamed-meanwhile"').waitFor();
    await page.getByLabel('Type').selectOption('session.created');
    await waitFor('one event', async () => expect(await page.getByRole('listitem').count()).toBe(1));
  });

  it('says that there is no such session', async () => {
    const { page } = await dashboard.open(browser, '/sessions/nothing-of-this-name', desk);
    await page.getByText('There is no such session').waitFor();
    await page.context().close();
  });

  it('shuts nobody out, on any tab', async () => {
    const id = await shell('seen');
    const page = await open(`/sessions/${id}?tab=terminal`, { ...desk, bypassCSP: true });
    await badge(page, 'live');
    await expectAccessible(page);
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByRole('listitem').getByText('session.created').waitFor();
    await expectAccessible(page);
    await page.getByRole('tab', { name: 'Policies' }).click();
    await page.getByText('When no rule speaks').waitFor();
    await expectAccessible(page);
  });
});
