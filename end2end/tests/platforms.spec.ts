// The same walk with each platform: connected by consent, kept up, repriced, and its sales counted; then, where it
// sends messages, what it says by itself. By hand they are connected in connect*.spec.ts.
import type { Page } from "@playwright/test";
import { expectSynced, openConnect, setUp, storeRow } from "../support/people.ts";
import {
  type Sold,
  applyPrices,
  figure,
  home,
  openProduct,
  openWebhooks,
  priceLine,
  soldIn7Days,
  syncNow,
} from "../support/pages.ts";
import { type Good, type MadeUpStore, SHOP, type Store, expect, test } from "../support/store.ts";

interface Platform {
  name: string;
  /** What its store is called in the console. */
  store: string;
  at(store: Store): MadeUpStore;
  /** Opens the way to its consent page from the dialog, and agrees there. */
  agree(page: Page, store: Store): Promise<void>;
  /** Lets it show the prices that it took. */
  show?(store: Store, prices: number): Promise<void>;
  messages?: {
    /** Its words for a changed product and a new order. */
    product: string;
    order: string;
    /** What somebody sends who does not know the secret. */
    forged: Record<string, string>;
  };
}

const platforms: Platform[] = [
  {
    name: "Shopify",
    store: "sandbox",
    at: (store) => store.shopify,
    async agree(page) {
      await page.getByRole("dialog").getByRole("textbox", { name: "Store address" }).fill(SHOP);
      await page.getByRole("button", { name: "Continue to Shopify" }).click();
      await page.getByRole("button", { name: "Install" }).click();
    },
    messages: {
      product: "PRODUCTS_UPDATE",
      order: "ORDERS_CREATE",
      forged: { "x-shopify-topic": "products/delete", "x-shopify-hmac-sha256": "Zm9yZ2Vk" },
    },
  },
  {
    name: "Amazon",
    store: "Sandbox on amazon.de",
    at: (store) => store.amazon,
    async agree(page) {
      await page.getByRole("dialog").getByRole("textbox", { name: "Amazon store" }).fill("amazon.de");
      await page.getByRole("button", { name: "Continue to Amazon" }).click();
      await page.getByRole("button", { name: "Confirm" }).click();
    },
    // It takes a minute.
    async show(store, prices) {
      await expect.poll(() => store.calls("patchListingsItem")).toBe(prices);
      await store.advance(61);
    },
  },
  {
    name: "WooCommerce",
    store: "Sandbox Store",
    at: (store) => store.woocommerce,
    async agree(page, store) {
      const address = page.getByRole("dialog").getByRole("textbox", { name: "Store address" });
      await address.fill(store.woocommerce.url);
      await page.getByRole("button", { name: "Continue to WooCommerce" }).click();
      await page.getByRole("button", { name: "Approve" }).click();
    },
    messages: {
      product: "product.updated",
      order: "order.created",
      forged: { "x-wc-webhook-topic": "product.deleted", "x-wc-webhook-signature": "Zm9yZ2Vk" },
    },
  },
];

test.use({ reachable: true });

/** What a listing has sold once so many more are bought at its price. */
const plus = (before: Sold, units: number, { price }: Good): Sold => ({
  units: before.units + units,
  revenue: Number((before.revenue + units * Number(price)).toFixed(2)),
});

const dearer = (good: Good, by: number): string => (Number(good.price) + by).toFixed(2);

