// Prices, from what is wanted to what the store has, and back.
import { OWNER, connectByHand, connectWooCommerce, expectSynced, setUp, storeRow } from "../support/people.ts";
import { applyPrices, figure, home, priceLine } from "../support/pages.ts";
import { expect, test } from "../support/store.ts";

const WOO = "Sandbox Store";

test.beforeEach(async ({ page }) => setUp(page));

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
    await expect(priceLine(page, first.sku)).toContainText("€41.50");
    await expect(priceLine(page, "NO-SUCH-SKU")).toContainText("No store here has the SKU");
    await expect(priceLine(page, second.sku)).toContainText("A blank one is never sent");
    await expect(priceLine(page, third.sku)).toContainText("is not a price");
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
