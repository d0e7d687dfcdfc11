// A store's sync history: what is filtered, taken along, drawn and watched.
import { readFile } from "node:fs/promises";
import type { Locator, Page } from "@playwright/test";
import { OWNER, connectByHand, expectSynced, setUp, storeRow } from "../support/people.ts";
import { type Store, expect, test } from "../support/store.ts";

const runs = (page: Page): Locator => page.getByRole("table", { name: "Sync runs" });
const rows = (page: Page): Locator => runs(page).locator("tbody tr");
const states = (page: Page): Locator => page.getByRole("group", { name: "Filter by status" });

/** The shop is connected and its history open, with its first full run. */
async function openHistory(page: Page, store: Store): Promise<void> {
  await setUp(page);
  await connectByHand(page);
  await expectSynced(storeRow(page, "sandbox"), String(store.variants));
  await storeRow(page, "sandbox").getByRole("link", { name: "sandbox" }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page).first()).toContainText("Success");
}

/** Reads everything, once what that costs was said. */
async function fullSync(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Full sync…", exact: true }).click();
  const plan = page.getByRole("dialog", { name: "Full sync of sandbox" });
  await expect(plan.getByText(/^About [\d,]+ calls to the store/)).toBeVisible();
  await plan.getByRole("button", { name: "Start sync" }).click();
  await expect(plan).toBeHidden();
}

/** Starts a run and waits until it stands on top, ended so. */
async function run(page: Page, start: () => Promise<void>, outcome: string): Promise<void> {
  const before = await rows(page).count();
  await start();
  await expect(rows(page)).toHaveCount(before + 1);
  await expect(rows(page).first()).toContainText(outcome, { timeout: 30_000 });
}

/** One more full run, in which two lines could not be read, and one that found nothing new. */
async function threeRuns(page: Page, store: Store): Promise<void> {
  await openHistory(page, store);
  await store.shopify.strike({ kind: "malformed_lines", lines: [3, 9], target: "file", times: 1 });
  await run(page, () => fullSync(page), "Partial");
  await run(page, () => page.getByRole("button", { name: "Sync now", exact: true }).click(), "Success");
}

test("filters stand in the address, and Back takes them back", async ({ page, store }) => {
  await threeRuns(page, store);

  await test.step("several at once", async () => {
    await states(page).getByRole("button", { name: "Partial" }).click();
    await expect(rows(page)).toHaveCount(1);
    await expect(page).toHaveURL(/[?&]status=partial/);
    await states(page).getByRole("button", { name: "Success" }).click();
    await expect(rows(page)).toHaveCount(3);
    await page.getByLabel("Filter by type").selectOption("Full");
    await expect(rows(page)).toHaveCount(2);
    await page.getByLabel("Filter by trigger").selectOption("Webhook");
    await expect(page.getByText("No runs match")).toBeVisible();
  });

  await test.step("one after the other back again", async () => {
    await page.goBack();
    await expect(page.getByLabel("Filter by trigger")).toHaveValue("");
    await expect(rows(page)).toHaveCount(2);
    await page.goBack();
    await page.goBack();
    await expect(states(page).getByRole("button", { name: "Partial" })).toHaveAttribute("aria-pressed", "true");
    await expect(states(page).getByRole("button", { name: "Success" })).toHaveAttribute("aria-pressed", "false");
    await expect(rows(page)).toHaveCount(1);
    await page.goForward();
    await expect(rows(page)).toHaveCount(3);
  });

  await test.step("from a run back to what was filtered", async () => {
    await rows(page).first().getByRole("link").click();
    await expect(page.getByRole("heading", { name: "Sync run" })).toBeVisible();
    await page.goBack();
    await expect(page).toHaveURL(/status=partial%2Csuccess/);
    await expect(rows(page)).toHaveCount(3);
  });

  await test.step("a link that somebody sent", async () => {
    const history = new URL(page.url()).pathname;
    await page.goto(`${history}?status=success&type=incremental&range=7d`);
    await expect(rows(page)).toHaveCount(1);
    await expect(page.getByLabel("Filter by type")).toHaveValue("incremental");
    await expect(page.getByLabel("Filter by time")).toHaveValue("7d");
    await page.goto(`${history}?status=error`);
    await page.getByRole("main").getByRole("button", { name: "Clear filters" }).last().click();
    await expect(rows(page)).toHaveCount(3);
    expect(new URL(page.url()).search).toBe("");
    await page.goto(`${history}?status=done`);
    await expect(page.getByText("These filters cannot be used")).toBeVisible();
    await expect(page.getByText('"done" is not a sync status')).toBeVisible();
  });
});

