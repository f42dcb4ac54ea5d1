import { gzipSync } from 'node:zlib';
import { launchBrowser } from '@codepiper/testkit/browser.ts';
import {
  createDashboard,
  type DashboardHouse,
  dashboardEnv,
  freePort,
  joinDashboard,
} from '@codepiper/testkit/dashboard-house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { allLive } from '../bench-house.ts';
import type { Figure, Row } from '../figure.ts';
import { commandPayload, openHookedHouse } from '../hooked-agents.ts';
import { median, percentile } from '../pairs.ts';

const fleetSize = 50;
const settleMs = 5_000;
const watchedMs = 10_000;
const mostLoads = 7;
const mostOpens = 20;
const mostApprovals = 40;
const history = 2_000;

/** Prints a line twenty times a second, for ever. */
const printing = `let n = 0; setInterval(() => console.log('line ' + n++ + ' of a program that never stops'), 50)`;

/** What a person waits for in the browser: the machine's Chromium, the built page, the built daemon, over loopback. */
export const pageFigures: readonly Figure[] = [
  {
    name: 'page-load',
    measure: ({ runs }) => inBrowser((browser) => load(browser, Math.min(runs, mostLoads))),
  },
  { name: 'page-fleet', measure: () => inBrowser(fleet) },
  {
    name: 'page-open',
    measure: ({ runs }) => inBrowser((browser) => open(browser, Math.min(runs, mostOpens))),
  },
  {
    name: 'page-approval',
    measure: ({ runs }) => inBrowser((browser) => approval(browser, Math.min(runs * 2, mostApprovals))),
  },
];

async function inBrowser(measure: (browser: Browser) => Promise<Row[]>): Promise<Row[]> {
  const browser = await launchBrowser();
  try {
    return await measure(browser);
  } finally {
    await browser.close();
  }
}

/** Cold: a browser that has nothing of the page yet. */
async function load(browser: Browser, runs: number): Promise<Row[]> {
  await using dashboard = await createDashboard();
  for (let made = 0; made < 10; made++) await dashboard.house.create({ provider: 'shell', args: ['cat'] });
  const painted: number[] = [];
  const scripts: number[] = [];
  for (let run = 0; run < runs; run++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    await dashboard.signIn(context);
    const page = await context.newPage();
    const bodies: Promise<Buffer>[] = [];
    page.on('response', (response) => {
      if (/\.js(\?|$)/.test(response.url())) bodies.push(response.body());
    });
    await page.addInitScript(() => {
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) Object.assign(window, { largestPaint: entry.startTime });
      }).observe({ type: 'largest-contentful-paint', buffered: true });
    });
    await page.goto(`${dashboard.url}/`);
    await page.locator('[data-session]').nth(9).waitFor();
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    painted.push(await page.evaluate(() => (window as unknown as { largestPaint: number }).largestPaint));
    scripts.push((await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0));
    await context.close();
  }
  return [
    plain('fleet page, cold: largest contentful paint', median(painted), 'ms', 1000, painted.length),
    plain('fleet page, cold: scripts, gzip', Math.max(...scripts) / 1000, 'kB', 250, scripts.length),
  ];
}

/** A fleet that prints without end, and one page that shows it. */
async function fleet(browser: Browser): Promise<Row[]> {
  await using dashboard = await createDashboard();
  const { house } = dashboard;
  for (let made = 0; made < fleetSize; made++) {
    await house.create({ provider: 'shell', args: [process.execPath, '-e', printing] });
  }
  await waitFor('every program to run', async () => allLive(await house.sessions(), fleetSize));
  const { page } = await dashboard.open(browser, '/', { viewport: { width: 1440, height: 900 } });
  await page
    .locator('[data-session]')
    .nth(fleetSize - 1)
    .waitFor();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  await page.waitForTimeout(settleMs);
  const before = await taskSeconds(cdp);
  const started = performance.now();
  const renamed = renameAll(dashboard);
  await page.waitForTimeout(watchedMs);
  const busy = ((await taskSeconds(cdp)) - before) / ((performance.now() - started) / 1000);
  const names = await renamed;
  await waitFor('every new name on the page', async () => {
    const shown = await shownNames(page);
    return names.every((name) => shown.has(name));
  });
  return [
    {
      ...plain('fleet page, 50 sessions printing: main thread busy', busy * 100, '%', 30, 1),
      note: 'all of 50 sessions were renamed meanwhile, and every name arrived',
    },
  ];
}

