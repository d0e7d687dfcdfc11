// A seller on Amazon: what goes wrong on the way, and connected by hand.
import { OWNER, expectSynced, openConnect, setUp, storeRow } from "../support/people.ts";
import { REFRESH_TOKEN, SELLER, expect, test } from "../support/store.ts";

const NAME = /on amazon\.de$/;

test.beforeEach(async ({ page }) => setUp(page));

test("by consent: declining it connects nothing and says so", async ({ page }) => {
  const dialog = await openConnect(page, "Amazon");
  await dialog.getByRole("textbox", { name: "Amazon store" }).fill("DE");
  await dialog.getByRole("button", { name: "Continue to Amazon" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  const message = page.getByRole("alert").filter({ hasText: "The store was not connected" });
  await expect(message).toContainText("declined on Amazon's page");
  await expect(page.getByRole("button", { name: "Connect Amazon", exact: true })).toBeVisible();
});

test("by hand: what is wrong is said, and then it works", async ({ page, store }) => {
  const dialog = await openConnect(page, "Amazon");
  await dialog.getByRole("tab", { name: "By hand" }).click();
  const seller = dialog.getByRole("textbox", { name: "Seller id" });
  const token = dialog.getByLabel("Refresh token", { exact: true });
  const connect = dialog.getByRole("button", { name: "Connect", exact: true });
  await dialog.getByRole("textbox", { name: "Amazon store" }).fill("www.amazon.de");
  await connect.click();
  await expect(seller).toHaveAttribute("aria-invalid", "true");
  await expect(token).toHaveAttribute("aria-invalid", "true");

  await seller.fill("B1");
  await token.fill("Atzr|another");
  await connect.click();
  await expect(dialog.getByText(/is not a seller id/).first()).toBeVisible();
  await seller.fill(SELLER.toLowerCase());
  await dialog.getByRole("button", { name: "Test connection" }).click();
  await expect(dialog.getByText("The connection does not work")).toBeVisible();
  await expect(token).toHaveValue("Atzr|another");

  await token.fill(REFRESH_TOKEN);
  await dialog.getByRole("button", { name: "Test connection" }).click();
  await expect(dialog.getByText("The connection works")).toBeVisible();
  await connect.click();
  await expect(dialog).toBeHidden();
  await expectSynced(storeRow(page, NAME), String(store.variants));
});
