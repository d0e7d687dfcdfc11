// Trunk's post_build hook. It splits the app's module, and puts what draws charts
// beside it, as one file that the page names but does not load. For a release
// build it also minifies the scripts, which Trunk's own minifier cannot parse, and
// writes FILE.br and FILE.gz beside each file that gets smaller by it: the
// server sends them as they are.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build, transform } from "esbuild";
import { named, split } from "./split.mjs";

const here = dirname(fileURLToPath(import.meta.url));

const compressible = /\.(bin|css|html|js|json|svg|txt|wasm|webmanifest)$/;

async function minify(file) {
  const source = await readFile(file, "utf8");
  const { code } = await transform(source, { minify: true, legalComments: "none", target: "es2022" });
  await writeFile(file, code);
}

// The licences of what is bundled want to be named in it.
const notice = `/*! Apache ECharts, Apache-2.0, (c) The Apache Software Foundation. zrender,
BSD-3-Clause, Copyright (c) 2017, Baidu Inc. tslib, 0BSD, (c) Microsoft. */`;

async function bundleCharts(staging, minify) {
  const { outputFiles } = await build({
    entryPoints: [join(here, "charts.js")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    banner: { js: notice },
    minify,
  });
  const name = await named(staging, "charts.js", outputFiles[0].contents);
  const page = join(staging, "index.html");
  const html = await readFile(page, "utf8");
  if (!html.includes("/charts.js")) throw new Error("index.html does not say where charts.js is");
  await writeFile(page, html.replace("/charts.js", `/${name}`));
  return join(staging, name);
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

const charts = await bundleCharts(staging, release);

if (release) {
  const entries = await readdir(staging, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && compressible.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  await Promise.all(files.filter((file) => file.endsWith(".js") && file !== charts).map(minify));
  await Promise.all(files.map(compress));
}
