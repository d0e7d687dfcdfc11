// What failed is looked into and tried again: one item, a group, all; and a run is stopped.
import type { Locator, Page } from "@playwright/test";
import { expectNoFaultsInEitherTheme as expectNoFaults } from "../support/accessibility.ts";
import { figure } from "../support/pages.ts";
import { giveWooCommerceKey, setUp, storeRow } from "../support/people.ts";
import { type Good, type Store, expect, test } from "../support/store.ts";

const failures = (page: Page) => page.getByRole("table", { name: "Items that could not be synced" });
const group = (page: Page, code: string) => page.getByRole("listitem").filter({ hasText: code });

/** A store with three things that cannot be read and one that costs less than nothing; its first run is open. */
async function broken(page: Page, store: Store): Promise<{ misshapen: [Good, Good, Good]; negative: Good }> {
  const { woocommerce } = store;
  const misshapen = await woocommerce.goods();
  const taken = new Set(misshapen.map(({ product }) => product));
  const all = [...(await woocommerce.truth()).values()];
  const negative = all.find(({ product, price }) => !taken.has(product) && price !== "");
  if (!negative) throw new Error("There is nothing else in the store.");
  for (const good of misshapen) await woocommerce.misshape(good, true);
  await woocommerce.reprice(negative, "-3");
  await setUp(page);
  await giveWooCommerceKey(page, store);
  const row = storeRow(page, "Sandbox Store");
  await expect(row.getByText("Last sync partial")).toBeVisible({ timeout: 30_000 });
  await row.getByRole("link", { name: "Sandbox Store" }).click();
  await page.getByRole("row").filter({ hasText: "Partial" }).getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: "Sync run", level: 1 })).toBeVisible();
  await expect(group(page, "malformed_record")).toContainText(/^3 /);
  return { misshapen, negative };
}

/** Opens what is known of the item whose price is below zero. */
async function openDetails(page: Page): Promise<Locator> {
  const row = failures(page).getByRole("row").filter({ hasText: "price_negative" });
  await row.getByRole("button", { name: /^Details/ }).click();
  return page.getByRole("dialog", { name: "What failed" });
}

/** Starts what a dialog has planned; its run is open, and came through, afterwards. */
async function start(page: Page, plan: Locator): Promise<void> {
  const before = page.url();
  await plan.getByRole("button", { name: "Retry", exact: true }).click();
  await expect(page).not.toHaveURL(before);
  await expect(page.getByText("Success", { exact: true })).toBeVisible({ timeout: 30_000 });
}

test("a group of failures is tried again alone", async ({ page, store }) => {
  const { misshapen } = await broken(page, store);
  const first = page.url();
  await expectNoFaults(page);

  // What the platform said is a click away, and what it costs to try again is said before.
  const details = await openDetails(page);
  await expect(details.getByRole("region", { name: "What the platform said" })).toContainText("-3");
  await expectNoFaults(page);
  await page.keyboard.press("Escape");
  for (const good of misshapen) await store.woocommerce.misshape(good, false);
  await group(page, "malformed_record").getByRole("button", { name: "Retry this group" }).click();
  const plan = page.getByRole("dialog", { name: /^Retry 3 .* with malformed_record$/ });
  await expect(plan.getByText("3 items are read again, and nothing else.")).toBeVisible();
  await expect(plan.getByText(/^About \d+ calls to the store\.$/)).toBeVisible();
  await expectNoFaults(page);
  await start(page, plan);
  await expect(figure(page, "Came through")).toHaveText("3");
  await expect(page.getByRole("list", { name: "What happened" })).toContainText("3 items to read again");

  await page.goto(first);
  await expect(group(page, "malformed_record")).toContainText("3 came through since.");
});

