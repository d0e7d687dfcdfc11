// axe finds nothing, on any page, in light and dark, on a screen and a phone.
import type { Page } from "@playwright/test";
import { expectNoFaults } from "../support/accessibility.ts";
import { DEMO, openConnect, signIn } from "../support/people.ts";
import { expect, test } from "../support/server.ts";

test.use({ serverOptions: { arguments: ["--demo"] } });

const home = `/p/${DEMO.slug}`;

const pages: [name: string, show: (page: Page) => Promise<void>][] = [
  [
    "integrations",
    async (page) => {
      await page.goto(`${home}/integrations`);
      await expect(page.getByRole("table", { name: "Recent sync runs" })).toBeVisible();
    },
  ],
  [
    "sync history",
    async (page) => {
      await page.goto(`${home}/integrations`);
      await page.getByRole("list", { name: "Connected stores" }).getByRole("heading").getByRole("link").first().click();
      await expect(page.getByRole("table", { name: "Sync runs" })).toBeVisible();
    },
  ],
  [
    "sync run",
    async (page) => {
      await page.goto(`${home}/integrations`);
      await page.getByRole("table", { name: "Recent sync runs" }).getByRole("link").first().click();
      await expect(page.getByText("Timeline")).toBeVisible();
      await expect(page.getByText("Nothing failed")).toBeVisible();
    },
  ],
  [
    "products",
    async (page) => {
      await page.goto(`${home}/products`);
      await expect(page.getByRole("table", { name: "Products" })).toBeVisible();
    },
  ],
  [
    "products that none fits",
    async (page) => {
      await page.goto(`${home}/products?q=zzzz`);
      await expect(page.getByText("No product fits")).toBeVisible();
    },
  ],
  [
    "product",
    async (page) => {
      await page.goto(`${home}/products`);
      await page.getByRole("table", { name: "Products" }).getByRole("link").first().click();
      await expect(page.getByRole("columnheader", { name: "Variant, SKU" }).first()).toBeAttached();
    },
  ],
  [
    "prices",
    async (page) => {
      await page.goto(`${home}/prices`);
      await expect(page.getByRole("heading", { name: "Prices", level: 1 })).toBeVisible();
      await expect(page.getByText("Loading…")).toBeHidden();
    },
  ],
  [
    "bounds for prices",
    async (page) => {
      await page.goto(`${home}/prices`);
      await page.getByRole("button", { name: "Bounds" }).click();
      await expect(page.getByLabel("No price below")).toBeVisible();
    },
  ],
  [
    "prices to paste, with faults",
    async (page) => {
      await page.goto(`${home}/prices/new`);
      await page.getByRole("button", { name: "Preview" }).click();
      await expect(page.getByLabel("SKU and price on each line")).toHaveAttribute("aria-invalid", "true");
    },
  ],
  [
    "prices of a file, with faults",
    async (page) => {
      await page.goto(`${home}/prices/new`);
      await page.getByRole("tab", { name: "Upload CSV" }).click();
      await page.getByRole("button", { name: "Preview" }).click();
      await expect(page.getByLabel("CSV file")).toHaveAttribute("aria-invalid", "true");
    },
  ],
  [
    "preview of a price push",
    async (page) => {
      await page.goto(`${home}/prices/new`);
      await page.getByRole("tab", { name: "By per cent" }).click();
      await page.getByRole("textbox", { name: "Per cent" }).fill("5");
      await page.getByRole("button", { name: "Preview" }).click();
      await expect(page.getByRole("table", { name: "Prices of this push" })).toBeVisible();
    },
  ],
  [
    "setting a price",
    async (page) => {
      await page.goto(`${home}/products`);
      await page.getByRole("table", { name: "Products" }).getByRole("link").first().click();
      await page.getByRole("button", { name: /^Set price of/ }).first().click();
      await expect(page.getByRole("dialog").getByLabel("Reason")).toBeVisible();
    },
  ],
  [
    "history of a price",
    async (page) => {
      await page.goto(`${home}/products`);
      await page.getByRole("table", { name: "Products" }).getByRole("link").first().click();
      await page.getByRole("button", { name: /^Price history of/ }).first().click();
      await expect(page.getByRole("dialog").getByRole("heading", { name: "Price changes" })).toBeVisible();
    },
  ],
  [
    "webhooks, and one that was refused",
    async (page) => {
      await page.goto(`${home}/integrations`);
      await page.getByRole("button", { name: /^More for/ }).first().click();
      await page.getByRole("menuitem", { name: "Webhooks" }).click();
      await expect(page.getByRole("table", { name: "Webhook subscriptions" })).toBeVisible();
      const address = await page.getByText(/\/api\/webhooks\/shopify\//).innerText();
      const answer = await page.request.post(address, { headers: { "x-shopify-hmac-sha256": "Zm9yZ2Vk" }, data: {} });
      expect(answer.status()).toBe(401);
      await page.reload();
      const deliveries = page.getByRole("table", { name: "Webhook deliveries" });
      await expect(deliveries.getByText("Refused").first()).toBeVisible();
      await expectNoFaults(page);
      await deliveries.getByRole("button", { name: "Details" }).first().click();
      await expect(page.getByRole("dialog", { name: "Webhook delivery" })).toBeVisible();
    },
  ],
  [
    "a page that is not",
    async (page) => {
      await page.goto(`${home}/nothing`);
      await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
    },
  ],
  [
    "a project that is not",
    async (page) => {
      await page.goto("/p/nowhere/products");
      await expect(page.getByRole("heading", { name: "There is no such project" })).toBeVisible();
    },
  ],
  [
    "connect dialog with faults",
    async (page) => {
      await page.goto(`${home}/integrations`);
      const dialog = await openConnect(page, "Vendure");
      await dialog.getByRole("button", { name: "Connect", exact: true }).click();
      await expect(dialog.getByRole("textbox", { name: "Address" })).toHaveAttribute("aria-invalid", "true");
    },
  ],
  [
    "disconnect dialog",
    async (page) => {
      await page.goto(`${home}/integrations`);
      await page.getByRole("button", { name: /^More for/ }).first().click();
      await page.getByRole("menuitem", { name: "Disconnect" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
    },
  ],
  [
    "palette",
    async (page) => {
      await page.goto(`${home}/products`);
      await expect(page.getByRole("table", { name: "Products" })).toBeVisible();
      await page.keyboard.press("Control+k");
      await expect(page.getByRole("dialog", { name: "Find anything" })).toBeVisible();
    },
  ],
  [
    "menu of a store, and the lost line",
    async (page) => {
      await page.goto(`${home}/integrations`);
      await expect(page.getByRole("table", { name: "Recent sync runs" })).toBeVisible();
      await page.context().setOffline(true);
      await expect(page.getByText("You are offline.")).toBeVisible();
      await page.getByRole("button", { name: /^More for/ }).first().click();
      await expect(page.getByRole("menu")).toBeVisible();
    },
  ],
];

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test("sign-in, with faults", async ({ page }) => {
      await page.goto("/sign-in");
      await expect(page.getByLabel("Email")).toBeVisible();
      await expectNoFaults(page);
      await page.getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByLabel("Email")).toHaveAttribute("aria-invalid", "true");
      await expectNoFaults(page);
    });

    for (const [name, show] of pages) {
      test(name, async ({ page }) => {
        await page.goto("/sign-in");
        await signIn(page, DEMO);
        await show(page);
        await expectNoFaults(page);
      });
    }
  });
}