for (const platform of platforms) {
  const { name, store: called, messages } = platform;

  test(`${name}: from consent to what was sold`, async ({ page, request, store }) => {
    test.setTimeout(180_000);
    const there = platform.at(store);
    const [first, second, third] = await there.goods();
    await setUp(page);

    await test.step("agreed to on its own page, it is connected and imported", async () => {
      await openConnect(page, name);
      await platform.agree(page, store);
      const row = storeRow(page, called);
      await expect(row.getByText("Connected", { exact: true })).toBeVisible();
      await expectSynced(row, String(store.variants));
      await openProduct(page, first);
    });

    await test.step("what changed there without a word is here after Sync now", async () => {
      if (messages) await there.silence();
      await there.retitle(first, "Meridian Travel Kettle");
      await there.reprice(first, dearer(first, 1));
      await syncNow(page, called);
      Object.assign(first, (await there.truth()).get(first.sku));
      expect(first.title).toContain("Meridian Travel Kettle");
      await expect(await openProduct(page, first)).toContainText(`€${first.price}`);
    });

    await test.step("prices set here are there, those alone, and were seen there", async () => {
      const before = await there.truth();
      const wanted = [second, third].map((good) => ({ ...good, was: good.price, price: dearer(good, 2) }));
      await page.goto(`${home}/prices/new`);
      const table = page.getByRole("textbox", { name: "SKU and price on each line" });
      await table.fill(wanted.map(({ sku, price }) => `${sku}\t${price}`).join("\n"));
      await page.getByRole("button", { name: "Preview" }).click();
      await expect(figure(page, "Will change")).toHaveText("2");
      for (const { sku, was, price } of wanted) {
        await expect(priceLine(page, sku)).toContainText(`€${was}`);
        await expect(priceLine(page, sku)).toContainText(`€${price}`);
      }
      expect(await there.truth(), "a preview changes nothing").toEqual(before);
      await applyPrices(page, 2, called);
      await platform.show?.(store, 2);
      await expect(figure(page, "Observed")).toHaveText("2", { timeout: 30_000 });
      for (const { sku, price } of wanted) {
        const now = before.get(sku);
        if (now) before.set(sku, { ...now, price });
      }
      expect(await there.truth()).toEqual(before);
      Object.assign(second, wanted[0]);
      await expect(await openProduct(page, second)).toContainText(`€${second.price}`);
      await expect(page.getByRole("row").filter({ hasText: second.sku })).toContainText("Observed");
    });

    await test.step("what is sold is counted", async () => {
      const before = await soldIn7Days(await openProduct(page, second));
      await expect(page.getByText(/^Orders as of/)).toContainText("by days in Europe/Berlin");
      await there.sell(second, 3);
      await syncNow(page, called);
      expect(await soldIn7Days(await openProduct(page, second))).toEqual(plus(before, 3, second));
    });

    const { items } = (await (await page.request.get("/api/platforms")).json()) as {
      items: { name: string; capabilities: string[] }[];
    };
    const sendsMessages = items.find((item) => item.name === name)?.capabilities.includes("webhooks");
    expect(sendsMessages).toBe(messages !== undefined);
    if (!messages) return;

    const deliveries = page.getByRole("table", { name: "Webhook deliveries" }).getByRole("row");

    await test.step("subscriptions that ended are made anew, and what was missed is read", async () => {
      await there.reprice(first, dearer(first, 2));
      await openWebhooks(page, called);
      await expect(page.getByText("No delivery yet")).toBeVisible();
      await page.getByRole("button", { name: "Re-create" }).click();
      await expect(page.getByText("The webhooks were made anew")).toBeVisible();
      const topics = page.getByRole("table", { name: "Webhook subscriptions" }).getByRole("row");
      for (const topic of [messages.product, messages.order]) {
        await expect(topics.filter({ hasText: topic })).toContainText("Active");
      }
      await expect(topics.filter({ hasText: /Stopped|Missing/ })).toHaveCount(0);
      await expect(await openProduct(page, first)).toContainText(`€${dearer(first, 2)}`, { timeout: 15_000 });
    });

    await test.step("what happens there is on the open page by itself", async () => {
      const row = await openProduct(page, first);
      await there.reprice(first, dearer(first, 3));
      await expect(row).toContainText(`€${dearer(first, 3)}`, { timeout: 15_000 });
      const before = await soldIn7Days(row);
      await there.sell(first, 2);
      const after = plus(before, 2, { ...first, price: dearer(first, 3) });
      await expect.poll(() => soldIn7Days(row), { timeout: 15_000 }).toEqual(after);
    });

    await test.step("each word of it stands in the log, with its body and who signed it", async () => {
      await openWebhooks(page, called);
      const dialog = page.getByRole("dialog", { name: "Webhook delivery" });
      const changed = deliveries.filter({ hasText: messages.product }).first();
      await expect(changed).toContainText("Handled");
      await changed.getByRole("button", { name: "Details" }).click();
      await expect(dialog.getByText("Signature valid")).toBeVisible();
      await expect(dialog.locator("pre")).toContainText('"id":');
      await dialog.getByRole("button", { name: "Close" }).click();
      await deliveries.filter({ hasText: messages.order }).getByRole("button", { name: "Details" }).click();
      await expect(dialog.getByText("Nothing is kept of this body")).toBeVisible();
      await dialog.getByRole("button", { name: "Close" }).click();
    });

    await test.step("a message is done again where a person asks for it", async () => {
      const latest = deliveries.filter({ hasText: messages.product }).first();
      await latest.getByRole("button", { name: "Redeliver" }).click();
      await expect(page.getByText("Redelivered", { exact: true })).toBeVisible();
      await expect(deliveries.filter({ hasText: "Redelivered by hand" })).toContainText("Handled");
    });

    await test.step("a message that nobody signed is refused, and does nothing", async () => {
      const address = await page.getByText(`/api/webhooks/${name.toLowerCase()}/`).innerText();
      const headers = { "content-type": "application/json", ...platform.messages?.forged };
      const answer = await request.post(address, { headers, data: `{"id":${/\d+$/.exec(first.product)}}` });
      expect(answer.status()).toBe(401);
      await page.reload();
      await expect(page.getByText("1 message was refused in the last 24 hours")).toBeVisible();
      const refused = deliveries.filter({ hasText: "Refused" });
      await expect(refused).toContainText("Signature not valid");
      await openProduct(page, first);
    });
  });
}