async function renameAll({ api, house }: DashboardHouse): Promise<string[]> {
  const names: string[] = [];
  for (const [index, { id }] of (await house.sessions()).entries()) {
    const name = `renamed ${index}`;
    await api.request('PUT', '/sessions/:id/name', { params: { id }, body: { name } });
    names.push(name);
  }
  return names;
}

async function shownNames(page: Page): Promise<Set<string | null>> {
  const names = await page
    .locator('[data-session]')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label')));
  return new Set(names);
}

/** Time the page's main thread has worked, in seconds. */
async function taskSeconds(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
}

/** From the click on a session to its terminal, drawn with its history. */
async function open(browser: Browser, runs: number): Promise<Row[]> {
  await using dashboard = await createDashboard();
  const { house } = dashboard;
  const program = `for (let n = 1; n <= ${history}; n++) console.log('line ' + n); setInterval(() => {}, 1e9)`;
  const session = await house.create({ provider: 'shell', args: [process.execPath, '-e', program] });
  await waitFor('the history', async () => (await house.screen(session.id)).includes(`line ${history}`));
  const { page } = await dashboard.open(browser, '/', { viewport: { width: 1440, height: 900 } });
  const spent: number[] = [];
  for (let run = 0; run <= runs; run++) {
    await page.locator(`a[data-row="${session.id}"]`).waitFor();
    const ms = await page.evaluate(
      async ({ id, last }) => {
        const started = performance.now();
        document.querySelector<HTMLElement>(`a[data-row="${id}"]`)?.click();
        const isDrawn = () => {
          const buffer = window.codepiperTerminal?.buffer.active;
          if (!buffer || buffer.length < last) return false;
          const text = buffer.getLine(buffer.baseY + buffer.cursorY - 1)?.translateToString(true);
          return text === `line ${last}`;
        };
        while (!isDrawn()) await new Promise((done) => requestAnimationFrame(done));
        // The frame in which it is seen.
        await new Promise((done) => requestAnimationFrame(done));
        return performance.now() - started;
      },
      { id: session.id, last: history },
    );
    // The first brings the files of the terminal.
    if (run > 0) spent.push(ms);
    await page.evaluate(() => {
      window.codepiperTerminal = undefined;
    });
    await page.goBack();
  }
  return [
    plain(
      'open a session: terminal drawn with 2,000 lines, p95',
      percentile(spent, 0.95),
      'ms',
      300,
      spent.length,
    ),
  ];
}

declare global {
  interface Window {
    /** The emulator that is shown. */
    codepiperTerminal?: {
      buffer: {
        active: {
          length: number;
          baseY: number;
          cursorY: number;
          getLine(line: number): { translateToString(trim: boolean): string } | undefined;
        };
      };
    };
  }
}

/** From the moment an approval is there to the moment its card is seen. */
async function approval(browser: Browser, runs: number): Promise<Row[]> {
  const port = await freePort();
  await using hooked = await openHookedHouse(1, dashboardEnv(port));
  const { house, agents } = hooked;
  const dashboard = await joinDashboard(house, port);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await dashboard.signIn(context);
  const page = await context.newPage();
  await page.goto(`${dashboard.url}/`);
  const [agent] = agents;
  if (!agent) throw new Error('there is no agent');
  await page.locator('[data-session]').first().waitFor();
  const spent: number[] = [];
  for (let run = 0; run < runs; run++) {
    const command = `make target-${run}`;
    const seen = page.evaluate(async (text) => {
      while (!document.querySelector('main')?.textContent?.includes(text)) {
        await new Promise((done) => requestAnimationFrame(done));
      }
      return Date.now();
    }, command);
    const ended = agent.run(commandPayload(agent, command));
    const at = await seen;
    const { approvals } = await dashboard.api.request('GET', '/approvals');
    const raised = approvals.find(({ summary }) => summary.includes(command));
    if (!raised) throw new Error(`no approval of ${command}`);
    spent.push(at - Date.parse(raised.askedAt));
    await dashboard.api.request('POST', '/approvals/:id/approve', {
      params: { id: raised.id },
      body: {},
    });
    await ended;
  }
  return [
    plain('approval raised → on the fleet page, p95', percentile(spent, 0.95), 'ms', 200, spent.length),
  ];
}

function plain(figure: string, ours: number, unit: Row['unit'], max: number, runs: number): Row {
  return { figure, ours, floor: null, floorOf: null, ratio: null, unit, target: { of: 'ours', max }, runs };
}
