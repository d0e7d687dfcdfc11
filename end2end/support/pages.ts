// What the console's pages show, found as people find it.
import { type Locator, type Page, expect } from "@playwright/test";
import { OWNER, storeRow } from "./people.ts";
import type { Good } from "./sandbox.ts";

export const home = `/p/${OWNER.slug}`;

/** The figure that has this name: of a price push, of a run. */
export const figure = (page: Page, label: string): Locator =>
  page.getByRole("term").filter({ hasText: new RegExp(`^${label}$`) }).locator("xpath=following-sibling::dd");

/** A line of the price push that is open. */
export const priceLine = (page: Page, text: string): Locator =>
  page.getByRole("table", { name: "Prices of this push" }).getByRole("row").filter({ hasText: text });

/** Applies the push that is open: so many prices, all of one store. */
export async function applyPrices(page: Page, count: number, store: string): Promise<void> {
  const prices = `${count} ${count === 1 ? "price" : "prices"}`;
  await page.getByRole("button", { name: `Apply ${prices}` }).click();
  const dialog = page.getByRole("dialog", { name: `Apply ${prices}?` });
  await expect(dialog.getByText(`${store}: ${prices}`)).toBeVisible();
  await dialog.getByRole("button", { name: `Apply ${prices}` }).click();
}

/** Finds a product and opens it; gives the row of one of its listings. */
export async function openProduct(page: Page, { sku, title }: Pick<Good, "sku" | "title">): Promise<Locator> {
  await page.goto(`${home}/products?q=${encodeURIComponent(sku)}`);
  const products = page.getByRole("table", { name: "Products" });
  await products.getByRole("link", { name: title, exact: true }).click();
  await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
  return page.getByRole("row").filter({ has: page.getByText(sku, { exact: true }) });
}

/** Units, and what they brought in, in the store's currency. */
export interface Sold {
  units: number;
  revenue: number;
}

/** What a listing's row says it sold in 7 days. */
export async function soldIn7Days(row: Locator): Promise<Sold> {
  await expect(row).toContainText(/in (7|30) days/);
  const [, units, revenue] = /([\d,]+) in 7 days · \D([\d,.]+)/.exec(await row.innerText()) ?? [];
  const number = (text = "0") => Number(text.replaceAll(",", ""));
  return { units: number(units), revenue: number(revenue) };
}

/** Starts a sync of a store; its run is open, and came through, afterwards. */
export async function syncNow(page: Page, name: string): Promise<void> {
  await page.goto(`${home}/integrations`);
  const row = storeRow(page, name);
  const begun = page.waitForResponse(/\/api\/fn\/start_sync$/);
  await row.getByRole("button", { name: "Sync now" }).click();
  const { id } = (await (await begun).json()) as { id: string };
  const history = await row.getByRole("heading", { name }).getByRole("link").getAttribute("href");
  await page.goto(`${history}/${id}`);
  await expect(page.getByText("Success", { exact: true })).toBeVisible({ timeout: 30_000 });
}

/** Opens what a store sends by itself. */
export async function openWebhooks(page: Page, name: string): Promise<void> {
  await page.goto(`${home}/integrations`);
  await storeRow(page, name).getByRole("button", { name: /^More for/ }).click();
  await page.getByRole("menuitem", { name: "Webhooks" }).click();
  await expect(page.getByRole("heading", { name: "Webhooks", level: 1 })).toBeVisible();
}
