// What axe and the page's width say about a page.
import { AxeBuilder } from "@axe-core/playwright";
import { type Page, expect } from "@playwright/test";

/**
 * Nothing that axe knows is wrong, and nothing sticks out. Waits until nothing moves: colours are measured as they stand.
 * Looks from the top: further down, what happens to be half under the page's head is too small a target there.
 */
export async function expectNoFaults(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.scrollTo(0, 0);
    return Promise.all(
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getComputedTiming().iterations !== Infinity)
        .map((animation) => animation.finished.catch(() => undefined)),
    );
  });
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  const faults = violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((node) => node.html) }));
  expect(faults).toEqual([]);
  const sideways = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(sideways, "the page scrolls sideways").toBe(0);
}

/** The same of a page that takes some doing to come to: in light, then in dark. */
export async function expectNoFaultsInEitherTheme(page: Page): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectNoFaults(page);
  }
}
