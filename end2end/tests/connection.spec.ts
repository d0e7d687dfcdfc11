// The line to the server is cut: it is said, and heals by itself.
import { rm } from "node:fs/promises";
import { expect, test as base } from "@playwright/test";
import { OWNER, setUp } from "../support/people.ts";
import { freePort, startDeadline } from "../support/program.ts";
import { type Server, makeDataDir, startServer } from "../support/server.ts";

/** A server that can be taken away and brought back on the same data. */
interface Restartable {
  url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
}

const test = base.extend<{ restartable: Restartable }>({
  restartable: [
    async ({}, use) => {
      const [port, dataDir] = [await freePort(), await makeDataDir()];
      let running: Server | undefined;
      const start = async () => {
        running = await startServer({ port, dataDir });
      };
      const kill = async () => running?.kill();
      await start();
      await use({ url: `http://127.0.0.1:${port}`, start, kill });
      await running?.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
    { timeout: 2 * startDeadline },
  ],
  baseURL: async ({ restartable }, use) => use(restartable.url),
});

test("a server that is killed and comes back loses nobody", async ({ page, restartable }) => {
  test.setTimeout(2 * startDeadline);
  await setUp(page);
  await page.getByRole("button", { name: "Connect Vendure", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Connect Vendure" });
  const address = dialog.getByRole("textbox", { name: "Address" });
  await address.fill("https://shop.example");

  await restartable.kill();
  const banner = page.getByText("The connection to the server is lost.");
  await expect(banner).toBeVisible();
  await expect(address).toHaveValue("https://shop.example");

  await restartable.start();
  await expect(banner).toBeHidden({ timeout: 30_000 });
  await expect(address).toHaveValue("https://shop.example");
  await page.keyboard.press("Escape");

  // Still signed in: the session stands in the database.
  await page.goto(`/p/${OWNER.slug}/products`);
  await expect(page.getByText("No products yet")).toBeVisible();
});
