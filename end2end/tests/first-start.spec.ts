// The set-up page, and the console before there is a store.
import { expectNoFaults } from "../support/accessibility.ts";
import { OWNER, setUp } from "../support/people.ts";
import { expect, test } from "../support/store.ts";

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test("axe finds nothing on the set-up page and on a console without stores", async ({ page }) => {
      await page.goto("/setup");
      await expect(page.getByLabel("Your name")).toBeFocused();
      await expectNoFaults(page);
      await page.getByRole("button", { name: "Set up", exact: true }).click();
      await expect(page.getByLabel("Your name")).toHaveAttribute("aria-invalid", "true");
      await expectNoFaults(page);

      await setUp(page);
      await expect(page.getByRole("heading", { name: "Connect your first store" })).toBeVisible();
      await page.getByRole("button", { name: "Dismiss" }).click();
      await expectNoFaults(page);
      await page.goto(`/p/${OWNER.slug}/products`);
      await expect(page.getByText("No products yet")).toBeVisible();
      await expectNoFaults(page);
    });
  });
}

test("bad input is said under its field, and the rest stays", async ({ page }) => {
  await page.goto("/setup");
  await page.getByLabel("Your name").fill(OWNER.name);
  await page.getByLabel("Email").fill("not an address");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByLabel("Business name").fill("Größe & Söhne");
  await page.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(page.getByLabel("Email")).toBeFocused();
  await expect(page.getByLabel("Email")).toHaveAccessibleDescription(/you@shop\.example/);
  await expect(page.getByLabel("Password", { exact: true })).toHaveAccessibleDescription(/at least 10 characters/);
  await expect(page.getByLabel("Your name")).toHaveValue(OWNER.name);
  await expect(page.getByLabel("Business name")).toHaveValue("Größe & Söhne");
});

test("there is one owner: the set-up page leads to sign-in afterwards", async ({ page }) => {
  await setUp(page);
  await page.context().clearCookies();
  await page.goto("/setup");
  await expect(page).toHaveURL("/sign-in");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});
