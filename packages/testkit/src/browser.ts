import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';

/** Names under which Chromium is installed. */
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The machine's Chromium; `scripts/setup --test` installs it.
 *
 * @param hasGraphics with a graphics card, which is drawn by the processor: that takes much of it
 */
export function launchBrowser({ hasGraphics = false } = {}): Promise<Browser> {
  const found = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isProgram);
  const executablePath = process.env.CODEPIPER_TEST_CHROMIUM ?? found ?? macChrome;
  if (!isProgram(executablePath)) {
    throw new Error(`no Chromium was found (${names.join(', ')}): run scripts/setup --test`);
  }
  // Only our own page is opened, and no container lets root have the sandbox.
  const args = ['--no-sandbox', ...(hasGraphics ? [] : ['--disable-gpu', '--disable-3d-apis'])];
  return chromium.launch({ executablePath, args });
}

const macChrome = '/Applications/Chromium.app/Contents/MacOS/Chromium';

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Everything a page complained of, and what it asked of anybody but the daemon. Must stay empty. */
export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
  prepare: (context: BrowserContext) => Promise<void> = async () => undefined,
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  // Far longer than anything takes, as everywhere: a test is to end, and not to be met by a slow machine.
  context.setDefaultTimeout(60_000);
  await prepare(context);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(address).origin) complaints.push(`asked ${request.url()}`);
  });
  await page.exposeFunction('complain', (text: string) => complaints.push(text));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      (window as unknown as { complain(text: string): void }).complain(`${violatedDirective} ${blockedURI}`);
    });
  });
  await page.goto(address);
  return { page, complaints };
}
