// A real shop that others wrote: connected in the browser, read whole, read
// again, changed on its own side, repriced from here, and bought from.
import type { Page } from "@playwright/test";
import { OWNER, expectSynced, openConnect, setUp, storeRow } from "../support/people.ts";
import { expect, test as base } from "../support/server.ts";
import { figure, openProduct, soldIn7Days, syncNow } from "../support/pages.ts";
import { type Variant, type Vendure, startVendure } from "../support/vendure.ts";

const test = base.extend<object, { vendure: Vendure }>({
  vendure: [
    async ({}, use) => {
      const vendure = await startVendure();
      await use(vendure);
      await vendure.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

// Vendure stands on loopback, which the console does not call by itself.
test.use({ serverOptions: { env: { OUTBOUND_ALLOW: "127.0.0.1" } } });

const STORE = "Our Vendure";
/** What Vendure's own seed makes. */
const SEEDED = 88;

interface Listing {
  external_id: string;
  sku: string;
  price: Variant["price"];
  product_title: string;
}

/** What the console holds, over all pages of its REST API. */
async function held(page: Page): Promise<Listing[]> {
  const all: Listing[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const answer = await page.request.get(`/api/projects/${OWNER.slug}/listings`, {
      params: { limit: 50, ...(cursor && { cursor }) },
    });
    expect(answer.status()).toBe(200);
    const found = (await answer.json()) as { items: Listing[]; next_cursor: string | null };
    all.push(...found.items);
    cursor = found.next_cursor;
  }
  return all;
}

/** Listings and variants in one shape, to be compared. */
function shapeOf(all: { id: string; sku: string; price: Variant["price"] }[]): string[] {
  return all.map(({ id, sku, price }) => `${id} ${sku} ${price.amount_minor} ${price.currency}`).sort();
}

async function expectSameAs(vendure: Vendure, page: Page): Promise<void> {
  const listings = await held(page);
  const ours = listings.map(({ external_id, sku, price }) => ({ id: external_id, sku, price }));
  expect(shapeOf(ours)).toEqual(shapeOf(await vendure.variants()));
}

/** The counts of the *Variants* column over all pages of the products. */
async function variantsShown(page: Page): Promise<number> {
  await page.goto(`/p/${OWNER.slug}/products`);
  const table = page.getByRole("table", { name: "Products" });
  await expect(table).toBeVisible();
  let sum = 0;
  for (;;) {
    await expect(table).not.toHaveAttribute("aria-busy");
    const counts = await table.locator("tbody tr td:nth-child(3)").allTextContents();
    sum += counts.reduce((total, count) => total + Number(count), 0);
    const next = page.getByRole("navigation", { name: "Pages of products" }).getByRole("button", { name: "Next" });
    if ((await next.count()) === 0 || (await next.getAttribute("aria-disabled")) === "true") return sum;
    const address = page.url();
    await next.click();
    await expect(page).not.toHaveURL(address);
  }
}

const openVariant = (page: Page, { sku, product }: Variant) => openProduct(page, { sku, title: product });

const byId = (all: Variant[]) => new Map(all.map((one) => [one.id, one]));

const asShown = (amountMinor: number) => new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2 }).format(amountMinor / 100);

test("the seeded shop is read whole, followed when it changes, repriced, and its sales are counted", async ({ page, vendure }) => {
  test.setTimeout(180_000);
  await setUp(page);

  await test.step("connect by address and credentials", async () => {
    const dialog = await openConnect(page, "Vendure");
    await dialog.getByRole("textbox", { name: "Address" }).fill(vendure.url);
    await dialog.getByRole("textbox", { name: "Username" }).fill(vendure.username);
    await dialog.getByLabel(/^Password/).fill("not the password");
    await dialog.getByRole("textbox", { name: "Name in this console" }).fill(STORE);
    await dialog.getByRole("button", { name: "Test connection" }).click();
    await expect(dialog.getByText("The connection does not work")).toBeVisible();
    await dialog.getByLabel(/^Password/).fill(vendure.password);
    await dialog.getByRole("button", { name: "Connect", exact: true }).click();
    await expect(dialog).toBeHidden();
    await expectSynced(storeRow(page, STORE), String(SEEDED));
  });

  await test.step("every variant stands once, with its price", async () => {
    expect(await variantsShown(page)).toBe(SEEDED);
    expect(await vendure.variants()).toHaveLength(SEEDED);
    await expectSameAs(vendure, page);
  });

  await test.step("a second sync changes nothing", async () => {
    await syncNow(page, STORE);
    await expect(figure(page, "New")).toHaveText("0");
    await expect(figure(page, "Changed")).toHaveText("0");
    await expect(figure(page, "Failed")).toHaveText("0");
    await expectSameAs(vendure, page);
  });

  await test.step("a price that staff change is there after the next sync", async () => {
    const [changed] = await vendure.variants();
    if (changed === undefined) throw new Error("Vendure has no variant.");
    const price = changed.price.amount_minor + 1_234;
    await vendure.reprice(changed.id, price);
    await syncNow(page, STORE);
    await expect(figure(page, "Changed")).toHaveText("1");
    await expectSameAs(vendure, page);

    await expect(await openVariant(page, changed)).toContainText(asShown(price));
  });

  const [, , third] = await vendure.variants();
  if (third === undefined) throw new Error("Vendure has too few variants.");
  const price = third.price.amount_minor + 4_321;

  await test.step("a price set here is at the shop, that one alone, and was seen there", async () => {
    const before = await vendure.variants();
    const row = await openVariant(page, third);
    await row.getByRole("button", { name: /^Set price of/ }).click();
    const dialog = page.getByRole("dialog", { name: /^Set the price of/ });
    await dialog.getByRole("textbox", { name: /^Price in/ }).fill((price / 100).toFixed(2));
    await dialog.getByRole("textbox", { name: "Reason" }).fill("Autumn prices");
    await dialog.getByRole("button", { name: "Set price" }).click();
    await expect(dialog).toBeHidden();
    await expect(row.getByText(/^Observed/)).toBeVisible({ timeout: 30_000 });
    await expect(row).toContainText(asShown(price));
    const wanted = before.map((one) => (one.id === third.id ? { ...one, price: { ...one.price, amount_minor: price } } : one));
    expect(byId(await vendure.variants())).toEqual(byId(wanted));
  });

  await test.step("what a customer buys is counted", async () => {
    await expect(await openVariant(page, third)).toContainText("None in 30 days");
    await vendure.buy(third.id, 2);
    await syncNow(page, STORE);
    await expect(figure(page, "Orders read")).toHaveText("1");
    const sold = await soldIn7Days(await openVariant(page, third));
    expect(sold).toEqual({ units: 2, revenue: (2 * price) / 100 });
  });
});
