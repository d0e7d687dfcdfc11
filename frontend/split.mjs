// Splits the app's module: what every visit needs, and a piece for each group
// of pages that app/src/pages/later.rs loads when one of them is opened.
//
// Trunk has bound the whole module by now. The pieces take its place, from what
// cargo built: split, then bound, then (for a release) optimised one by one.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const features = [
  "--enable-bulk-memory",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-mutable-globals",
  "--enable-reference-types",
  "--enable-multivalue",
];
const smaller = ["--flatten", "--rereloop", "--local-cse", "-Oz", "-Oz", "--strip-debug", "--strip-producers"];

/** Does all of the work, no more of it at once than the machine can carry. */
async function each(items, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

const optimise = (file) => run("wasm-opt", [...features, ...smaller, file, "-o", file]);

// What several pieces share and is smaller than this comes in one file with all
// like it: asking for each would take longer than loading what a page leaves.
const small = 2048;

/** Has the loader take the pieces of one file from there. */
const taken = (file) => `
let all;
async function together(from, to) {
    const coming = all ??= fetch(new URL("./${file}", import.meta.url)).then((answer) => {
        if (!answer.ok) throw new Error(\`${file} is answered with \${answer.status}\`);
        return answer.arrayBuffer();
    });
    try {
        const piece = (await coming).slice(from, to);
        return new Response(piece, { headers: { "content-type": "application/wasm" } });
    } catch (error) {
        // It is asked for anew the next time.
        if (all === coming) all = undefined;
        throw error;
    }
}
`;

// The name says the content, so that browsers may keep the file for ever.
export async function named(folder, file, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const [stem, ending] = [file.replace(/\.[^.]+$/, ""), file.match(/\.[^.]+$/)[0]];
  const name = `${stem.replace(/^split_/, "").replace(/^_+/, "").replaceAll("_", "-")}-${hash}${ending}`;
  await writeFile(join(folder, name), content);
  return name;
}

export async function split({ staging, built, release }) {
  const glue = (await readdir(staging)).find((name) => /^calibr-frontend-[0-9a-f]+\.js$/.test(name));
  if (!glue) throw new Error(`there is no calibr-frontend-….js in ${staging}`);
  const app = glue.replace(/\.js$/, "");
  const work = await mkdtemp(join(tmpdir(), "calibr-split-"));
  try {
    await run("wasm-split-cli", ["--target", "web", "--out-name", app, built, work]);
    await run("wasm-bindgen", ["--target", "web", "--no-typescript", "--keep-lld-exports", "--out-dir", work, "--out-name", app, join(work, `${app}.wasm`)]);
    const pieces = (await readdir(work)).filter((name) => /^(chunk|split)_.*\.wasm$/.test(name));
    if (release) await each([`${app}_bg.wasm`, ...pieces], (name) => optimise(join(work, name)));

    const link = "__wasm_split.js";
    let loader = await readFile(join(work, link), "utf8");
    const shared = [];
    let end = 0;
    for (const piece of pieces) {
      const content = await readFile(join(work, piece));
      if (piece.startsWith("chunk_") && content.length < small) {
        const [from, to] = [end, (end += content.length)];
        loader = loader.replaceAll(`fetch(new URL("./${piece}", import.meta.url))`, `together(${from}, ${to})`);
        shared.push(content);
      } else {
        const name = await named(staging, piece, content);
        loader = loader.replaceAll(`./${piece}`, `./${name}`);
      }
    }
    if (shared.length > 0) loader += taken(await named(staging, "together.bin", Buffer.concat(shared)));
    // It takes the memory of the app that is running already.
    loader = loader.replaceAll(/from "\.\/[^"]*\.js"/g, `from "./${glue}"`);
    const loaderName = await named(staging, link, loader);
    const bound = await readFile(join(work, glue), "utf8");
    // Only where it is loaded from: the module goes on asking for it by its first name.
    await writeFile(join(staging, glue), bound.replaceAll(`from "./${link}"`, `from "./${loaderName}"`));
    await rename(join(work, `${app}_bg.wasm`), join(staging, `${app}_bg.wasm`)).catch(async () => {
      await writeFile(join(staging, `${app}_bg.wasm`), await readFile(join(work, `${app}_bg.wasm`)));
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
