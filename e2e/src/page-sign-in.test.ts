import { launchBrowser, openPage } from '@codepiper/testkit/browser.ts';
import { createDashboard, type DashboardHouse, freePort, totp } from '@codepiper/testkit/dashboard-house.ts';
import { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { expectAccessible } from './accessibility.ts';

let browser: Browser;
const open: AsyncDisposable[] = [];
beforeAll(async () => {
  browser = await launchBrowser();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});
afterAll(() => browser.close());

const onFleet = (page: Page) => page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
async function dashboard(): Promise<DashboardHouse> {
  const house = await createDashboard();
  open.push(house);
  return house;
}

it('leads a new owner from the printed password over the second factor and the recovery codes to where they wanted', async () => {
  const port = await freePort();
  const house = await House.open({ env: { CODEPIPER_WEB: '1', CODEPIPER_HTTP_PORT: String(port) } });
  open.push(house);
  const { page, complaints } = await openPage(browser, `http://localhost:${port}/settings?section=security`);
  await page.getByText('There is no account yet').waitFor();
  const { password } = (await house.http('POST', '/auth/cli/bootstrap')).body as { password: string };
  await page.reload();

  await page.getByLabel('Password').fill('not this one');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').filter({ hasText: 'password' }).waitFor();
  await expectAccessible(page);
  await page.getByLabel('Password').fill(password);
  await page.getByLabel('Password').press('Enter');

  await page.getByAltText('QR code for your authenticator').waitFor();
  await expectAccessible(page);
  // No session before the second factor is proved.
  await page.goto(`http://localhost:${port}/approvals`);
  await page.getByRole('heading', { name: 'Set up your second factor' }).waitFor();
  const secret = (await page.locator('code').first().textContent()) ?? '';
  await page.getByLabel('Code it shows').fill(totp(secret));
  await page.getByRole('button', { name: 'Finish' }).click();

  await page.getByRole('heading', { name: 'Keep these recovery codes' }).waitFor();
  const codes = await page.getByRole('listitem').allTextContents();
  expect(codes.length).toBeGreaterThanOrEqual(8);
  await expectAccessible(page);
  expect(await page.getByRole('button', { name: 'To the dashboard' }).isDisabled()).toBe(true);
  await page.getByLabel('I have kept them').check();
  await page.getByRole('button', { name: 'To the dashboard' }).click();
  await page.getByRole('heading', { name: 'Approvals', level: 1 }).waitFor();
  expect(complaints.filter((text) => !/status of 40[13]/.test(text))).toEqual([]);
  // Nothing that signs in is where scripts of others, or histories, would find it.
  const kept = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
  );
  for (const word of [password, secret, ...codes]) expect(`${kept}${page.url()}`).not.toContain(word);
});

it('signs in with password and code, and with a recovery code once', async () => {
  const house = await dashboard();
  const visit = async (second: (page: Page) => Promise<void>) => {
    const { page } = await openPage(browser, `${house.url}/`);
    await page.getByLabel('Password').fill(house.password);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Code of your authenticator').waitFor();
    await second(page);
    await page.getByRole('button', { name: 'Sign in' }).click();
    return page;
  };
  const byRecovery = (code: string) => async (page: Page) => {
    await page.getByRole('button', { name: 'Use a recovery code' }).click();
    await page.getByLabel('Recovery code').fill(code);
  };
  await onFleet(await visit((page) => page.getByLabel('Code of your authenticator').fill(house.code(1))));
  const [code = ''] = house.recoveryCodes;
  await onFleet(await visit(byRecovery(code)));
  const again = await visit(byRecovery(code));
  await again.getByRole('alert').filter({ hasText: 'code' }).waitFor();
});

it('says how long to wait after too many wrong passwords, while a signed-in page goes on', async () => {
  const house = await dashboard();
  const { page: mine } = await house.open(browser, '/');
  await onFleet(mine);
  const { page } = await openPage(browser, `${house.url}/`);
  const said = page.getByRole('alert');
  await waitFor('the wait', async () => {
    await page.getByLabel('Password').fill('wrong again');
    await page.getByRole('button', { name: 'Continue' }).click();
    await said.first().waitFor();
    return /wait/i.test((await said.first().textContent()) ?? '');
  });
  await mine.reload();
  await onFleet(mine);
});

it('shows nothing to a device that was signed out, and signs out of every page at once', async () => {
  const house = await dashboard();
  const { page } = await house.open(browser, '/settings?section=security');
  await page.getByRole('heading', { name: 'Devices' }).waitFor();
  await house.house.run('auth', 'revoke-all');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await page.getByText('Devices').count()).toBe(0);
});

it('leads to no other site when it is asked to', async () => {
  const house = await dashboard();
  const { page } = await house.open(browser, '/sign-in?to=//evil.example/');
  await onFleet(page);
  expect(new URL(page.url()).origin).toBe(house.url);
});
