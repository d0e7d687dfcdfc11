// What people do over and over in the console.
import type { Browser, Locator, Page } from "@playwright/test";
import { CONSUMER_KEY, CONSUMER_SECRET, SHOP, type Store, TOKEN, expect } from "./store.ts";

/** Who sets the console up in the tests. */
export const OWNER = {
  name: "Ada Merchant",
  email: "ada@acme.example",
  password: "correct horse battery",
  business: "Acme Outdoor",
  slug: "acme-outdoor",
};

/** The demo's owner. */
export const DEMO = { email: "owner@demo.calibr.example", password: "calibr-demo", slug: "demo" };

/** Fills the set-up page of a new console in; leaves the owner signed in on the integrations page. */
export async function setUp(page: Page): Promise<void> {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Set up Calibr Console" })).toBeVisible();
  await page.getByLabel("Your name").fill(OWNER.name);
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.getByLabel("Business name").fill(OWNER.business);
  await expect(page.getByLabel("Address in this console")).toHaveValue(OWNER.slug);
  await page.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Integrations", level: 1 })).toBeVisible();
}

/** Signs in where the sign-in page stands. */
export async function signIn(page: Page, who: { email: string; password: string }): Promise<void> {
  await page.getByLabel("Email").fill(who.email);
  await page.getByLabel("Password", { exact: true }).fill(who.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Integrations", level: 1 })).toBeVisible();
}

/** The same person at another screen, on the same page. */
export async function atAnotherScreen(browser: Browser, page: Page): Promise<Page> {
  const context = await browser.newContext({ storageState: await page.context().storageState() });
  const other = await context.newPage();
  await other.goto(page.url());
  return other;
}

/** Opens the dialog that connects a store of a platform. */
export async function openConnect(page: Page, platform: string): Promise<Locator> {
  await page.getByRole("button", { name: `Connect ${platform}`, exact: true }).click();
  const dialog = page.getByRole("dialog", { name: `Connect ${platform}` });
  await expect(dialog).toBeVisible();
  return dialog;
}

/** Connects the sandbox's shop with its token. */
export async function connectByHand(page: Page, token = TOKEN): Promise<void> {
  const dialog = await openConnect(page, "Shopify");
  await dialog.getByRole("tab", { name: "By hand" }).click();
  await dialog.getByRole("textbox", { name: "Store address" }).fill(SHOP);
  await dialog.getByLabel("Admin API access token", { exact: true }).fill(token);
  await dialog.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(dialog).toBeHidden();
}

/** Connects the sandbox's WooCommerce store with its key, and waits for its products. */
export async function connectWooCommerce(page: Page, store: Store): Promise<void> {
  await giveWooCommerceKey(page, store);
  await expectSynced(storeRow(page, "Sandbox Store"), String(store.variants));
}

/** Connects the sandbox's WooCommerce store with its key. */
export async function giveWooCommerceKey(page: Page, store: Store): Promise<void> {
  const dialog = await openConnect(page, "WooCommerce");
  await dialog.getByRole("tab", { name: "By hand" }).click();
  await dialog.getByRole("textbox", { name: "Store address" }).fill(store.woocommerce.url);
  await dialog.getByLabel("Consumer key", { exact: true }).fill(CONSUMER_KEY);
  await dialog.getByLabel("Consumer secret", { exact: true }).fill(CONSUMER_SECRET);
  await dialog.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(dialog).toBeHidden();
}

/** The list item of the store that is named so on the integrations page. */
export function storeRow(page: Page, name: string | RegExp): Locator {
  return page
    .getByRole("list", { name: "Connected stores" })
    .getByRole("listitem")
    .filter({ has: page.getByRole("heading", { name }) });
}

/** The row's sync has come through. */
export async function expectSynced(row: Locator, items: string): Promise<void> {
  await expect(row.getByRole("progressbar")).toBeHidden({ timeout: 30_000 });
  await expect(row.getByRole("definition").filter({ hasText: items }).first()).toBeVisible();
}
