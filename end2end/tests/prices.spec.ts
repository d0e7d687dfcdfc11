// Prices, from what is wanted to what the store has, and back.
<<<<<<< HEAD
import { OWNER, connectByHand, connectWooCommerce, expectSynced, setUp, storeRow } from "../support/people.ts";
import { applyPrices, figure, home, priceLine } from "../support/pages.ts";
import { expect, test } from "../support/store.ts";
=======
import type { Locator, Page } from "@playwright/test";
import { expectNoFaults } from "../support/accessibility.ts";
import { OWNER, connectByHand, expectSynced, openConnect, setUp, storeRow } from "../support/people.ts";
import {
  CONSUMER_KEY,
  CONSUMER_SECRET,
  PRICE_TOKEN,
  REFRESH_TOKEN,
  SELLER,
  type Store,
  expect,
  test,
} from "../support/store.ts";
>>>>>>> price-safe

const WOO = "Sandbox Store";

test.beforeEach(async ({ page }) => setUp(page));

<<<<<<< HEAD
=======
async function connectWooCommerce(page: Page, store: Store): Promise<void> {
  const dialog = await openConnect(page, "WooCommerce");
  await dialog.getByRole("tab", { name: "By hand" }).click();
  await dialog.getByRole("textbox", { name: "Store address" }).fill(store.woocommerce);
  await dialog.getByLabel("Consumer key", { exact: true }).fill(CONSUMER_KEY);
  await dialog.getByLabel("Consumer secret", { exact: true }).fill(CONSUMER_SECRET);
  await dialog.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expectSynced(storeRow(page, "Sandbox Store"), String(store.variants));
}

type Goods = { sku: string; price: string };

/** Three variants with the prices they have. */
async function goods(store: Store, platform: "shopify" | "woocommerce" | "amazon"): Promise<[Goods, Goods, Goods]> {
  const truth = [...(await store.truth(platform)).values()];
  const [first, second, third] = truth.flatMap(({ sku, price }) => (sku && Number(price) > 5 ? [{ sku, price }] : []));
  if (!first || !second || !third) throw new Error("The store has too few variants.");
  return [first, second, third];
}

const figure = (page: Page, label: string): Locator =>
  page.getByRole("term").filter({ hasText: label }).locator("xpath=following-sibling::dd");
const line = (page: Page, text: string): Locator =>
  page.getByRole("table", { name: "Prices of this push" }).getByRole("row").filter({ hasText: text });

async function apply(page: Page, count: string): Promise<void> {
  await page.getByRole("button", { name: `Apply ${count}` }).click();
  const dialog = page.getByRole("dialog", { name: `Apply ${count}?` });
  await expect(dialog.getByText(`Sandbox Store: ${count}`)).toBeVisible();
  await dialog.getByRole("button", { name: `Apply ${count}` }).click();
}

