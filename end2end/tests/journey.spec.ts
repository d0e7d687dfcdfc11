// A merchant's first day: from a console nobody has set up to a catalogue that
// can be searched.
import { OWNER, expectSynced, openConnect, setUp, signIn, storeRow } from "../support/people.ts";
import { SHOP, expect, test } from "../support/store.ts";

test("sets up, signs in, connects a store by its consent page and finds its products", async ({ page, store }) => {
  await setUp(page);

  await test.step("out and in again", async () => {
    await page.getByRole("button", { name: "Account" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await signIn(page, OWNER);
  });

  // The export comes late, so that there is something to watch.
  await store.shopify.strike({ kind: "slow", delay_milliseconds: 3_000, target: "file", times: 1 });

  await test.step("connect by consent", async () => {
    const dialog = await openConnect(page, "Shopify");
    await dialog.getByRole("textbox", { name: "Store address" }).fill(SHOP);
    await dialog.getByRole("button", { name: "Continue to Shopify" }).click();
    await page.getByRole("button", { name: "Install" }).click();
    await expect(page).toHaveURL(new RegExp(`/p/${OWNER.slug}/integrations`));
    await expect(page.getByText(/is connected$/)).toBeVisible();
  });

  await test.step("watch the first sync, live", async () => {
    const row = storeRow(page, "sandbox");
    await expect(row.getByRole("progressbar")).toBeVisible();
    await expect(row.getByText("Syncing", { exact: true })).toBeVisible();
    await expectSynced(row, String(store.variants));
    await expect(row.getByText("Connected", { exact: true })).toBeVisible();
  });

  await test.step("its course stands in the history", async () => {
    await storeRow(page, "sandbox").getByRole("link", { name: "sandbox" }).click();
    await expect(page.getByRole("heading", { name: "Sync history" })).toBeVisible();
    await page.getByRole("row").filter({ hasText: "Success" }).getByRole("link").click();
    await expect(page.getByRole("heading", { name: "Sync run" })).toBeVisible();
    await expect(page.getByRole("list", { name: "Phases" }).or(page.getByText("Timeline"))).toBeVisible();
    await expect(page.getByText("Nothing failed")).toBeVisible();
  });

  await test.step("page through the catalogue and search it", async () => {
    await page.goto(`/p/${OWNER.slug}/products`);
    const rows = page.getByRole("table", { name: "Products" }).getByRole("link");
    await expect(rows).toHaveCount(50);
    const first = (await rows.first().textContent()) ?? "";
    const pages = page.getByRole("navigation", { name: "Pages of products" });
    await pages.getByRole("button", { name: "Next" }).click();
    await expect(rows.first()).not.toHaveText(first);
    await expect(page).toHaveURL(/cursor=/);
    await pages.getByRole("button", { name: "Previous" }).click();
    await expect(rows.first()).toHaveText(first);

    const search = page.getByRole("searchbox", { name: "Search products" });
    await search.fill(first);
    await expect(page).toHaveURL(/\?q=/);
    await expect(rows.first()).toHaveText(first);
    await expect(pages).toBeHidden();
    await search.fill("no such thing anywhere");
    await expect(page.getByText("No product fits")).toBeVisible();
    await search.fill("");
    await expect(rows).toHaveCount(50);
  });

  await test.step("one product, with its prices", async () => {
    await page.getByRole("table", { name: "Products" }).getByRole("link").first().click();
    const listings = page.getByRole("table").first();
    await expect(listings.getByRole("row").nth(1)).toContainText(/€\d/);
    await page.goBack();
    await expect(page.getByRole("heading", { name: "Products" })).toBeVisible();
  });
});

test("an address that one is not signed in for is come back to after signing in", async ({ page }) => {
  await setUp(page);
  await page.context().clearCookies();
  await page.goto(`/p/${OWNER.slug}/products?state=draft`);
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "email address and password" })).toBeVisible();
  await expect(page.getByLabel("Email")).toHaveValue(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`/p/${OWNER.slug}/products?state=draft`);
  await expect(page.getByRole("heading", { name: "Products" })).toBeVisible();
});
