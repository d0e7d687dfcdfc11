// Connecting and disconnecting, with everything that goes wrong on the way.
import {
  OWNER,
  connectByHand,
  expectSynced,
  openConnect,
  setUp,
  storeRow,
} from "../support/people.ts";
import { openProduct } from "../support/pages.ts";
import { READING_TOKEN, SHOP, TOKEN, expect, test } from "../support/store.ts";

test.beforeEach(async ({ page }) => setUp(page));

test("by hand: what is wrong is said, nothing typed is lost, and then it works", async ({ page, store }) => {
  const dialog = await openConnect(page, "Shopify");
  await dialog.getByRole("tab", { name: "By hand" }).click();
  const shop = dialog.getByRole("textbox", { name: "Store address" });
  const token = dialog.getByLabel("Admin API access token", { exact: true });
  const name = dialog.getByRole("textbox", { name: "Name in this console" });
  const connect = dialog.getByRole("button", { name: "Connect", exact: true });

  await connect.click();
  await expect(shop).toHaveAttribute("aria-invalid", "true");
  await expect(shop).toBeFocused();
  await expect(token).toHaveAttribute("aria-invalid", "true");

  await shop.fill("https://acme.example/admin");
  await token.fill("shpat_wrong");
  await name.fill("Our shop 🏔️");
  await connect.click();
  await expect(dialog.getByText("acme.example is the address that customers see")).toBeVisible();

  await shop.fill(SHOP);
  await dialog.getByRole("button", { name: "Test connection" }).click();
  await expect(dialog.getByText("The connection does not work")).toBeVisible();
  await connect.click();
  await expect(dialog.getByText(/does not accept these credentials/).first()).toBeVisible();

  // Closed and opened again, it holds what was typed.
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await openConnect(page, "Shopify");
  await dialog.getByRole("tab", { name: "By hand" }).click();
  await expect(shop).toHaveValue(SHOP);
  await expect(token).toHaveValue("shpat_wrong");
  await expect(name).toHaveValue("Our shop 🏔️");

  await token.fill(TOKEN);
  await dialog.getByRole("button", { name: "Test connection" }).click();
  await expect(dialog.getByText("The connection works")).toBeVisible();
  await connect.click();
  await expect(dialog).toBeHidden();
  await expectSynced(storeRow(page, "Our shop 🏔️"), String(store.variants));
});

test("by hand: what the token does not allow is said; a second time the store is refused", async ({ page, store }) => {
  await connectByHand(page, READING_TOKEN);
  const row = storeRow(page, "sandbox");
  await expectSynced(row, String(store.variants));
  await expect(row.getByText(/^Its orders cannot be read/)).toBeVisible();
  const [good] = await store.shopify.goods();
  await openProduct(page, good);
  await expect(page.getByText(/^Its orders cannot be read\..*read_orders/)).toBeVisible();
  await page.goto(`/p/${OWNER.slug}/integrations`);
  await page.getByRole("button", { name: "Connect another" }).click();
  const dialog = page.getByRole("dialog", { name: "Connect Shopify" });
  await dialog.getByRole("tab", { name: "By hand" }).click();
  await dialog.getByRole("textbox", { name: "Store address" }).fill(SHOP);
  await dialog.getByLabel("Admin API access token", { exact: true }).fill(TOKEN);
  await dialog.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(dialog.getByText(/connected already|already connected/i)).toBeVisible();
});