>>>>>>> price-safe
test("a pasted list: seen before it is sent, sent, read back and taken back", async ({ page, store }) => {
  await connectWooCommerce(page, store);
  const [first, second, third] = await store.woocommerce.goods();

  await page.goto(`${home}/prices`);
  await expect(page.getByText("No prices set yet")).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Set prices" }).first().click();
  await page.getByRole("button", { name: "Preview" }).click();
  const table = page.getByRole("textbox", { name: "SKU and price on each line" });
  await expect(table).toHaveAttribute("aria-invalid", "true");
  await table.fill(`${first.sku}\t41.50\nNO-SUCH-SKU\t9.99\n${second.sku}\t\n${third.sku}\tcheap\n`);
  await page.getByRole("textbox", { name: "Reason" }).fill("Autumn prices");
  await page.getByRole("button", { name: "Preview" }).click();

  await test.step("the preview says what would change and what is left out", async () => {
    await expect(page.getByRole("heading", { name: "Price push" })).toBeVisible();
    await expect(figure(page, "Will change")).toHaveText("1");
    await expect(figure(page, "Refused")).toHaveText("3");
<<<<<<< HEAD
    await expect(priceLine(page, first.sku)).toContainText("€41.50");
    await expect(priceLine(page, "NO-SUCH-SKU")).toContainText("No store here has the SKU");
    await expect(priceLine(page, second.sku)).toContainText("A blank one is never sent");
    await expect(priceLine(page, third.sku)).toContainText("is not a price");
=======
    await expect(line(page, first.sku)).toContainText("€41.50");
    await expect(line(page, "NO-SUCH-SKU")).toContainText("No store here has the SKU");
    await expect(line(page, second.sku)).toContainText("A blank one is never sent");
    await expect(line(page, third.sku)).toContainText("is not a price");
    await expect(page.getByRole("button", { name: /^Check/ }), "WooCommerce cannot say beforehand").toBeHidden();
>>>>>>> price-safe
    await page.getByRole("button", { name: "Refused 3" }).click();
    await expect(priceLine(page, first.sku)).toBeHidden();
    await expect(page).toHaveURL(/show=refused/);
  });

  await test.step("applied, the store has it and nothing else", async () => {
    const before = await store.woocommerce.truth();
    await applyPrices(page, 1, WOO);
    await expect(figure(page, "Observed")).toHaveText("1", { timeout: 30_000 });
    await expect(page.getByText("Done", { exact: true })).toBeVisible();
    const after = await store.woocommerce.truth();
    expect(after.get(first.sku)?.price).toBe("41.50");
    expect(after.get(second.sku)?.price).toBe(before.get(second.sku)?.price);
    expect(after.get(third.sku)?.price).toBe(before.get(third.sku)?.price);
  });

  await test.step("its run is in the store's history", async () => {
    await page.getByRole("list", { name: "Stores" }).getByRole("link", { name: "Sandbox Store" }).click();
    await page.getByRole("table", { name: "Sync runs" }).getByRole("link").first().click();
    await expect(figure(page, "Prices pushed")).toHaveText("1");
  });

  await test.step("taken back, the store has what it had", async () => {
    await page.goto(`${home}/prices`);
    await page.getByRole("table", { name: "Price pushes" }).getByRole("link").first().click();
    await page.getByRole("button", { name: "Take back" }).click();
    await expect(page.getByText("Taken back: Autumn prices")).toBeVisible();
    await applyPrices(page, 1, WOO);
    await expect(figure(page, "Observed")).toHaveText("1", { timeout: 30_000 });
    expect((await store.woocommerce.truth()).get(first.sku)?.price).toBe(first.price);
  });
});

test("a price that moved at the store after the preview is not overwritten", async ({ page, store }) => {
  await connectWooCommerce(page, store);
  const [first, second] = await store.woocommerce.goods();
  await page.goto(`${home}/prices/new`);
  const table = page.getByRole("textbox", { name: "SKU and price on each line" });
  await table.fill(`${first.sku};44,00\n${second.sku};45,00`);
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(figure(page, "Will change")).toHaveText("2");
  await store.woocommerce.reprice(second, "77.00");
  await applyPrices(page, 2, WOO);
  await expect(figure(page, "Observed")).toHaveText("1", { timeout: 30_000 });
  await expect(figure(page, "Failed")).toHaveText("1");
  await page.getByRole("button", { name: "Failed 1" }).click();
  await expect(priceLine(page, second.sku)).toContainText(/moved|no longer|another price|€77\.00/);
  const truth = await store.woocommerce.truth();
  expect(truth.get(first.sku)?.price).toBe("44.00");
  expect(truth.get(second.sku)?.price).toBe("77.00");
});

