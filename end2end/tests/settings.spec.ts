// The settings of a store: four tabs, one form, and what keeps anything from being lost.
import type { Browser, Locator, Page } from "@playwright/test";
import { OWNER, atAnotherScreen, connectWooCommerce, setUp, storeRow } from "../support/people.ts";
import { CONSUMER_SECRET, expect, test } from "../support/store.ts";

const NAME = "Sandbox Store";

test.beforeEach(async ({ page, store }) => {
  await setUp(page);
  await connectWooCommerce(page, store);
  await openSettings(page);
});

async function openSettings(page: Page): Promise<void> {
  await storeRow(page, NAME).getByRole("button", { name: /^More for/ }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  await expect(panel(page, "Sync")).toBeVisible();
}

const panel = (page: Page, tab: string): Locator => page.getByRole("tabpanel", { name: tab });
const tab = (page: Page, name: string): Locator => page.getByRole("tab", { name, exact: true });
const bar = (page: Page): Locator => page.getByRole("status").filter({ hasText: "Unsaved changes" });
const frequency = (page: Page, words: string): Locator => page.getByRole("radio", { name: words, exact: true });
const nextRun = (page: Page): Locator =>
  page.getByRole("term").filter({ hasText: "Next run" }).locator("xpath=following-sibling::dd");
const saved = (page: Page): Locator => page.getByText("Settings saved").first();

async function save(page: Page): Promise<void> {
  await bar(page).getByRole("button", { name: "Save" }).click();
  await expect(bar(page)).toBeHidden();
}

/** The same person at another screen, on the same page. */
async function another(browser: Browser, page: Page): Promise<Page> {
  const other = await atAnotherScreen(browser, page);
  await expect(panel(other, "Sync")).toBeVisible();
  return other;
}

test("each tab has an address of its own, and keys lead from one to the next", async ({ page }) => {
  const home = new URL(page.url()).pathname.replace(/\/settings.*/, "");
  for (const [name, content] of [
    ["Credentials", page.getByRole("group", { name: "Consumer key" })],
    ["Webhooks", page.getByRole("heading", { name: "Deliveries" })],
    ["Advanced", page.getByRole("textbox", { name: "Name in this console" })],
    ["Sync", page.getByRole("group", { name: "How often" })],
  ] as const) {
    await tab(page, name).click();
    await expect(page).toHaveURL(`${home}/settings/${name.toLowerCase()}`);
    await expect(content).toBeVisible();
    await expect(tab(page, name)).toHaveAttribute("aria-selected", "true");
  }
  await page.goBack();
  await expect(panel(page, "Advanced")).toBeVisible();
  await page.reload();
  await expect(panel(page, "Advanced")).toBeVisible();
  await expect(page).toHaveTitle(/Settings · Advanced/);

  await tab(page, "Advanced").focus();
  await page.keyboard.press("ArrowLeft");
  await expect(panel(page, "Webhooks")).toBeVisible();
  await expect(tab(page, "Webhooks")).toBeFocused();
  await page.keyboard.press("Home");
  await expect(tab(page, "Credentials")).toBeFocused();

  await page.goto(`${home}/webhooks`);
  await expect(page.getByRole("heading", { name: "Webhooks", level: 1 })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Subscriptions" })).toBeVisible();
});

test("a schedule that is set says when the next run will be", async ({ page }) => {
  await expect(nextRun(page)).toContainText(/^in (\d+ minutes|1 hour)/);
  await frequency(page, "Daily").check();
  const time = page.getByLabel("Time of day");
  await time.fill("");
  await bar(page).getByRole("button", { name: "Save" }).click();
  await expect(time).toHaveAttribute("aria-invalid", "true");
  await expect(time).toBeFocused();
  await time.fill("02:30");
  await expect(nextRun(page)).toContainText("Set anew when you save");
  await page.keyboard.press("Control+s");
  await expect(saved(page)).toBeVisible();
  await expect(bar(page)).toBeHidden();
  // Within ten minutes of it, by the clock of Berlin.
  await expect(nextRun(page)).toContainText(/02:3\d (CET|CEST|GMT\+\d)/);

  await nextRun(page).locator("xpath=ancestor::dl/..").getByRole("button", { name: "Pause" }).click();
  await expect(nextRun(page)).toContainText("Paused");
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(nextRun(page)).toContainText(/02:3\d/);

  await page.goto(`/p/${OWNER.slug}/integrations`);
  const next = storeRow(page, NAME).getByRole("term").filter({ hasText: "Next sync" });
  await expect(next.locator("xpath=following-sibling::dd")).toContainText(/^in \d+ (hour|minute)/);

  await openSettings(page);
  await expect(frequency(page, "Daily")).toBeChecked();
  await frequency(page, "By hand").check();
  await save(page);
  await expect(nextRun(page)).toContainText("When somebody starts it");
});

test("credentials are tried before they are saved, and never shown", async ({ page }) => {
  await tab(page, "Credentials").click();
  const secret = page.getByRole("group", { name: "Consumer secret" });
  await expect(secret).toContainText(`Set, ends in …${CONSUMER_SECRET.slice(-4)} · saved by ${OWNER.name}`);
  await expect(page.getByText(CONSUMER_SECRET)).toBeHidden();

  await secret.getByRole("button", { name: "Replace" }).click();
  const input = secret.getByLabel("Consumer secret", { exact: true });
  await expect(input).toBeFocused();
  await expect(input).toHaveValue("");
  const wrong = "cs_9999999999999999999999999999999999999999";
  await input.fill(wrong);
  const save = bar(page).getByRole("button", { name: "Test and save" });
  await save.click();
  const refusal = page.getByRole("alert").filter({ hasText: "Nothing was saved" });
  await expect(refusal).toContainText("does not accept the consumer key");
  await expect(input).toHaveValue(wrong);

  // What was typed outlasts a look at another tab.
  await tab(page, "Sync").click();
  await expect(bar(page)).toContainText("in credentials");
  await tab(page, "Credentials").click();
  await expect(input).toHaveValue(wrong);

  await input.fill(CONSUMER_SECRET);
  await save.click();
  await expect(page.getByText("Credentials saved")).toBeVisible();
  await expect(bar(page)).toBeHidden();
  await expect(refusal).toBeHidden();
  await expect(secret).toContainText("saved by");

  await page.getByRole("button", { name: "Test connection" }).click();
  await expect(page.getByText("The connection works")).toBeVisible();

  const address = page.getByRole("textbox", { name: "Store address" });
  await address.fill("not an address");
  await save.click();
  await expect(address).toHaveAttribute("aria-invalid", "true");
  await bar(page).getByRole("button", { name: "Discard" }).click();
  await expect(address).toHaveValue(/\/woo/);
});

test("how a store is called keeps to the platform's bounds", async ({ page }) => {
  await tab(page, "Advanced").click();
  const size = page.getByLabel("Records in one call");
  await expect(size).toHaveAttribute("placeholder", "100");
  await size.fill("101");
  await page.getByLabel("Certificate in PEM form").fill("MIIB");
  await tab(page, "Sync").click();
  await bar(page).getByRole("button", { name: "Save" }).click();
  // The fault is on the other tab: it is led to.
  await expect(size).toBeFocused();
  await expect(page.getByText("The page size is a whole number from 1 to 100")).toBeVisible();
  await expect(page.getByText("Paste the certificate in PEM form")).toBeVisible();

  await size.fill("50");
  await page.getByLabel("Certificate in PEM form").fill("");
  await page.getByRole("textbox", { name: "Name in this console" }).fill("Outdoor shop 🏔️");
  await page.getByRole("switch", { name: "Send no prices" }).check();
  await save(page);
  await expect(page.getByText("Outdoor shop 🏔️").first()).toBeVisible();

  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export settings" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^woocommerce-settings-.*\.json$/);
  const content = JSON.parse(await text(file)) as { settings: { name: string; tuning: object } };
  expect(content.settings).toMatchObject({ name: "Outdoor shop 🏔️", tuning: { page_size: 50 }, dry_run: true });

  await page.getByRole("button", { name: "Full resync" }).click();
  const dialog = page.getByRole("dialog", { name: "Full sync of Outdoor shop 🏔️" });
  await expect(dialog).toContainText("What it no longer has is marked as gone");
  await expect(dialog.getByText(/^About \d+ calls to the store\.$/)).toBeVisible();
  await dialog.getByRole("button", { name: "Start sync" }).click();
  await page.getByRole("button", { name: "Show it" }).click();
  await expect(page.getByText("Timeline")).toBeVisible();
});

async function text(file: { createReadStream(): Promise<NodeJS.ReadableStream> }): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of await file.createReadStream()) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString("utf8");
}

