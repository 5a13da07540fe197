// Bundles each island into a file that the node embeds; `--check` compares instead, and fails when
// a committed bundle is not what its sources give, or is larger than a page may load.

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const HERE = new URL(".", import.meta.url);
const ASSETS = new URL("../assets/", HERE);

// A bundle of its own, which `device.js` loads when it needs it, by an address with its digest: a
// browser keeps each address for ever.
const BESIDE = "./passphrase.js";

// The source of each bundle, and its largest size in bytes, compressed.
const BUNDLES = {
  "salus.js": ["salus.ts", 25_000],
  "seal.js": ["seal.ts", 20_000],
  "device.js": ["device.ts", 27_000],
  "passphrase.js": ["device/passphrase.ts", 8_000],
  "camera.js": ["camera.ts", 4_000],
  "reader.js": ["reader.ts", 25_000],
  "offline.js": ["offline.ts", 5_000],
  "offline-worker.js": ["offline-worker.ts", 1_000],
  "chart.js": ["chart.ts", 30_000],
  "chart.css": ["chart.css", 2_000],
};
const NOTICE = "/*! Apache-2.0; what it contains: LICENSES.txt */";
const LIBRARIES = ["htmx.org", "@noble/ed25519", "@noble/hashes", "uplot", "barcode-detector",
  "zxing-wasm"];
// Machine code of a library, as it is.
const WASM = ["zxing_reader.wasm", "node_modules/zxing-wasm/dist/reader/zxing_reader.wasm"];

// The verifier's sources are shared with the offline page of an export. They take the libraries of
// this folder, so that a bundle has each library once and `verifier/` needs no installation.
const shared = {
  name: "shared",
  setup(run) {
    run.onResolve({ filter: /^@noble\// }, (asked) => {
      if (asked.pluginData === "shared") return undefined;
      const { kind, importer } = asked;
      const from = { kind, importer, resolveDir: HERE.pathname, pluginData: "shared" };
      return run.resolve(asked.path, from);
    });
  },
};

async function bundle(source) {
  const made = await build({
    entryPoints: [new URL(`src/${source}`, HERE).pathname],
    absWorkingDir: HERE.pathname,
    bundle: true,
    external: [BESIDE],
    format: "esm",
    minify: true,
    legalComments: "none",
    banner: { js: NOTICE, css: NOTICE },
    target: "es2022",
    plugins: [shared],
    write: false,
  });
  return made.outputFiles[0].text;
}

async function licences() {
  const parts = LIBRARIES.map(async (name) => {
    const folder = new URL(`node_modules/${name}/`, HERE);
    const about = await readFile(new URL("package.json", folder), "utf8");
    const { version, license } = JSON.parse(about);
    const text = await readFile(new URL("LICENSE", folder), "utf8");
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  const head = "The scripts in this folder contain, beside Salus itself:\n\n"
    + "(zxing_reader.wasm is that of zxing-wasm; it is made of ZXing-C++, Apache-2.0, as Salus is.)\n";
  return [head, ...(await Promise.all(parts))].join(`\n${"=".repeat(72)}\n\n`);
}

const check = process.argv.includes("--check");
let wrong = 0;
async function keep(name, text) {
  const file = new URL(name, ASSETS);
  if (!check) return writeFile(file, text);
  const committed = await readFile(file).catch(() => Buffer.alloc(0));
  if (!committed.equals(Buffer.from(text))) {
    console.error(`${name} is not what its sources give: run \`npm run build\` here`);
    wrong += 1;
  }
}

const beside = createHash("sha256").update(await bundle(BUNDLES["passphrase.js"][0])).digest("hex");
for (const [name, [source, most]] of Object.entries(BUNDLES)) {
  const made = await bundle(source);
  const text = made.replaceAll(`"${BESIDE}"`, `"${BESIDE}?${beside.slice(0, 16)}"`);
  await keep(name, text);
  const size = gzipSync(text, { level: 9 }).length;
  console.log(`${name} ${text.length} bytes, ${size} compressed`);
  if (size > most) {
    console.error(`${name} has ${size} bytes compressed, more than the ${most} that it may have`);
    wrong += 1;
  }
}
await keep(WASM[0], await readFile(new URL(WASM[1], HERE)));
await keep("LICENSES.txt", await licences());
process.exit(wrong === 0 ? 0 : 1);
