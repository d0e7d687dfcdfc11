// A program that the tests start, and wait for until it says that it listens.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const builtBinary = fileURLToPath(new URL("../../target/release/calibr", import.meta.url));
/** The `calibr` under test. */
export const calibr = process.env.CALIBR_BIN ?? builtBinary;

export const startDeadline = 60_000;
const stopDeadline = 15_000;

export interface Command {
  program: string;
  arguments: string[];
  /** Added to the environment of the tests; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>;
  /** What the line looks like by which it says that it is ready. */
  ready: RegExp;
}

export interface Program {
  /** The first group of `ready` in the line it was said by. */
  said: string;
  /** What it wrote so far, both streams, line by line. */
  log: string[];
  /** Ends it with a signal and waits until it did. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a program and waits until it is ready. */
export async function start(command: Command): Promise<Program> {
  const child = spawn(command.program, command.arguments, {
    env: { ...process.env, ...command.env },
    // A pipe for input, held open: some programs end when it closes, and so never outlive the test.
    stdio: ["pipe", "pipe", "pipe"],
  });
  const log: string[] = [];
  try {
    const said = await untilReady(child, command, log);
    return { said, log, end: (signal) => end(child, signal) };
  } catch (error) {
    await end(child, "SIGKILL");
    throw error;
  }
}

function untilReady(child: ChildProcess, command: Command, log: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const giveUp = (reason: string) => reject(new Error(`${command.program}: ${reason}\n${log.join("\n")}`));
    const deadline = setTimeout(() => giveUp("was not ready in time."), startDeadline);
    const read = (line: string) => {
      log.push(line);
      const said = command.ready.exec(line)?.[1];
      if (said !== undefined) {
        clearTimeout(deadline);
        resolve(said);
      }
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", read);
    }
    child.once("error", (error) => giveUp(`did not start: ${error.message}`));
    child.once("exit", (code, signal) => {
      clearTimeout(deadline);
      giveUp(`ended with ${signal ?? `exit code ${code}`} before it was ready.`);
    });
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  const deadline = setTimeout(() => child.kill("SIGKILL"), stopDeadline);
  await exited;
  clearTimeout(deadline);
}

/** A port on loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
