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
};

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
      const store = Object.assign(new Sandbox(sandbox.said), { variants: VARIANTS });
      await store.shopify.addToken(READING_TOKEN, ["read_products"]);
      await use(store);
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
