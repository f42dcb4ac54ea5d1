import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launchBrowser } from '@codepiper/testkit/browser.ts';
import { createDashboard, type DashboardHouse } from '@codepiper/testkit/dashboard-house.ts';
import { type AgentHome, createAgentHome } from '@codepiper/testkit/homes.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { startOpenAiServer } from '@codepiper/testkit/model-servers/openai.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Page } from 'playwright-core';

/**
 * The pictures of the dashboard in docs: each page at a desk and on a phone, with real agents that ask models of ours.
 * `scripts/screenshots [page…]` takes them anew.
 */
const folder = join(import.meta.dirname, '../../docs/screenshots');
const places: Record<string, { path: string; ready: (page: Page) => Promise<unknown> }> = {
  fleet: {
    path: '/',
    ready: (page) =>
      page
        .getByRole('button', { name: /^Approve/ })
        .first()
        .waitFor(),
  },
  'new-session': { path: '/new', ready: (page) => page.getByLabel('Directory').first().waitFor() },
  terminal: { path: '/sessions/{shop}?tab=terminal', ready: (page) => page.locator('.xterm').waitFor() },
  conversation: {
    path: '/sessions/{docs}?tab=conversation',
    ready: (page) => page.getByText('release notes').first().waitFor(),
  },
  events: {
    path: '/sessions/{shop}?tab=events',
    ready: (page) => page.getByText('session.created').last().waitFor(),
  },
  'session-policies': {
    path: '/sessions/{shop}?tab=policies',
    ready: (page) => page.getByText('Policies in their order').waitFor(),
  },
  approvals: {
    path: '/approvals/{approval}',
    ready: (page) =>
      page
        .getByRole('button', { name: /^Approve/ })
        .first()
        .waitFor(),
  },
  policies: { path: '/policies', ready: (page) => page.getByText('guarded-writes').first().waitFor() },
  laboratory: {
    path: '/policies?tab=laboratory',
    ready: (page) => page.getByRole('tab', { name: 'Laboratory' }).waitFor(),
  },
  audit: { path: '/policies?tab=audit', ready: (page) => page.getByText('Intact').first().waitFor() },
  analytics: {
    path: '/analytics',
    ready: (page) => page.getByRole('img', { name: /^Tokens of each day/ }).waitFor(),
  },
  notifications: {
    path: '/notifications',
    ready: (page) => page.getByText('needs permission').last().waitFor(),
  },
  settings: { path: '/settings', ready: (page) => page.getByText('Restart the daemon').waitFor() },
  security: {
    path: '/settings?section=security',
    ready: (page) => page.getByText('this one').waitFor(),
  },
  appearance: {
    path: '/settings?section=appearance',
    ready: (page) => page.getByText('Dark preset').waitFor(),
  },
};
const sizes = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
/** What is drawn after it is there: the terminal's history, a chart. */
const drawnMs = 1_200;

async function main(chosen: readonly string[]): Promise<void> {
  await using model = await startAnthropicServer();
  await using openAi = await startOpenAiServer();
  await using agentHome = await createAgentHome({ anthropicUrl: model.url, openAiUrl: openAi.url });
  const env = { ...agentHome.env, CODEPIPER_POLICY_DEFAULT: '' };
  await using dashboard = await createDashboard({ env });
  const names = await fill(dashboard, agentHome);
  await mkdir(folder, { recursive: true });
  const browser = await launchBrowser();
  try {
    for (const [size, viewport] of Object.entries(sizes)) {
      const isPhone = size === 'phone';
      const options = { viewport, colorScheme: 'dark', hasTouch: isPhone, isMobile: isPhone } as const;
      const { page } = await dashboard.open(browser, '/', options);
      for (const [name, { path, ready }] of Object.entries(places)) {
        if (chosen.length > 0 && !chosen.includes(name)) continue;
        await page.goto(dashboard.url + path.replaceAll(/\{(\w+)\}/g, (_, key: string) => names[key] ?? ''));
        await ready(page);
        await page.waitForTimeout(drawnMs);
        await writeFile(join(folder, `${name}-${size}.png`), await page.screenshot());
        process.stdout.write(`docs/screenshots/${name}-${size}.png\n`);
      }
    }
  } finally {
    await browser.close();
  }
}

/** A morning's work: sessions of all agents, one of which asks. */
async function fill({ house, api }: DashboardHouse, agentHome: AgentHome): Promise<Record<string, string>> {
  const repository = async (name: string, branch: string) => {
    const path = await agentHome.project(name);
    execFileSync('git', ['-C', path, 'init', '-q', '-b', branch]);
    return path;
  };
  const shop = await repository('shop', 'fix/checkout');
  const server = await repository('api-server', 'main');
  const run = async (provider: string, cwd: string, name: string, ...args: string[]) => {
    const id = await house.run('start', '-p', provider, '-d', cwd, '--name', name, ...args);
    if (provider !== 'shell') {
      await waitFor(`${name} to be there`, async () => (await house.session(id)).status !== 'starting');
    }
    return id;
  };
  const asking = await run('claude-code', shop, 'checkout bug', '--prompt', 'RUN npm test -- checkout');
  const docs = await run(
    'claude-code',
    server,
    'release notes',
    '--prompt',
    'Please write the **release notes** for 0.1.0:\n\n- what is new\n- what to look out for',
  );
  await run('codex', server, 'flaky tests', '--prompt', 'Which tests are flaky, and why?');
  const dev = await run('shell', server, 'dev server');
  await house.run('send', dev, 'ls -la --color=always / | head -20');
  const old = await run('shell', shop, 'migration');
  await house.run('kill', old);
  const [approval] = await waitFor('the approval', async () => {
    const { approvals } = await api.request('GET', '/approvals');
    return approvals.length > 0 && approvals;
  });
  await waitFor('the figures', async () => {
    const { requests } = await api.request('GET', '/analytics/overview', { query: { range: 'today' } });
    return requests > 2;
  });
  return { shop: asking, docs, approval: approval?.id ?? '' };
}

await main(process.argv.slice(2));