test("by consent: declining it connects nothing and says so", async ({ page }) => {
  const dialog = await openConnect(page, "Shopify");
  await dialog.getByRole("textbox", { name: "Store address" }).fill(SHOP);
  await dialog.getByRole("button", { name: "Continue to Shopify" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();

  const message = page.getByRole("alert").filter({ hasText: "The store was not connected" });
  await expect(message).toContainText("You declined the connection");
  await expect(page.getByRole("button", { name: "Connect Shopify", exact: true })).toBeVisible();
  await message.getByRole("button", { name: "Dismiss" }).click();
  await expect(message).toBeHidden();
  await expect(page).toHaveURL(`/p/${OWNER.slug}/integrations`);
});

test("by consent: an answer that comes a second time changes nothing", async ({ page, store }) => {
  const dialog = await openConnect(page, "Shopify");
  await dialog.getByRole("textbox", { name: "Store address" }).fill(SHOP);
  await dialog.getByRole("button", { name: "Continue to Shopify" }).click();
  const callback = page.waitForRequest(/\/api\/oauth\/shopify\/callback/);
  await page.getByRole("button", { name: "Install" }).click();
  const answer = (await callback).url();
  await expectSynced(storeRow(page, "sandbox"), String(store.variants));

  await page.goto(answer);
  await expect(page.getByRole("alert").filter({ hasText: "The store was not connected" })).toBeVisible();
  await expect(storeRow(page, "sandbox").getByText("Connected", { exact: true })).toBeVisible();
});

test("a second sync while one runs says so, and a running one can be cancelled", async ({ page, context, store }) => {
  await connectByHand(page);
  const row = storeRow(page, "sandbox");
  await expectSynced(row, String(store.variants));

  // A page that hears nothing yet of what happens still offers to sync.
  const deaf = await context.newPage();
  let hear = () => {};
  const hears = new Promise<void>((resolve) => (hear = resolve));
  await deaf.route("**/events", async (route) => {
    await hears;
    await route.continue();
  });
  await deaf.goto(`/p/${OWNER.slug}/integrations`);
  const stale = storeRow(deaf, "sandbox").getByRole("button", { name: "Sync now" });
  await expect(stale).toBeVisible();

  await store.shopify.strike({ kind: "slow", delay_milliseconds: 20_000, target: "any", times: 1 });
  await row.getByRole("button", { name: "Sync now" }).click();
  await expect(row.getByRole("progressbar")).toBeVisible();

  await stale.click();
  await expect(deaf.getByRole("alert").filter({ hasText: "The sync could not be started" })).toBeVisible();
  await expect(storeRow(deaf, "sandbox").getByRole("button", { name: "Cancel" })).toBeVisible();

  await row.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByText("The sync is being stopped")).toBeVisible();
  await expect(row.getByRole("progressbar")).toBeHidden({ timeout: 30_000 });
  await expect(row.getByRole("button", { name: "Sync now" })).toBeVisible();

  // Once it hears, it makes up for what it has missed.
  await expect(storeRow(deaf, "sandbox").getByRole("button", { name: "Cancel" })).toBeVisible();
  hear();
  await expect(storeRow(deaf, "sandbox").getByRole("button", { name: "Sync now" })).toBeVisible();
});

test("disconnecting asks for the name, and keeps the products", async ({ page, store }) => {
  await connectByHand(page);
  const row = storeRow(page, "sandbox");
  await expectSynced(row, String(store.variants));

  await row.getByRole("button", { name: "More for sandbox" }).click();
  await page.getByRole("menuitem", { name: "Disconnect" }).click();
  const dialog = page.getByRole("dialog", { name: "Disconnect sandbox?" });
  const confirm = dialog.getByRole("button", { name: "Disconnect", exact: true });
  await expect(confirm).toHaveAttribute("aria-disabled", "true");
  await dialog.getByRole("textbox").fill("sand");
  await expect(confirm).toHaveAttribute("aria-disabled", "true");
  await dialog.getByRole("textbox").fill("sandbox");
  await confirm.click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("sandbox is disconnected")).toBeVisible();
  await expect(row.getByText("Disconnected", { exact: true })).toBeVisible();

  await page.goto(`/p/${OWNER.slug}/products`);
  await expect(page.getByRole("table", { name: "Products" }).getByRole("link")).toHaveCount(50);
});

test("a store that names items it cannot deliver ends partial, and says which", async ({ page, store }) => {
  await store.shopify.strike({ kind: "malformed_lines", lines: [3, 40], target: "file", times: 1 });
  await connectByHand(page);
  const row = storeRow(page, "sandbox");
  await expect(row.getByText("Last sync partial")).toBeVisible({ timeout: 30_000 });
  await row.getByRole("link", { name: "sandbox" }).click();
  await page.getByRole("row").filter({ hasText: "Partial" }).getByRole("link").click();
  const failures = page.getByRole("table", { name: "Items that could not be synced" });
  // What hangs on a lost product is lost with it, and says so, too.
  await expect(failures.getByRole("row").filter({ hasText: "malformed_record" })).toHaveCount(2);
  await expect(page.getByRole("button", { name: "Run again" })).toBeVisible();
});

test("a store whose access was revoked says so, and is connected anew by consent", async ({ page, store }) => {
  await connectByHand(page);
  const row = storeRow(page, "sandbox");
  await expectSynced(row, String(store.variants));

  await store.shopify.revoke();
  await row.getByRole("button", { name: "Sync now" }).click();
  await expect(row.getByText("Access expired")).toBeVisible({ timeout: 30_000 });
  await expect(row.getByText("no longer accepts the saved credentials")).toBeVisible();

  await row.getByRole("link", { name: "sandbox" }).click();
  await expect(page.getByRole("heading", { name: "Sync history" })).toBeVisible();
  await page.getByRole("button", { name: "Reconnect" }).click();
  const dialog = page.getByRole("dialog", { name: "Reconnect sandbox" });
  await expect(dialog.getByRole("textbox", { name: "Store address" })).toHaveValue(SHOP);
  await dialog.getByRole("button", { name: "Continue to Shopify" }).click();
  await page.getByRole("button", { name: "Install" }).click();
  await expectSynced(row, String(store.variants));
  await expect(row.getByText("Connected", { exact: true })).toBeVisible();
  await expect(row).toHaveCount(1);
});