for (const [keep, expected] of [
  ["Keep mine", "Every 6 hours"],
  ["Use theirs", "Daily"],
] as const) {
  test(`two people at once see both versions: ${keep.toLowerCase()}`, async ({ page, browser }) => {
    const other = await another(browser, page);
    await frequency(page, "Every 6 hours").check();
    await tab(page, "Advanced").click();
    await page.getByRole("textbox", { name: "Name in this console" }).fill("Mine");

    await frequency(other, "Daily").check();
    await other.getByRole("switch", { name: "Sync products by itself" }).uncheck();
    await save(other);

    // It is said quietly, and nothing typed goes.
    await expect(bar(page)).toContainText(`${OWNER.name} saved these settings meanwhile`);
    await bar(page).getByRole("button", { name: "Save" }).click();
    const both = page.getByRole("dialog", { name: `${OWNER.name} saved these settings first` });
    const pair = both.getByRole("group", { name: "How often" });
    await expect(pair.getByRole("radio", { name: "Keep mine Every 6 hours" })).not.toBeChecked();
    await expect(pair.getByRole("radio", { name: "Use theirs Daily" })).not.toBeChecked();
    await expect(both.getByRole("group", { name: "Name in this console" }).getByRole("radio", { name: "Keep mine" })).toBeChecked();
    await expect(both.getByRole("group", { name: "Sync products" }).getByRole("radio", { name: "Use theirs Off" })).toBeChecked();
    await expect(both.getByRole("group")).toHaveCount(3);

    await both.getByRole("button", { name: "Save" }).click();
    await expect(both.getByText("choose one for each")).toBeVisible();
    await pair.getByText(keep).click();
    await both.getByRole("button", { name: "Save" }).click();
    await expect(both).toBeHidden();
    await expect(bar(page)).toBeHidden();

    // Who changed nothing sees it without reloading.
    await expect(frequency(other, expected)).toBeChecked();
    await tab(other, "Advanced").click();
    await expect(other.getByRole("textbox", { name: "Name in this console" })).toHaveValue("Mine");
    await tab(page, "Sync").click();
    await expect(page.getByRole("switch", { name: "Sync products by itself" })).not.toBeChecked();
    await other.context().close();
  });
}

