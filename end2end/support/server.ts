// The release server under test: started by the tests, on a port and a data
// folder of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { test as base } from "@playwright/test";

export { expect } from "@playwright/test";

const builtBinary = fileURLToPath(new URL("../../target/release/calibr", import.meta.url));
const startDeadline = 60_000;
const stopDeadline = 15_000;

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

/** Starts `calibr serve` and waits until it listens. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const ownDataDir = options.dataDir === undefined;
  const dataDir = options.dataDir ?? (await makeDataDir());
  const port = options.port ?? (await freePort());
  const server = spawn(
    process.env.CALIBR_BIN ?? builtBinary,
    ["serve", "--listen", `127.0.0.1:${port}`, "--data-dir", dataDir, ...(options.arguments ?? [])],
    { env: { ...process.env, ...options.env }, stdio: ["ignore", "pipe", "pipe"] },
  );

  const end = async (signal: NodeJS.Signals) => {
    await endProcess(server, signal);
    if (ownDataDir) await rm(dataDir, { recursive: true, force: true });
  };
  const log: string[] = [];
  try {
    const url = await listening(server, log);
    return { url, port, dataDir, log, stop: () => end("SIGTERM"), kill: () => end("SIGKILL") };
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
}

/** Resolves with the address that the server says it listens on. */
function listening(server: ChildProcess, log: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const giveUp = (reason: string) => reject(new Error(`${reason}\n${log.join("\n")}`));
    const deadline = setTimeout(() => giveUp("The server did not listen in time."), startDeadline);
    const read = (line: string) => {
      log.push(line);
      const address = /\blistening on (http:\/\/\S+)/.exec(line)?.[1];
      if (address !== undefined) {
        clearTimeout(deadline);
        resolve(address);
      }
    };
    for (const stream of [server.stdout, server.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", read);
    }
    server.once("error", (error) => giveUp(`The server did not start: ${error.message}`));
    server.once("exit", (code, signal) => {
      clearTimeout(deadline);
      giveUp(`The server ended with ${signal ?? `exit code ${code}`} before it listened.`);
    });
  });
}

async function endProcess(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  server.kill(signal);
  const deadline = setTimeout(() => server.kill("SIGKILL"), stopDeadline);
  await exited;
  clearTimeout(deadline);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
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