test("a range of one's own is by whole days, and not the wrong way round", async ({ page, store }) => {
  await openHistory(page, store);
  await page.getByLabel("Filter by time").selectOption("Custom range");
  const [first, last] = [page.getByLabel("First day"), page.getByLabel("Last day")];
  await expect(last).not.toHaveValue("");
  await expect(rows(page)).toHaveCount(1);
  const today = await last.inputValue();
  await first.fill(today);
  await expect(page).toHaveURL(new RegExp(`from=${today}&to=${today}`));
  await expect(rows(page)).toHaveCount(1);
  await last.fill("2020-02-29");
  await expect(last).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("alert").filter({ hasText: "ends before it begins" })).toBeVisible();
  await first.fill("2020-02-01");
  await expect(page.getByText("No runs match")).toBeVisible();
  await page.getByLabel("Filter by time").selectOption("Last 24 hours");
  await expect(first).toBeHidden();
  await expect(rows(page)).toHaveCount(1);
});

test("the file has what the table shows", async ({ page, store }) => {
  await threeRuns(page, store);
  const saved = async () => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^sync-history-sandbox-.*\.csv$/);
    const text = await readFile(await download.path(), "utf8");
    expect(text.endsWith("\r\n")).toBe(true);
    const [head, ...lines] = text.trimEnd().split("\r\n");
    const names = (head ?? "").split(",");
    return lines.map((line) => {
      // What stands in quotes here has no quotes in it.
      const cells = [...line.matchAll(/("[^"]*"|[^,]*)(?:,|$)/g)].map((match) => match[1] ?? "");
      return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ""]));
    });
  };
  const shown = async () => {
    const links = await rows(page).getByRole("link").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    return links.map((href) => href?.split("/").at(-1));
  };

  const all = await saved();
  expect(all.map((line) => line.id)).toEqual(await shown());
  expect(all.map((line) => line.status)).toEqual(["success", "partial", "success"]);
  expect(Number(all[1]?.items_failed)).toBeGreaterThan(0);
  expect(all[1]?.triggered_by).toBe(OWNER.name);
  expect(all[1]?.completed_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

  await states(page).getByRole("button", { name: "Partial" }).click();
  await expect(rows(page)).toHaveCount(1);
  const partial = await saved();
  expect(partial.map((line) => line.id)).toEqual(await shown());
});

