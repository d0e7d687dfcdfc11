// The release server under test: started by the tests, on a port and a data
// folder of its own.
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base } from "@playwright/test";
import { calibr, freePort, start, startDeadline } from "./program.ts";

export { expect } from "@playwright/test";

export interface ServerOptions {
  /** Arguments after `calibr serve --listen … --data-dir …`, such as `--demo`. */
  arguments?: string[];
  /** Added to the environment of the tests; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>;
  /** A folder that outlives the server, to start another one on; made and removed by the server if absent. */
  dataDir?: string;
  /** A port to listen on again after a restart; a free one if absent. */
  port?: number;
}

export interface Server {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  url: string;
  port: number;
  dataDir: string;
  /** What the server wrote so far, both streams, line by line. */
  log: string[];
  /** Asks the server to end and waits until it did. */
  stop(): Promise<void>;
  /** Ends the server at once, as a loss of power would. */
  kill(): Promise<void>;
}

/** A folder for a server's data that the server may also reach as another user. */
export async function makeDataDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "calibr-test-"));
  await chmod(folder, 0o755);
  return folder;
}

/** Starts `calibr serve` and waits until it listens. Its PostgreSQL is its own. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const ownDataDir = options.dataDir === undefined;
  const dataDir = options.dataDir ?? (await makeDataDir());
  const port = options.port ?? (await freePort());
  const cleanUp = async () => {
    if (ownDataDir) await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const program = await start({
      program: calibr,
      arguments: [
        "serve",
        "--listen",
        `127.0.0.1:${port}`,
        "--data-dir",
        dataDir,
        ...(options.arguments ?? []),
      ],
      // Tests click faster than people may.
      env: { DATABASE_URL: undefined, REQUESTS_PER_MINUTE: "10000", SIGN_INS_PER_MINUTE: "1000", ...options.env },
      ready: /\blistening on (http:\/\/\S+)/,
    });
    const end = async (signal: NodeJS.Signals) => {
      await program.end(signal);
      await cleanUp();
    };
    return {
      url: program.said,
      port,
      dataDir,
      log: program.log,
      stop: () => end("SIGTERM"),
      kill: () => end("SIGKILL"),
    };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

interface WorkerFixtures {
  /** How this file's server is started; set with `test.use`. */
  serverOptions: ServerOptions;
  /** One server for all tests of a worker that want the same options. */
  server: Server;
}

/** Playwright's `test` on a server of the worker's own; its log goes with each failed test. */
export const test = base.extend<{ serverLog: void }, WorkerFixtures>({
  serverOptions: [{}, { option: true, scope: "worker" }],
  server: [
    async ({ serverOptions }, use) => {
      const server = await startServer(serverOptions);
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 2 * startDeadline },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  serverLog: [
    async ({ server }, use, testInfo) => {
      const before = server.log.length;
      await use();
      if (testInfo.status !== testInfo.expectedStatus) {
        await testInfo.attach("server log", { body: server.log.slice(before).join("\n"), contentType: "text/plain" });
      }
    },
    { auto: true },
  ],
});
