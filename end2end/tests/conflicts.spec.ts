// Prices that a store shows otherwise than they are wanted here, and who is right.
import type { Locator, Page } from "@playwright/test";
import { expectNoFaults } from "../support/accessibility.ts";
import { OWNER, atAnotherScreen, connectWooCommerce, setUp, storeRow } from "../support/people.ts";
import { applyPrices, figure, home, openProduct, syncNow } from "../support/pages.ts";
import { type Good, type Store, expect, test } from "../support/store.ts";

const WOO = "Sandbox Store";

test.beforeEach(async ({ page, store }) => {
  await setUp(page);
  await connectWooCommerce(page, store);
});

const row = (page: Page, good: Good): Locator =>
  page.getByRole("table", { name: "Price conflicts" }).getByRole("row").filter({ hasText: good.sku });
const keepOurs = (within: Page | Locator): Locator => within.getByRole("button", { name: /^Keep Calibr's/ });
const keepTheirs = (within: Page | Locator): Locator => within.getByRole("button", { name: /^Keep the store's/ });
const message = (page: Page, words: string | RegExp): Locator =>
  page.getByRole("region", { name: "Notifications" }).getByText(words).last();

/** Prices that are set here and then changed at the store, so that a sync finds them. */
async function disagree(page: Page, store: Store, goods: Good[], ours: string, theirs: string): Promise<void> {
  await page.goto(`${home}/prices/new`);
  const table = page.getByRole("textbox", { name: "SKU and price on each line" });
  await table.fill(goods.map(({ sku }) => `${sku};${ours}`).join("\n"));
  await page.getByRole("button", { name: "Preview" }).click();
  await applyPrices(page, goods.length, WOO);
  await expect(figure(page, "Observed")).toHaveText(String(goods.length), { timeout: 30_000 });
  for (const good of goods) await store.woocommerce.reprice(good, theirs);
  await syncNow(page, WOO);
}

const priceOf = async (store: Store, good: Good): Promise<string | undefined> =>
  (await store.woocommerce.truth()).get(good.sku)?.price;

test("a conflict is found, seen everywhere, and decided either way", async ({ page, store }) => {
  const [first, second] = await store.woocommerce.goods();

  await test.step("nothing is wrong at first, and the page says what would be", async () => {
    await page.goto(`${home}/conflicts`);
    await expect(page.getByText("No conflicts", { exact: true })).toBeVisible();
    await page.getByRole("link", { name: `Policy of ${WOO}` }).click();
    await expect(page.getByRole("radio", { name: "A person decides" })).toBeChecked();
    await page.getByRole("link", { name: "conflicts of this store" }).click();
    await expect(page.getByText("No conflict matches")).toBeVisible();
  });

  await disagree(page, store, [first, second], "41.50", "35.00");

  await test.step("it is told on the store, on the product, and in the navigation", async () => {
    await page.goto(`${home}/integrations`);
    await expect(storeRow(page, WOO).getByRole("link", { name: "2 conflicts" })).toBeVisible();
    const listing = await openProduct(page, first);
    await listing.getByRole("link", { name: "Resolve conflict" }).click();
    await expect(row(page, first)).toBeVisible();
    await expect(row(page, second)).toBeHidden();
    await page.goto(`${home}/conflicts`);
    if (page.viewportSize()?.width !== 360) {
      await expect(page.getByRole("link", { name: /^Conflicts\W*2 open$/ })).toBeVisible();
    }
  });

  await test.step("both sides and what was agreed on stand side by side", async () => {
    await expect(row(page, first)).toContainText("€41.50");
    await expect(row(page, first)).toContainText("€35.00");
    await expect(row(page, first)).toContainText("−15.7%");
    await expect(row(page, first)).toContainText(WOO);
    await page.getByRole("checkbox", { name: "Select all on this page" }).check();
    await expectNoFaults(page);
    await page.getByRole("button", { name: "Clear", exact: true }).click();
  });

  await test.step("Calibr's is sent to the store again", async () => {
    await keepOurs(row(page, first)).click();
    await expect(message(page, "Calibr's price is kept")).toBeVisible();
    await expect(row(page, first)).toBeHidden();
    await expect.poll(() => priceOf(store, first), { timeout: 30_000 }).toBe("41.50");
  });

  await test.step("the store's stays, and is wanted from then on", async () => {
    await keepTheirs(row(page, second)).click();
    await expect(message(page, "The store's price is kept")).toBeVisible();
    await expect(page.getByText("No conflicts", { exact: true })).toBeVisible();
    await syncNow(page, WOO);
    expect(await priceOf(store, second)).toBe("35.00");
    await page.goto(`${home}/conflicts?status=resolved`);
    await expect(row(page, first)).toContainText(`Kept Calibr's`);
    await expect(row(page, second)).toContainText(`Kept the store's`);
    await expect(row(page, second)).toContainText(`by ${OWNER.name}`);
    await expect(row(page, first).getByRole("button", { name: "Undo" })).toBeHidden();
    await expectNoFaults(page);
    await row(page, first).getByRole("link", { name: "Price push" }).click();
    await expect(figure(page, "Observed")).toHaveText("1");
  });
});

test("a decision is undone from its message, from the list, and not once it is too late", async ({ page, store }) => {
  const [first, second] = await store.woocommerce.goods();
  await disagree(page, store, [first, second], "41.50", "35.00");
  await page.goto(`${home}/conflicts`);
  await keepTheirs(row(page, first)).click();
  await expect(row(page, first)).toBeHidden();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(message(page, "The conflict is open again")).toBeVisible();
  await expect(row(page, first)).toBeVisible();

  await keepTheirs(row(page, first)).click();
  await expect(row(page, first)).toBeHidden();
  await page.getByRole("group", { name: "Filter by status" }).getByRole("button", { name: "Decided" }).click();
  await row(page, first).getByRole("button", { name: "Undo" }).click();
  await expect(row(page, first)).toBeHidden();
  await page.getByRole("group", { name: "Filter by status" }).getByRole("button", { name: /^Open/ }).click();
  await expect(row(page, first)).toBeVisible();

  await keepOurs(row(page, second)).click();
  await expect.poll(() => priceOf(store, second), { timeout: 30_000 }).toBe("41.50");
  await page.getByRole("heading", { name: "Conflicts", level: 1 }).click();
  await page.keyboard.press("u");
  await expect(message(page, "Too late to undo")).toBeVisible();
  expect(await priceOf(store, second)).toBe("41.50");
});

test("all that match are decided at once, and all that comes of it is told", async ({ page, browser, store }) => {
  const plain = [...(await store.woocommerce.truth()).values()].filter(
    ({ sku, price }) => /^[\x21-\x7e]+$/.test(sku) && !sku.includes(";") && Number(price) > 10 && Number(price) < 500,
  );
  const goods = plain.slice(0, 52);
  await disagree(page, store, goods, "41.50", "35.00");
  await page.goto(`${home}/conflicts`);
  await expect(page.getByRole("button", { name: "Open 52" })).toBeVisible();
  await expect(page.getByRole("checkbox", { name: /^Select [^a]/ })).toHaveCount(50);

  const bar = page.getByRole("status").filter({ hasText: "selected" });
  await page.getByRole("checkbox", { name: /^Select / }).nth(1).check();
  await expect(bar).toContainText("1 conflict selected");
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await expect(bar).toContainText("50 conflicts selected");
  await bar.getByRole("button", { name: "Select all that match" }).click();
  await expect(bar).toContainText("All 52 that match are selected");

  await keepOurs(bar).click();
  const dialog = page.getByRole("dialog", { name: "Keep Calibr's prices in 52 conflicts?" });
  await expect(dialog.getByText(`${WOO}: 52 prices`)).toBeVisible();
  await expectNoFaults(page);

  // One moves on while the question is open: it is left for a look.
  const [moved, ...others] = goods as [Good, ...Good[]];
  const other = await atAnotherScreen(browser, page);
  await store.woocommerce.reprice(moved, "36.00");
  await syncNow(other, WOO);
  await other.context().close();

  await dialog.getByRole("button", { name: "Keep Calibr's" }).click();
  const told = page.getByRole("dialog", { name: "51 conflicts decided" });
  await expect(told).toContainText("1 has changed since you looked, and stays open.");
  await told.getByRole("button", { name: "Close" }).last().click();
  await expect(page.getByRole("checkbox", { name: /^Select [^a]/ })).toHaveCount(1);
  await expect(row(page, moved)).toContainText("€36.00");
  for (const good of others.slice(0, 3)) {
    await expect.poll(() => priceOf(store, good), { timeout: 30_000 }).toBe("41.50");
  }
  expect(await priceOf(store, moved)).toBe("36.00");
});

test("what cannot be sent stays, with the reason", async ({ page, store }) => {
  const [first, second] = await store.woocommerce.goods();
  await disagree(page, store, [first, second], "41.50", "35.00");
  await page.goto(`${home}/prices`);
  await page.getByRole("button", { name: "Bounds" }).click();
  const bounds = page.getByRole("dialog", { name: "Bounds for prices" });
  await bounds.getByRole("textbox", { name: "No price above" }).fill("40");
  await bounds.getByRole("button", { name: "Save" }).click();
  await expect(bounds).toBeHidden();

  await page.goto(`${home}/conflicts`);
  await keepOurs(row(page, first)).click();
  await expect(row(page, first).getByRole("alert")).toContainText("above the project's ceiling of €40.00");
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await keepOurs(page.getByRole("status").filter({ hasText: "selected" })).click();
  await page.getByRole("dialog").getByRole("button", { name: "Keep Calibr's" }).click();
  const told = page.getByRole("dialog", { name: "Nothing was decided" });
  await expect(told).toContainText("2 stay open");
  await expectNoFaults(page);
  await expect(told).toContainText("above the project's ceiling of €40.00");
  await told.getByRole("button", { name: "Close" }).last().click();
  await expect(row(page, second)).toBeVisible();
  expect(await priceOf(store, first)).toBe("35.00");
});

test("without a mouse: single keys go through the list, and the focus stays in it", async ({ page, store }) => {
  test.skip(page.viewportSize()?.width === 360, "a phone has no keys");
  const goods = await store.woocommerce.goods();
  await disagree(page, store, goods, "41.50", "35.00");
  await page.goto(`${home}/conflicts`);
  const boxes = page.getByRole("table", { name: "Price conflicts" }).getByRole("checkbox");
  await expect(boxes).toHaveCount(3);
  await page.keyboard.press("j");
  await expect(boxes.nth(0)).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(boxes.nth(1)).toBeFocused();
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await expect(boxes.nth(1)).toBeFocused();
  await page.keyboard.press("x");
  await expect(boxes.nth(1)).toBeChecked();
  await page.keyboard.press("x");
  await expect(boxes.nth(1)).not.toBeChecked();

  const name = await boxes.nth(2).getAttribute("aria-label");
  await page.keyboard.press("t");
  await expect(boxes).toHaveCount(2);
  await expect(page.getByRole("checkbox", { name: name ?? "" })).toBeFocused();
  await page.keyboard.press("u");
  await expect(boxes).toHaveCount(3);

  await page.getByRole("searchbox", { name: "Search conflicts" }).fill("jkt");
  await expect(page.getByText("No conflict matches")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(boxes).toHaveCount(3);

  // The button that was pressed gives way to the next one.
  await keepTheirs(page.getByRole("row").nth(1)).focus();
  await page.keyboard.press("Enter");
  await expect(boxes).toHaveCount(2);
  await expect(keepTheirs(page.getByRole("row").nth(1))).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(boxes).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(page.getByText("No conflicts", { exact: true })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Conflicts", level: 1 })).toBeFocused();

  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(keys).toBeVisible();
  await keys.getByRole("switch", { name: "Single keys" }).uncheck();
  await page.keyboard.press("Escape");
  await page.reload();
  await expect(page.getByText("No conflicts", { exact: true })).toBeVisible();
  await page.keyboard.press("?");
  await expect(keys).toBeHidden();
});

test("two people at one conflict", async ({ page, browser, store }) => {
  const [first, second] = await store.woocommerce.goods();
  await disagree(page, store, [first, second], "41.50", "35.00");
  await page.goto(`${home}/conflicts`);
  const other = await atAnotherScreen(browser, page);
  await expect(row(other, first)).toBeVisible();

  await test.step("what one decides leaves the other's list", async () => {
    await keepTheirs(row(page, first)).click();
    await expect(row(other, first)).toBeHidden();
    await expect(row(other, second)).toBeVisible();
  });

  await test.step("who comes second is told who came first", async () => {
    const late = await atAnotherScreen(browser, page);
    await late.route("**/events", (route) => route.abort());
    await late.reload();
    await expect(row(late, second)).toBeVisible();
    await keepTheirs(row(page, second)).click();
    await expect(page.getByText("No conflicts", { exact: true })).toBeVisible();
    await keepOurs(row(late, second)).click();
    await expect(message(late, `${OWNER.name} decided this`)).toBeVisible();
    await expect(late.getByText("No conflicts", { exact: true })).toBeVisible();
    expect(await priceOf(store, second)).toBe("35.00");
    await late.context().close();
  });
  await other.context().close();
});