test("a file as a spreadsheet saves it: with a BOM, semicolons and decimal commas", async ({ page, store }) => {
  await connectWooCommerce(page, store);
  const [first, second] = await store.woocommerce.goods();
  await page.goto(`${home}/prices/new`);
  await page.getByRole("tab", { name: "Upload CSV" }).click();
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByText("Choose a file with a SKU and a price on each line.")).toBeVisible();
  const upload = (name: string, text: string) =>
    page.getByLabel("CSV file").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
  await upload("titles.csv", "title;price\nTent;1,00\n");
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByLabel("CSV file")).toHaveAttribute("aria-invalid", "true");

  await upload("prices.csv", `\ufeffsku;price\r\n${first.sku};46,50\r\n"${second.sku}";"47,25"\r\n`);
  await expect(page.getByText("prices.csv")).toBeVisible();
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(figure(page, "Will change")).toHaveText("2");
  await expect(priceLine(page, first.sku)).toContainText("€46.50");
  await expect(priceLine(page, second.sku)).toContainText("€47.25");
  await page.getByRole("button", { name: "Throw away" }).click();
  await expect(page.getByText("Thrown away", { exact: true }).first()).toBeVisible();
  expect((await store.woocommerce.truth()).get(first.sku)?.price).toBe(first.price);

  // What was uploaded is still there.
  await page.goBack();
  await expect(page.getByText("prices.csv")).toBeVisible();
  await page.getByRole("button", { name: "Preview" }).click();
  await applyPrices(page, 2, WOO);
  await expect(figure(page, "Observed")).toHaveText("2", { timeout: 30_000 });
  const truth = await store.woocommerce.truth();
  expect(truth.get(first.sku)?.price).toBe("46.50");
  expect(truth.get(second.sku)?.price).toBe("47.25");
});

test("one price on the product's page, and a change by per cent within bounds", async ({ page, store }) => {
  await connectByHand(page);
  await expectSynced(storeRow(page, "sandbox"), String(store.variants));
  const [first] = await store.shopify.goods();

  await test.step("one price", async () => {
    await page.goto(`${home}/products?q=${encodeURIComponent(first.sku)}`);
    await page.getByRole("table", { name: "Products" }).getByRole("link").first().click();
    const row = page.getByRole("row").filter({ hasText: first.sku });
    await row.getByRole("button", { name: /^Set price of/ }).click();
    const dialog = page.getByRole("dialog", { name: /^Set the price of/ });
    const price = dialog.getByRole("textbox", { name: "Price in EUR", exact: true });
    await expect(price).toHaveValue(first.price);
    const struck = dialog.getByRole("textbox", { name: /^Struck-through price/ });
    await price.fill("abc");
    await dialog.getByRole("button", { name: "Set price" }).click();
    await expect(dialog.getByText("Give a number such as 12.50.")).toBeVisible();
    await price.fill("39,90");
    await struck.fill("20");
    await dialog.getByRole("button", { name: "Set price" }).click();
    await expect(dialog.getByText(/is not above the price/)).toBeVisible();
    await struck.fill("");
    await dialog.getByRole("textbox", { name: "Reason" }).fill("Matches the shop next door");
    await dialog.getByRole("button", { name: "Set price" }).click();
    await expect(dialog).toBeHidden();
    await expect(row.getByText(/^Observed/)).toBeVisible({ timeout: 30_000 });
    await expect(row).toContainText("€39.90");
    expect((await store.shopify.truth()).get(first.sku)?.price).toBe("39.90");

    await row.getByRole("button", { name: /^Price history of/ }).click();
    const history = page.getByRole("dialog", { name: /^Price of/ });
    await expect(history.getByText(`Set here by ${OWNER.name} · Matches the shop next door`)).toBeVisible();
    await history.getByRole("button", { name: "Close" }).click();
  });

  await test.step("bounds", async () => {
    await page.goto(`${home}/prices`);
    await page.getByRole("button", { name: "Bounds" }).click();
    const dialog = page.getByRole("dialog", { name: "Bounds for prices" });
    await dialog.getByRole("textbox", { name: "No price above" }).fill("10");
    await dialog.getByRole("textbox", { name: "No price below" }).fill("20");
    await dialog.getByRole("button", { name: "Save" }).click();
    await expect(dialog.getByText("The ceiling is below the floor")).toBeVisible();
    await dialog.getByRole("textbox", { name: "No price above" }).fill("40");
    await dialog.getByRole("textbox", { name: "No price below" }).fill("");
    await dialog.getByRole("textbox", { name: "Largest change in per cent" }).fill("12,5");
    await dialog.getByRole("button", { name: "Save" }).click();
    await expect(dialog).toBeHidden();
  });

  await test.step("by per cent", async () => {
    await page.goto(`${home}/prices/new`);
    await page.getByRole("tab", { name: "By per cent" }).click();
    await page.getByRole("textbox", { name: "Only products with these words" }).fill(first.sku);
    await page.getByRole("button", { name: "Preview" }).click();
    await expect(page.getByText("Give a number such as 10 or 2.5.")).toBeVisible();
    await page.getByRole("textbox", { name: "Per cent" }).fill("10");
    await page.getByRole("button", { name: "Preview" }).click();
    await expect(priceLine(page, first.sku)).toContainText("above the project's ceiling of €40.00");
    await page.goBack();
    await expect(page.getByRole("textbox", { name: "Per cent" })).toHaveValue("10");
    await page.getByRole("combobox", { name: "Direction" }).selectOption({ label: "− Lower" });
    await page.getByRole("combobox", { name: "Rounding" }).selectOption({ label: "To end in .99" });
    await page.getByRole("button", { name: "Preview" }).click();
    await expect(priceLine(page, first.sku)).toContainText("€35.99");
    const count = Number(await figure(page, "Will change").innerText());
    await applyPrices(page, count, "sandbox");
    await expect(figure(page, "Observed")).toHaveText(String(count), { timeout: 30_000 });
    expect((await store.shopify.truth()).get(first.sku)?.price).toBe("35.99");
  });
});