test("what is not saved is not left behind without a word", async ({ page, isMobile }) => {
  const question = page.getByRole("dialog", { name: "Leave without saving?" });
  const here = /\/settings$/;
  const stays = async () => {
    await question.getByRole("button", { name: "Stay" }).click();
    await expect(question).toBeHidden();
    await expect(page).toHaveURL(here);
    await expect(frequency(page, "Every 6 hours")).toBeChecked();
  };
  await frequency(page, "Every 6 hours").check();
  await expect(bar(page)).toBeVisible();

  await page.getByRole("link", { name: "History" }).click();
  await stays();
  await page.goBack();
  await stays();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find anything" }).fill("products");
  await page.keyboard.press("Enter");
  await stays();
  if (!isMobile) {
    const asked = page.waitForEvent("dialog");
    const closed = page.close({ runBeforeUnload: true });
    const dialog = await asked;
    expect(dialog.type()).toBe("beforeunload");
    await dialog.dismiss();
    await closed;
  }

  // Undone by hand, there is nothing to lose.
  await frequency(page, "Every hour").check();
  await expect(bar(page)).toBeHidden();
  await frequency(page, "Every 6 hours").check();
  await page.goBack();
  await question.getByRole("button", { name: "Leave without saving" }).click();
  await expect(page.getByRole("heading", { name: "Integrations", level: 1 })).toBeVisible();
  await openSettings(page);
  await expect(frequency(page, "Every hour")).toBeChecked();
});

test("who may not change settings reads them", async ({ page }) => {
  // Members cannot be added yet: what the server says of the owner's role is changed on its way.
  await page.route("**/api/fn/me", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace('"owner"', '"viewer"') });
  });
  await page.reload();
  await expect(page.getByText("You can look at these settings.")).toBeVisible();
  await expect(frequency(page, "Every hour")).toBeDisabled();
  await expect(frequency(page, "Every hour")).toBeChecked();
  await tab(page, "Credentials").click();
  const secret = page.getByRole("group", { name: "Consumer secret" });
  await expect(secret).toContainText("Set, ends in");
  await expect(secret.getByRole("button")).toHaveCount(0);
  await expect(page.getByRole("textbox", { name: "Store address" })).toBeDisabled();
  await tab(page, "Advanced").click();
  await expect(page.getByRole("textbox", { name: "Name in this console" })).toBeDisabled();
  await expect(page.getByRole("link", { name: "Export settings" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Disconnect" })).toHaveCount(0);
});
