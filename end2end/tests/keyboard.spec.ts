// All of it without a mouse.
import { DEMO, signIn } from "../support/people.ts";
import { expect, test } from "../support/server.ts";

test.use({ serverOptions: { arguments: ["--demo"] } });

test.beforeEach(async ({ page }) => {
  await page.goto("/sign-in");
  await signIn(page, DEMO);
});

test("the palette opens by Ctrl K, finds by a few letters and gives the focus back", async ({ page }) => {
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Find anything" });
  const input = palette.getByRole("combobox");
  await expect(input).toBeFocused();

  await input.pressSequentially("prod");
  const options = palette.getByRole("option");
  await expect(options.first()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("ArrowDown");
  await expect(options.nth(1)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(palette).toBeHidden();
  const heading = page.getByRole("heading", { name: "Products", level: 1 });
  await expect(heading).toBeFocused();

  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
  await expect(heading).toBeFocused();
});

test("a dialog holds the focus and gives it back to where it was opened", async ({ page }) => {
  const opener = page.getByRole("button", { name: "Connect Vendure", exact: true });
  await opener.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Connect Vendure" });
  await expect(dialog.getByRole("textbox", { name: "Address" })).toBeFocused();
  for (let step = 0; step < 24; step += 1) {
    await page.keyboard.press("Tab");
    const outside = await page.evaluate(() => {
      const here = document.activeElement;
      return here !== null && here !== document.body && here.closest("dialog") === null;
    });
    expect(outside, "the focus left the dialog").toBe(false);
  }
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
});

test("a menu goes by arrows and gives the focus back", async ({ page }) => {
  const opener = page.getByRole("button", { name: /^More for/ }).first();
  await opener.focus();
  await page.keyboard.press("Enter");
  const items = page.getByRole("menuitem");
  await expect(items.first()).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(items.nth(1)).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(opener).toBeFocused();
});

test("the first stop of a page leads past the navigation", async ({ page }) => {
  await page.goto(`/p/${DEMO.slug}/products`);
  await expect(page.getByRole("table", { name: "Products" })).toBeVisible();
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});
