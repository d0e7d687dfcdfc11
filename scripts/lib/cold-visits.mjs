// cold-visits.mjs FOLDER: for each page whose code is a piece of its own, what a
// first visit loads of pieces: a line of its name, the bytes of brotli and how
// many files they are.
//
// The loader says which of the shared pieces each one needs. A piece that is
// named after another, as `settings-advanced` is after `settings`, is a tab of
// that page: a visit may begin at any of them. What is in a dialog is loaded
// when that is opened.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const loader = readdirSync(folder).find((name) => /^wasm-split-.*\.js$/.test(name));
if (!loader) throw new Error(`there is no wasm-split-….js in ${folder}`);
const code = readFileSync(join(folder, loader), "utf8");
const together = readdirSync(folder).find((name) => /^together-.*\.bin$/.test(name));

const pieces = new Map();
const piece = /([\w$]+)\s*=\s*(?:[\w$]+\()?[\w$]+\(\(\)\s*=>\s*\{([^]*?)\},\s*\[([^\]]*)\]\)/g;
for (const [, variable, load, needs] of code.matchAll(piece)) {
  // The small ones are parts of one file.
  const file = /new URL\("\.\/([\w.-]+\.wasm)"/.exec(load)?.[1] ?? together;
  pieces.set(variable, { file, needs: needs.split(",").map((one) => one.trim()).filter(Boolean) });
}
const pages = [...pieces].flatMap(([variable, { file }]) =>
  variable.startsWith("__wasm_split_load_") ? [{ variable, name: file.replace(/-[0-9a-f]{16}\.wasm$/, "") }] : [],
);
if (pages.length === 0) throw new Error(`${loader} names no pieces`);

const files = (variable) => {
  const { file, needs } = pieces.get(variable);
  return [file, ...needs.flatMap(files)];
};
for (const { variable, name } of pages.filter(({ name }) => !name.startsWith("dialog-"))) {
  const around = pages.find((page) => name.startsWith(`${page.name}-`));
  const all = new Set([...files(variable), ...(around ? files(around.variable) : [])]);
  const bytes = [...all].reduce((sum, file) => sum + statSync(join(folder, `${file}.br`)).size, 0);
  console.log(name, bytes, all.size);
}