test("charts, with the table behind each", async ({ page, store }) => {
  const loaded: string[] = [];
  const refused: string[] = [];
  page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) refused.push(message.text());
  });
  await threeRuns(page, store);
  const figure = (name: string) => page.getByRole("term").filter({ hasText: name }).locator("xpath=following-sibling::dd[1]");
  await expect(figure("Success rate")).toHaveText("66.6%");
  await expect(figure("Median duration")).toHaveText(/ s$/);
  const code = /^\/charts-[0-9a-f]{16}\.js$/;
  expect(loaded.filter((path) => code.test(path))).toEqual([]);

  await page.getByRole("tab", { name: "Charts" }).click();
  await expect(page).toHaveURL(/[?&]view=charts/);
  const card = (name: string) => page.getByRole("region", { name, exact: true });
  const outcomes = card("How runs ended");
  const drawn = outcomes.getByRole("img", { name: "How runs ended. 3 runs: 2 success, 1 partial, 0 failed, 0 cancelled." });
  await expect(drawn.locator("svg")).toBeVisible();
  await expect(outcomes.getByRole("listitem")).toHaveText(["Success", "Partial", "Failed", "Cancelled"]);
  await expect(card("Failed runs by code").getByText("Nothing in this range.")).toBeVisible();
  await expect(card("Failed items by code").getByRole("img", { name: /^Failed items by code\. Most often/ })).toBeVisible();
  expect(loaded.filter((path) => code.test(path))).toHaveLength(1);

  await test.step("the same as a table", async () => {
    await outcomes.getByRole("button", { name: "Show as table" }).click();
    const table = outcomes.getByRole("table", { name: "How runs ended" });
    await expect(table.getByRole("columnheader")).toHaveText(["Day", "Success", "Partial", "Failed", "Cancelled", "Success rate"]);
    await expect(table.getByRole("cell")).toHaveText(["2", "1", "0", "0", "66.6%"]);
    await expect(drawn).toBeHidden();
    await outcomes.getByRole("button", { name: "Show as chart" }).click();
    await expect(drawn.locator("svg")).toBeVisible();
  });

  await test.step("in the colours of the theme", async () => {
    const fills = async () => {
      const written = await drawn.locator("path").evaluateAll((all) => all.map((path) => path.getAttribute("fill") ?? ""));
      return written.map((fill) => (fill.startsWith("rgb") ? hex(fill) : fill));
    };
    const token = () =>
      page.evaluate(() => {
        const probe = document.body.appendChild(document.createElement("i"));
        probe.style.color = "var(--good)";
        const found = getComputedStyle(probe).color;
        probe.remove();
        return found;
      });
    const hex = (color: string) => `#${(color.match(/\d+/g) ?? []).map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
    const before = hex(await token());
    await expect.poll(fills).toContain(before);
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(fills).toContain(hex(await token()));
    expect(hex(await token())).not.toBe(before);
  });

  await test.step("by the filters, and for a link", async () => {
    await states(page).getByRole("button", { name: "Partial" }).click();
    await expect(figure("Success rate")).toHaveText("0%");
    await page.reload();
    await expect(page.getByRole("tab", { name: "Charts" })).toHaveAttribute("aria-selected", "true");
    await expect(outcomes.getByRole("img", { name: /1 run: 0 success, 1 partial/ })).toBeVisible();
  });
  expect(refused).toEqual([]);
});

test("a chart whose code does not come leaves its table", async ({ page, store }) => {
  await openHistory(page, store);
  await page.route("**/charts-*.js", (route) => route.abort());
  await page.getByRole("tab", { name: "Charts" }).click();
  const outcomes = page.getByRole("region", { name: "How runs ended", exact: true });
  await expect(outcomes.getByText("The chart could not be loaded.")).toBeVisible();
  await expect(outcomes.getByRole("table", { name: "How runs ended" })).toBeVisible();
});

test("a run comes on top, moves and ends, and nothing jumps", async ({ page, store }) => {
  await openHistory(page, store);
  const slow = () => store.shopify.strike({ kind: "slow", delay_milliseconds: 3_000, target: "file", times: 1 });
  const menu = async (item: string) => {
    await rows(page).first().getByRole("button", { name: "Actions of this run" }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };

  await test.step("live", async () => {
    await slow();
    await fullSync(page);
    await expect(rows(page)).toHaveCount(2);
    await expect(rows(page).first()).toContainText("Syncing");
    await expect(rows(page).first().getByRole("progressbar")).toBeVisible();
    const below = await rows(page).nth(1).boundingBox();
    await expect(rows(page).first()).toContainText("Success", { timeout: 30_000 });
    await expect(rows(page).first().getByRole("progressbar")).toBeHidden();
    const wide = (page.viewportSize()?.width ?? 0) >= 768;
    if (wide) expect((await rows(page).nth(1).boundingBox())?.y).toBe(below?.y);
    await expect(page.getByText("of 2 runs")).toBeVisible();
  });

  await test.step("stopped from its row, and run again", async () => {
    await slow();
    await menu("Run again");
    await expect(rows(page)).toHaveCount(3);
    await expect(rows(page).first()).toContainText("Syncing");
    await menu("Cancel");
    await expect(rows(page).first()).toContainText("Cancelled");
    await menu("Run again");
    await expect(rows(page)).toHaveCount(4);
    await expect(rows(page).first()).toContainText("Full");
    await expect(rows(page).first()).toContainText("Success", { timeout: 30_000 });
  });

  await test.step("what does not fit the filters does not come", async () => {
    await states(page).getByRole("button", { name: "Cancelled" }).click();
    await expect(rows(page)).toHaveCount(1);
    await page.getByRole("button", { name: "Sync now", exact: true }).click();
    await expect(page.getByRole("button", { name: "Syncing" }).and(page.locator("[aria-disabled]"))).toBeVisible();
    await expect(page.getByRole("button", { name: "Sync now", exact: true })).toBeVisible({ timeout: 30_000 });
    await expect(rows(page)).toHaveCount(1);
  });
});
