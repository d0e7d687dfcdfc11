// Made-up stores, and a console that can be connected to them, for one test.
import { test as base } from "@playwright/test";
import { calibr, freePort, start, startDeadline } from "./program.ts";
import { READING_TOKEN, SHOP, Sandbox } from "./sandbox.ts";
import { type Server, startServer } from "./server.ts";

export { expect } from "@playwright/test";
export * from "./sandbox.ts";

/** How many variants each platform's store has. */
const VARIANTS = 900;

export type Store = Sandbox & {
  /** How many variants each platform's store has. */
  variants: number;
<<<<<<< HEAD
};
=======
  /** Switches a fault on. */
  strike(fault: Fault): Promise<void>;
  /** What a platform's store really has, by SKU. */
  truth(platform: "shopify" | "woocommerce" | "amazon"): Promise<Map<string, Truth>>;
  /** How many prices Amazon was asked about, and how many it was sent. */
  amazonPrices(): Promise<{ tried: number; sent: number }>;
  /** Changes a price at the WooCommerce store, as its merchant would. */
  reprice(sku: string, price: string): Promise<void>;
  /** Takes all tokens back, as when the app is removed from the shop. */
  revoke(): Promise<void>;
}
>>>>>>> price-safe

interface Fixtures {
  store: Store;
  /** A console that nobody has set up yet. */
  console: Server;
}

interface Options {
  /** Whether platforms know where the console is; they can send it messages then. Set with `test.use`. */
  reachable: boolean;
}

/** Playwright's `test` with stores and a fresh console beside them. */
export const test = base.extend<Fixtures & Options & { consolePort: number }>({
  reachable: [false, { option: true }],
  consolePort: async ({}, use) => use(await freePort()),
  store: [
    async ({ consolePort }, use) => {
      const sandbox = await start({
        program: calibr,
        arguments: [
          "sandbox",
          "--listen",
          "127.0.0.1:0",
          "--shop",
          SHOP,
          "--variants",
          String(VARIANTS),
          "--console",
          `http://127.0.0.1:${consolePort}`,
        ],
        ready: /\blistening on (http:\/\/\S+)/,
      });
<<<<<<< HEAD
      const store = Object.assign(new Sandbox(sandbox.said), { variants: VARIANTS });
      await store.shopify.addToken(READING_TOKEN, ["read_products"]);
      await use(store);
=======
      const places = {
        shopify: `shopify/shops/${SHOP}`,
        woocommerce: "woocommerce/stores/woo",
        amazon: `amazon/sellers/${SELLER}`,
      };
      const post = async (path: string, body: object, platform: keyof typeof places = "shopify") => {
        const answer = await fetch(`${sandbox.said}/_sandbox/${places[platform]}/${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
        if (!answer.ok) throw new Error(`The sandbox answered ${answer.status}: ${await answer.text()}`);
      };
      const truth = async (platform: keyof typeof places) => {
        const answer = await fetch(`${sandbox.said}/_sandbox/${places[platform]}/truth`);
        const text = await answer.text();
        const lines = text.split("\n").filter((line) => line !== "");
        const variants =
          platform === "amazon" ? (JSON.parse(text) as Truth[]) : lines.map((line) => JSON.parse(line) as Truth);
        return new Map(variants.flatMap((variant) => (variant.sku ? [[variant.sku, variant] as const] : [])));
      };
      const amazonPrices = async () => {
        const answer = await fetch(`${sandbox.said}/_sandbox/${places.amazon}/counters`);
        const counters = (await answer.json()) as { prices_tried: number; prices_sent: number };
        return { tried: counters.prices_tried, sent: counters.prices_sent };
      };
      const reprice = async (sku: string, price: string) => {
        const listing = (await truth("woocommerce")).get(sku)?.id;
        if (listing === undefined) throw new Error(`The store has no ${sku}.`);
        await post("changes", { action: "update_listing", listing, regular_price: price, sale_price: "" }, "woocommerce");
      };
      await post("tokens", { app: "calibr-sandbox", token: PRICE_TOKEN, scopes: ["write_products", "read_orders"] });
      await use({
        url: sandbox.said,
        woocommerce: `${sandbox.said}/woo`,
        variants: VARIANTS,
        strike: (fault) => post("faults", fault),
        truth,
        amazonPrices,
        reprice,
        revoke: () => post("tokens/revoke", {}),
      });
>>>>>>> price-safe
      await sandbox.end("SIGTERM");
    },
    { timeout: startDeadline },
  ],
  console: [
    async ({ consolePort, store, reachable }, use, testInfo) => {
      const server = await startServer({
        port: consolePort,
        env: {
          SHOPIFY_BASE_URL: `${store.url}/{shop}`,
          SHOPIFY_API_KEY: "calibr-sandbox",
          SHOPIFY_API_SECRET: "calibr-sandbox-secret",
          AMAZON_LWA_URL: `${store.url}/amazon`,
          AMAZON_API_URL: `${store.url}/amazon/{region}`,
          AMAZON_APPLICATION_ID: "amzn1.sp.solution.calibr-sandbox",
          AMAZON_CLIENT_ID: "calibr-sandbox",
          AMAZON_CLIENT_SECRET: "calibr-sandbox-secret",
          // The WooCommerce store is reached by its address, on this machine and without a certificate.
          OUTBOUND_ALLOW: "127.0.0.1",
          PUBLIC_URL: reachable ? `http://127.0.0.1:${consolePort}` : undefined,
        },
      });
      await use(server);
      if (testInfo.status !== testInfo.expectedStatus) {
        await testInfo.attach("server log", { body: server.log.join("\n"), contentType: "text/plain" });
      }
      await server.stop();
    },
    { timeout: startDeadline },
  ],
  baseURL: async ({ console }, use) => use(console.url),
});
