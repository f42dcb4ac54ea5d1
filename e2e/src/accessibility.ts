import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

declare global {
  interface Window {
    axe: typeof axe;
  }
}

const phone = { width: 390, height: 844 };
const desk = { width: 1440, height: 900 };

/**
 * What is looked at: each scheme at each size. What a page is made of depends on the size alone and is looked at once for
 * each; its colours depend on both. Colours are held against each other by a test of the presets, too.
 */
const looks = [
  { colorScheme: 'dark', viewport: phone, rules: ['color-contrast'] },
  { colorScheme: 'light', viewport: phone, rules: null },
  { colorScheme: 'light', viewport: desk, rules: ['color-contrast'] },
  { colorScheme: 'dark', viewport: desk, rules: null },
] as const;

/**
 * Looks at a page as it is, on a phone and at a desk, in the light and in the dark: nothing that axe calls serious, and
 * nothing wider than the window. Leaves it dark and at a desk.
 */
export async function expectAccessible(page: Page): Promise<void> {
  for (const { colorScheme, viewport, rules } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(viewport);
    // Two frames: what is laid out anew is drawn then.
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    const where = `${new URL(page.url()).pathname} ${colorScheme} ${viewport.width}`;
    expect(await seriousFindings(page, rules), where).toEqual([]);
    expect(await overflow(page), `${where}: wider than the window`).toBeLessThanOrEqual(0);
  }
}

/** @param rules ids of those of axe that are looked at; all without them */
async function seriousFindings(page: Page, rules: readonly string[] | null): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const found = await page.evaluate(async (ids) => {
    // A canvas of coloured cells has no text that it could look at.
    const { violations } = await window.axe.run(
      { exclude: ['.xterm'] },
      { resultTypes: ['violations'], ...(ids && { runOnly: [...ids] }) },
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
      );
  }, rules);
  return found;
}

/** By how much the window, or a part of it that is to be scrolled down only, is wider than there is room for. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const parts = [document.documentElement, ...document.querySelectorAll('.overflow-y-auto')];
    return Math.max(...parts.map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth));
  });
}
