// The page before the app: what stands there while it loads, and when it fails to.
import { expectNoFaults } from "../support/accessibility.ts";
import { OWNER, setUp } from "../support/people.ts";
import { expect, test } from "../support/server.ts";

test("gives way to the app, under a strict policy, without a complaint", async ({ page }) => {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));

  const response = await page.goto("/");
  await expect(page.locator("#boot")).toHaveCount(0);
  await expect(page.getByRole("heading").first()).toBeVisible();

  const policy = response?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("script-src");
  expect(policy).not.toContain("unsafe-inline");
  expect(policy).not.toContain("'unsafe-eval'");
  expect(complaints).toEqual([]);
});

test("shows the frame's outline until the app is there", async ({ page }) => {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/*.wasm", async (route) => {
    await released;
    await route.continue();
  });

  await page.goto("/p/demo/integrations", { waitUntil: "domcontentloaded" });
  await expect(page.locator(".boot-frame")).toBeVisible();
  release();
  await expect(page.locator("#boot")).toHaveCount(0);
});

test("says so when the app cannot be fetched, and loads it at the second try", async ({ page }) => {
  await page.route("**/*.wasm", (route) => route.abort());
  await page.goto("/");

  const message = page.getByRole("alert");
  await expect(message).toContainText("could not be loaded");
  const reload = message.getByRole("button", { name: "Reload" });
  await expect(reload).toBeFocused();

  await page.unroute("**/*.wasm");
  await reload.click();
  await expect(page.locator("#boot")).toHaveCount(0);
});

test("tells an old browser what it needs", async ({ page }) => {
  const notWasm = Buffer.from("0061736d63000000", "hex");
  await page.route("**/*.wasm", (route) => route.fulfill({ body: notWasm, contentType: "application/wasm" }));
  await page.goto("/");
  await expect(page.getByRole("alert")).toContainText("too old");
});

test("takes the saved theme, and the system's where none is saved", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/");
  const root = page.locator("html");
  await expect(root).toHaveAttribute("data-theme", "dark");

  await page.evaluate(() => localStorage.setItem("calibr-theme", "light"));
  await page.reload();
  await expect(root).toHaveAttribute("data-theme", "light");
});

test("a page whose own code cannot be fetched says so, and comes at the second try", async ({ page }) => {
  await setUp(page);
  let cut = () => {};
  const isCut = new Promise<void>((resolve) => (cut = resolve));
  await page.route("**/catalogue-*.wasm", async (route) => {
    await isCut;
    await route.abort();
  });

  await page.goto(`/p/${OWNER.slug}/products`);
  await expect(page.getByRole("status").filter({ hasText: "Loading…" })).toBeAttached();
  cut();
  const message = page.getByRole("alert").filter({ hasText: "This page could not be loaded" });
  await expect(message).toContainText("Nothing you saved is lost");
  await expectNoFaults(page);

  await page.unroute("**/catalogue-*.wasm");
  await message.getByRole("button", { name: "Reload" }).click();
  await expect(page.getByText("No products yet")).toBeVisible();
});