test("one failure is tried again alone, then what is left", async ({ page, store }) => {
  const { misshapen, negative } = await broken(page, store);
  const first = page.url();
  await store.woocommerce.reprice(negative, "12.34");
  await (await openDetails(page)).getByRole("button", { name: "Retry this item" }).click();
  const one = page.getByRole("dialog", { name: /^Retry / });
  await expect(one.getByText("1 item is read again, and nothing else.")).toBeVisible();
  await start(page, one);
  await expectNoFaults(page);

  for (const good of misshapen) await store.woocommerce.misshape(good, false);
  await page.goto(first);
  await page.getByRole("button", { name: "Retry failed items" }).click();
  const rest = page.getByRole("dialog", { name: "Retry failed items" });
  await expect(rest.getByText("3 items are read again, and nothing else.")).toBeVisible();
  await expect(rest.getByText("1 item is left out: it came through since.")).toBeVisible();
  await start(page, rest);

  // Nothing is left, and it is said before anything starts, here as in the history.
  await page.goto(first);
  await page.getByRole("button", { name: "Retry failed items" }).click();
  await expect(rest.getByText(/came through since; there is nothing to retry/)).toBeVisible();
  await page.goto(first.replace(/\/[^/]+$/, ""));
  const run = page.getByRole("table", { name: "Sync runs" }).getByRole("row").filter({ hasText: "Partial" });
  await run.getByRole("button", { name: "Actions of this run" }).click();
  await page.getByRole("menuitem", { name: "Retry failed items…" }).click();
  await expect(rest.getByText(/came through since; there is nothing to retry/)).toBeVisible();
  await expect(rest.getByRole("button", { name: "Retry", exact: true })).toHaveAttribute("aria-disabled", "true");
  await expectNoFaults(page);
});

test("what fails again and again is parked, and taken up again by hand", async ({ page, store }) => {
  await broken(page, store);
  const first = page.url();
  for (let time = 0; time < 2; time++) {
    await page.goto(first);
    await group(page, "price_negative").getByRole("button", { name: "Retry this group" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Retry", exact: true }).click();
    await expect(page).not.toHaveURL(first);
    await expect(page.getByText(/^1 item failed again/).first()).toBeVisible({ timeout: 30_000 });
  }
  await page.goto(first);
  await expect(page.getByText(/^1 item is parked/)).toBeVisible();
  await page.getByRole("button", { name: "Parked items of this store" }).click();
  const parked = page.getByRole("dialog", { name: "Parked items of this store" });
  await expect(parked.getByText("3 times in a row")).toBeVisible();
  await expectNoFaults(page);
  await parked.getByRole("button", { name: "Unpark", exact: true }).click();
  await expect(parked.getByText("Nothing is parked any more.")).toBeVisible();
  await parked.getByText("Close", { exact: true }).click();
  await expect(page.getByText(/is parked/)).toBeHidden();

  // What the platform said can be removed at once.
  await page.getByRole("button", { name: "More for these failures" }).click();
  await page.getByRole("menuitem", { name: "Remove kept answers…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove answers" }).click();
  await failures(page).getByRole("button", { name: /^Details/ }).first().click();
  await expect(page.getByRole("dialog", { name: "What failed" }).getByText(/^Removed by Ada Merchant/)).toBeVisible();
});

test("a run is stopped from its page, and started again with what it costs said first", async ({ page, store }) => {
  await setUp(page);
  await giveWooCommerceKey(page, store);
  const row = storeRow(page, "Sandbox Store");
  await expect(row.getByRole("progressbar")).toBeHidden({ timeout: 30_000 });
  await store.woocommerce.strike({ kind: "slow", delay_milliseconds: 600_000, times: 100 });
  await row.getByRole("button", { name: "More for Sandbox Store" }).click();
  await page.getByRole("menuitem", { name: "Full sync…" }).click();
  const plan = page.getByRole("dialog", { name: "Full sync of Sandbox Store" });
  await expect(plan.getByText(/^About \d+ calls to the store\.$/)).toBeVisible();
  await plan.getByRole("button", { name: "Start sync" }).click();
  await row.getByRole("link", { name: "Sandbox Store" }).click();
  await page.getByRole("table", { name: "Sync runs" }).getByRole("link").first().click();
  await expect(page.getByRole("list", { name: "What happened" })).toContainText("Signing in");
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByText("Cancelled", { exact: true })).toBeVisible();
  await expect(page.getByRole("list", { name: "What happened" })).toContainText("Ada Merchant cancelled it");
  await expectNoFaults(page);
  await expect(page.getByRole("button", { name: "Run again" })).toBeVisible();
});
