// Trunk's post_build hook. It splits the app's module. For a release build it
// also minifies the scripts, which Trunk's own minifier cannot parse, and
// writes FILE.br and FILE.gz beside each file that gets smaller by it: the
// server sends them as they are.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { transform } from "esbuild";
import { split } from "./split.mjs";

const compressible = /\.(css|html|js|json|svg|txt|wasm|webmanifest)$/;

async function minify(file) {
  const source = await readFile(file, "utf8");
  const { code } = await transform(source, { minify: true, legalComments: "none", target: "es2022" });
  await writeFile(file, code);
}

async function compress(file) {
  const content = await readFile(file);
  const brotli = {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  };
  const variants = [
    [".br", await promisify(brotliCompress)(content, brotli)],
    [".gz", await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION })],
  ];
  for (const [suffix, packed] of variants) {
    if (packed.length < content.length) await writeFile(file + suffix, packed);
  }
}

const staging = process.env.TRUNK_STAGING_DIR;
const release = process.env.TRUNK_PROFILE === "release";
const profile = release ? "wasm-release" : "debug";
const target = process.env.CARGO_TARGET_DIR ?? "target";
await split({
  staging,
  built: join(target, "wasm32-unknown-unknown", profile, "calibr-frontend.wasm"),
  release,
});

if (release) {
  const entries = await readdir(staging, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && compressible.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  await Promise.all(files.filter((file) => file.endsWith(".js")).map(minify));
  await Promise.all(files.map(compress));
}
