// What a platform would make of prices, before any is sent.
import { expectNoFaults } from "../support/accessibility.ts";
import { figure, home, priceLine } from "../support/pages.ts";
import { expectSynced, openConnect, setUp, storeRow } from "../support/people.ts";
import { REFRESH_TOKEN, SELLER, expect, test } from "../support/store.ts";

test.beforeEach(async ({ page }) => setUp(page));

test("Amazon says beforehand which prices it would take; those it would not are left out", async ({ page, store }) => {
  const connect = await openConnect(page, "Amazon");
  await connect.getByRole("tab", { name: "By hand" }).click();
  await connect.getByRole("textbox", { name: "Amazon store" }).fill("amazon.de");
  await connect.getByRole("textbox", { name: "Seller id" }).fill(SELLER);
  await connect.getByLabel("Refresh token", { exact: true }).fill(REFRESH_TOKEN);
  await connect.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(connect).toBeHidden();
  await expectSynced(storeRow(page, /on amazon\.de$/), String(store.variants));
  const [first, second, third] = await store.amazon.goods();
  const times = (price: string, factor: number) => (Number(price) * factor).toFixed(2);

  await page.goto(`${home}/prices/new`);
  const table = page.getByRole("textbox", { name: "SKU and price on each line" });
  const lines = [
    `${first.sku}\t${times(first.price, 1.1)}`,
    `${second.sku}\t${times(second.price, 7)}`,
    `${third.sku}\t${third.price}\t${times(third.price, 2)}`,
  ];
  await table.fill(lines.join("\n"));
  await page.getByRole("button", { name: "Preview" }).click();

  await test.step("what Amazon never takes is told at once", async () => {
    await expect(figure(page, "Refused")).toHaveText("1");
    await expect(priceLine(page, third.sku)).toContainText("Amazon takes no struck-through price");
  });

  await test.step("the rest is checked, and nothing is sent", async () => {
    await expect(page.getByText("Amazon can check 2 prices before they are sent")).toBeVisible();
    await page.getByRole("button", { name: "Check with Amazon" }).click();
    const check = page.getByRole("region", { name: "Check with the platform" });
    await expect(check).toContainText("1 accepted in the trial, 1 refused", { timeout: 30_000 });
    await expect(check.getByRole("button", { name: "Check again" })).toBeVisible();
    await expect(priceLine(page, first.sku)).toContainText("Accepted in the trial");
    await page.getByRole("button", { name: "Refused in the trial 1" }).click();
    await expect(priceLine(page, first.sku)).toBeHidden();
    await expect(priceLine(page, second.sku)).toContainText("Amazon would not take the price: Error 18320");
    expect(await store.amazon.prices()).toEqual({ tried: 2, sent: 0 });
    await expectNoFaults(page);
  });

  await test.step("what was refused is left out, unless a person says otherwise", async () => {
    await page.getByRole("button", { name: "Apply 1 price" }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog).toContainText("1 price was refused in the trial. It is left out.");
    const all = dialog.getByRole("checkbox", { name: "Send them all the same" });
    await all.check();
    await expect(dialog.getByRole("button", { name: "Apply 2 prices" })).toBeVisible();
    await expectNoFaults(page);
    await all.uncheck();
    await dialog.getByRole("button", { name: "Apply 1 price" }).click();
    await expect(figure(page, "Accepted")).toHaveText("1", { timeout: 30_000 });
    await expect(priceLine(page, second.sku)).toContainText("Left out, since it was refused in the trial");
    expect(await store.amazon.prices()).toEqual({ tried: 2, sent: 1 });
  });
});
