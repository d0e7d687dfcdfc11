// A made-up Shopify, Amazon and WooCommerce, and a console that can be connected to it, for one test.
import { test as base } from "@playwright/test";
import { calibr, freePort, start, startDeadline } from "./program.ts";
import { type Server, startServer } from "./server.ts";

export { expect } from "@playwright/test";

/** The shop's address. */
export const SHOP = "sandbox.myshopify.com";
/** A custom app's token that the shop knows. */
export const TOKEN = "shpat_00000000000000000000000000000000";

/** Another one, with which prices can be set, too. */
export const PRICE_TOKEN = "shpat_11111111111111111111111111111111";

/** A seller on amazon.de, and the refresh token that they have made. */
export const SELLER = "A2SANDBOX12345";
export const REFRESH_TOKEN = "Atzr|calibr-sandbox";

/** A key of the WooCommerce store. */
export const CONSUMER_KEY = "ck_0000000000000000000000000000000000000000";
export const CONSUMER_SECRET = "cs_0000000000000000000000000000000000000000";

const VARIANTS = 900;

/** What a platform does on a bad day, as the sandbox knows it. */
export interface Fault {
  kind: "slow" | "bad_token" | "server_error" | "malformed_lines";
  delay_milliseconds?: number;
  lines?: number[];
  status?: number;
  target?: "any" | "api" | "token" | "file";
  times?: number;
}

/** One variant as the store itself has it. */
export interface Truth {
  sku: string | null;
  /** What a customer pays, as a decimal. */
  price: string;
  /** Shopify's name of it. */
  variant_id?: string;
  /** WooCommerce's name of it. */
  id?: number;
}

export interface Store {
  url: string;
  /** Where the WooCommerce store is. */
  woocommerce: string;
  /** How many variants each platform's store has. */
  variants: number;
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

interface Fixtures {
  store: Store;
  /** A console that nobody has set up yet. */
  console: Server;
}

/** Playwright's `test` with a store and a fresh console beside it. */
export const test = base.extend<Fixtures & { consolePort: number }>({
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
      await sandbox.end("SIGTERM");
    },
    { timeout: startDeadline },
  ],
  console: [
    async ({ consolePort, store }, use, testInfo) => {
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
