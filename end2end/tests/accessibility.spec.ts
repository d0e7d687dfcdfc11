// axe finds nothing, on any page, in light and dark, on a screen and a phone.
import type { Page } from "@playwright/test";
import { expectNoFaults } from "../support/accessibility.ts";
import { DEMO, openConnect, signIn } from "../support/people.ts";
import { expect, test } from "../support/server.ts";

test.use({ serverOptions: { arguments: ["--demo"] } });

const home = `/p/${DEMO.slug}`;

/** Opens a tab of the settings of a platform's store. */
async function openSettings(page: Page, tab: string, platform = "WooCommerce"): Promise<void> {
  await page.goto(`${home}/integrations`);
  const card = page.getByRole("article").filter({ has: page.getByRole("heading", { name: platform, level: 2 }) });
  await card.getByRole("button", { name: /^More for/ }).first().click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.getByRole("tab", { name: tab, exact: true }).click();
  await expect(page.getByRole("tabpanel", { name: tab })).toBeVisible();
}

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
    "sync history that nothing fits, with days the wrong way round",
    async (page) => {
      await page.goto(`${home}/integrations`);
      await page.getByRole("list", { name: "Connected stores" }).getByRole("heading").getByRole("link").first().click();
      await expect(page.getByRole("table", { name: "Sync runs" })).toBeVisible();
      await page.goto(`${new URL(page.url()).pathname}?from=2020-01-02&to=2020-01-01`);
      await expect(page.getByText("These filters cannot be used")).toBeVisible();
      await page.goto(`${new URL(page.url()).pathname}?from=2020-01-01&to=2020-01-02`);
      await expect(page.getByText("No runs match")).toBeVisible();
    },
  ],
  [
    "charts of a sync history, one as a table",
    async (page) => {
      await page.goto(`${home}/integrations`);
      await page.getByRole("list", { name: "Connected stores" }).getByRole("heading").getByRole("link").first().click();
      await page.getByRole("tab", { name: "Charts" }).click();
      const outcomes = page.getByRole("region", { name: "How runs ended", exact: true });
      await expect(outcomes.locator("svg")).toBeVisible();
      await page.getByRole("region", { name: "Duration", exact: true }).getByRole("button", { name: "Show as table" }).click();
      await expect(page.getByRole("table", { name: "Duration" })).toBeVisible();
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
    "what a full sync would cost",
    async (page) => {
      await page.goto(`${home}/integrations`);
      await page.getByRole("list", { name: "Connected stores" }).getByRole("heading").getByRole("link").first().click();
      await page.getByRole("button", { name: "Full sync…" }).click();
      await expect(page.getByRole("dialog").getByText(/^About .* calls to the store/)).toBeVisible();
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
      await expect(page.getByText("Loading…")).toHaveCount(0);
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
    "conflicts",
    async (page) => {
      await page.goto(`${home}/conflicts`);
      await expect(page.getByText("No conflicts", { exact: true })).toBeVisible();
    },
  ],
  [
    "conflicts that none matches",
    async (page) => {
      await page.goto(`${home}/conflicts?q=zzzz&status=all`);
      await expect(page.getByText("No conflict matches")).toBeVisible();
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
    "credentials of a store, with a fault",
    async (page) => {
      await openSettings(page, "Credentials");
      const secret = page.getByRole("group", { name: "Consumer secret" });
      await secret.getByRole("button", { name: "Replace" }).click();
      await page.getByRole("textbox", { name: "Store address" }).fill("nowhere");
      await page.getByRole("button", { name: "Test and save" }).click();
      await expect(page.getByRole("textbox", { name: "Store address" })).toHaveAttribute("aria-invalid", "true");
    },
  ],
  [
    "sync settings of a store",
    async (page) => {
      await openSettings(page, "Sync");
      await page.getByRole("radio", { name: "Daily" }).check();
      await expect(page.getByText("Unsaved changes")).toBeVisible();
    },
  ],
  [
    "webhooks of a store",
    async (page) => {
      await openSettings(page, "Webhooks", "Shopify");
      await expect(page.getByRole("heading", { name: "Deliveries" })).toBeVisible();
      await expect(page.getByText("Loading…")).toHaveCount(0);
    },
  ],
  [
    "advanced settings of a store, with faults",
    async (page) => {
      await openSettings(page, "Advanced");
      await page.getByLabel("Certificate in PEM form").fill("MIIB");
      await page.getByRole("button", { name: "Save" }).click();
      await expect(page.getByLabel("Certificate in PEM form")).toHaveAttribute("aria-invalid", "true");
    },
  ],
  [
    "leaving what is not saved",
    async (page) => {
      await openSettings(page, "Sync");
      await page.getByRole("radio", { name: "Daily" }).check();
      await page.getByRole("link", { name: "History" }).click();
      await expect(page.getByRole("dialog", { name: "Leave without saving?" })).toBeVisible();
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
