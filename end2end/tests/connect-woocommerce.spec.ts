// A WooCommerce store, connected both ways.
import { OWNER, expectSynced, openConnect, setUp, storeRow } from "../support/people.ts";
import { CONSUMER_KEY, CONSUMER_SECRET, expect, test } from "../support/store.ts";

const NAME = "Sandbox Store";

test.beforeEach(async ({ page }) => setUp(page));

test("by consent: the store hands its keys over, and the products arrive", async ({ page, store }) => {
  const dialog = await openConnect(page, "WooCommerce");
  await dialog.getByRole("textbox", { name: "Store address" }).fill(`${store.woocommerce.url}/wp-admin/`);
  await dialog.getByRole("button", { name: "Continue to WooCommerce" }).click();
  await expect(page.getByRole("heading", { name: "Calibr Console would like to connect to your store" })).toBeVisible();
  const callback = page.waitForRequest(/\/api\/oauth\/woocommerce\/callback/);
  await page.getByRole("button", { name: "Approve" }).click();
  const answer = (await callback).url();

  const row = storeRow(page, NAME);
  await expect(row.getByText("Connected", { exact: true })).toBeVisible();
  await expectSynced(row, String(store.variants));
  await expect(page).toHaveURL(`/p/${OWNER.slug}/integrations`);

  // The answer is good once.
  await page.goto(answer);
  await expect(page.getByRole("alert").filter({ hasText: "The store was not connected" })).toBeVisible();
  await expect(row.getByText("Connected", { exact: true })).toBeVisible();
});

test("by consent: declining it connects nothing and says so", async ({ page, store }) => {
  const dialog = await openConnect(page, "WooCommerce");
  await dialog.getByRole("textbox", { name: "Store address" }).fill(store.woocommerce.url);
  await dialog.getByRole("button", { name: "Continue to WooCommerce" }).click();
  await page.getByRole("link", { name: "Deny" }).click();
  const message = page.getByRole("alert").filter({ hasText: "The store was not connected" });
  await expect(message).toContainText("You declined the connection");
  await expect(page.getByRole("button", { name: "Connect WooCommerce", exact: true })).toBeVisible();
});

test("by hand: what is wrong is said, and then it works", async ({ page, store }) => {
  const dialog = await openConnect(page, "WooCommerce");
  await dialog.getByRole("tab", { name: "By hand" }).click();
  const address = dialog.getByRole("textbox", { name: "Store address" });
  const secret = dialog.getByLabel("Consumer secret", { exact: true });
  const connect = dialog.getByRole("button", { name: "Connect", exact: true });
  await connect.click();
  await expect(address).toHaveAttribute("aria-invalid", "true");

  await address.fill("http://shop.example");
  await dialog.getByLabel("Consumer key", { exact: true }).fill(CONSUMER_KEY);
  await secret.fill("cs_wrong");
  await connect.click();
  await expect(dialog.getByText(/sends a store's keys over https/).first()).toBeVisible();
  await address.fill(store.woocommerce.url);
  await dialog.getByRole("button", { name: "Test connection" }).click();
  await expect(dialog.getByText("The connection does not work")).toBeVisible();
  await expect(dialog.getByText(/does not accept the consumer key/).first()).toBeVisible();

  await secret.fill(CONSUMER_SECRET);
  await dialog.getByRole("button", { name: "Test connection" }).click();
  await expect(dialog.getByText("The connection works")).toBeVisible();
  await connect.click();
  await expect(dialog).toBeHidden();
  await expectSynced(storeRow(page, NAME), String(store.variants));
});
