import { DEMO, openConnect, signIn } from "../support/people.ts";
import { expect, test } from "../support/server.ts";
import { startVendure } from "../support/vendure.ts";
import type { Page } from "@playwright/test";

test.use({ serverOptions: { arguments: ["--demo"], env: { OUTBOUND_ALLOW: "127.0.0.1" } } });
const out = "/tmp/su-shots";

async function open(page: Page, platform: string) {
  await page.goto(`/p/${DEMO.slug}/integrations`);
  const card = page.getByRole("article").filter({ has: page.getByRole("heading", { name: platform, level: 2 }) });
  await card.getByRole("button", { name: /^More for/ }).first().click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await expect(page.getByRole("tabpanel", { name: "Sync" })).toBeVisible();
}

test("shots", async ({ page, isMobile }) => {
  test.setTimeout(400_000);
  const size = isMobile ? "360" : "1440";
  await page.goto("/sign-in");
  await signIn(page, DEMO);
  const vendure = process.env.DATABASE_URL ? await startVendure() : undefined;
  if (vendure) {
    const dialog = await openConnect(page, "Vendure");
    await dialog.getByRole("textbox", { name: "Address" }).fill(vendure.url);
    await dialog.getByRole("textbox", { name: "Username" }).fill(vendure.username);
    await dialog.getByLabel("Password", { exact: true }).fill(vendure.password);
    await dialog.getByRole("button", { name: "Connect", exact: true }).click();
    await expect(dialog).toBeHidden();
  }
  for (const platform of ["WooCommerce", "Shopify", "Amazon", ...(vendure ? ["Vendure"] : [])]) {
    await open(page, platform);
    const base = page.url();
    for (const scheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const tab of ["sync", "credentials", "webhooks", "advanced"]) {
        if (tab === "webhooks" && ["Amazon", "Vendure"].includes(platform)) continue;
        if (scheme === "dark" && platform !== "WooCommerce") continue;
        await page.goto(`${base}/${tab}`);
        await expect(page.getByRole("tabpanel")).toBeVisible();
        await page.waitForTimeout(400);
        await page.screenshot({ path: `${out}/${platform}-${tab}-${size}-${scheme}.png`, fullPage: true });
      }
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await open(page, "WooCommerce");
  const url = page.url();
  await page.getByRole("radio", { name: "Daily" }).check();
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${out}/dirty-sync-${size}.png` });
  await page.getByRole("tab", { name: "Credentials" }).click();
  await page.getByRole("group", { name: "Consumer secret" }).getByRole("button", { name: "Replace" }).click();
  await page.getByRole("group", { name: "Consumer secret" }).getByLabel("Consumer secret", { exact: true }).fill("cs_wrong");
  await page.getByRole("button", { name: "Test and save" }).click();
  await page.getByRole("alert").first().waitFor();
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${out}/refused-${size}.png`, fullPage: true });
  await page.getByRole("link", { name: "History" }).click();
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${out}/leave-${size}.png` });
  await page.getByRole("button", { name: "Leave without saving" }).click();
  await page.goto(url);
  const other = await page.context().newPage();
  await other.goto(url);
  await page.getByRole("radio", { name: "Daily" }).check();
  await page.getByRole("switch").first().uncheck();
  await other.getByRole("radio", { name: "Every 6 hours" }).check();
  await other.getByRole("radio", { name: "Calibr" }).check();
  await other.getByRole("button", { name: "Save" }).click();
  await page.getByText("meanwhile").waitFor();
  await page.screenshot({ path: `${out}/overtaken-${size}.png` });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").getByText("Keep mine").first().waitFor();
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${out}/conflict-${size}.png` });
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("tab", { name: "Advanced" }).click();
  await page.getByRole("button", { name: "Full resync" }).click();
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${out}/resync-${size}.png` });
  await vendure?.stop();
});