test("Amazon says beforehand which prices it would take; those it would not are left out", async ({ page, store }) => {
  const connect = await openConnect(page, "Amazon");
  await connect.getByRole("tab", { name: "By hand" }).click();
  await connect.getByRole("textbox", { name: "Amazon store" }).fill("amazon.de");
  await connect.getByRole("textbox", { name: "Seller id" }).fill(SELLER);
  await connect.getByLabel("Refresh token", { exact: true }).fill(REFRESH_TOKEN);
  await connect.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(connect).toBeHidden();
  await expectSynced(storeRow(page, /on amazon\.de$/), String(store.variants));
  const [first, second, third] = await goods(store, "amazon");
  const times = (price: string, factor: number) => (Number(price) * factor).toFixed(2);

  await page.goto(`${home}/prices/new`);
  const table = page.getByRole("textbox", { name: "SKU and price on each line" });
  const lines = [
    `${first.sku}\t${times(first.price, 1.1)}`,
    `${second.sku}\t${times(second.price, 7)}`,
    `${third.sku}\t${third.price}\t${times(third.price, 2)}`,
  ];
  await table.fill(lines.join("\n"));
  await page.getByRole("button", { name: "Preview" }).click();

  await test.step("what Amazon never takes is told at once", async () => {
    await expect(figure(page, "Refused")).toHaveText("1");
    await expect(line(page, third.sku)).toContainText("Amazon takes no struck-through price");
  });

  await test.step("the rest is checked, and nothing is sent", async () => {
    await expect(page.getByText("Amazon can check 2 prices before they are sent")).toBeVisible();
    await page.getByRole("button", { name: "Check with Amazon" }).click();
    const check = page.getByRole("region", { name: "Check with the platform" });
    await expect(check).toContainText("1 accepted in the trial, 1 refused", { timeout: 30_000 });
    await expect(check.getByRole("button", { name: "Check again" })).toBeVisible();
    await expect(line(page, first.sku)).toContainText("Accepted in the trial");
    await page.getByRole("button", { name: "Refused in the trial 1" }).click();
    await expect(line(page, first.sku)).toBeHidden();
    await expect(line(page, second.sku)).toContainText("Amazon would not take the price: Error 18320");
    expect(await store.amazonPrices()).toEqual({ tried: 2, sent: 0 });
    await expectNoFaults(page);
  });

  await test.step("what was refused is left out, unless a person says otherwise", async () => {
    await page.getByRole("button", { name: "Apply 1 price" }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog).toContainText("1 price was refused in the trial. It is left out.");
    const all = dialog.getByRole("checkbox", { name: "Send them all the same" });
    await all.check();
    await expect(dialog.getByRole("button", { name: "Apply 2 prices" })).toBeVisible();
    await expectNoFaults(page);
    await all.uncheck();
    await dialog.getByRole("button", { name: "Apply 1 price" }).click();
    await expect(figure(page, "Accepted")).toHaveText("1", { timeout: 30_000 });
    await expect(line(page, second.sku)).toContainText("Left out, since it was refused in the trial");
    expect(await store.amazonPrices()).toEqual({ tried: 2, sent: 1 });
  });
});
