// Bundles the page's script into the file that `hospital` embeds; `--check` compares instead.

import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";

const OUT = new URL("../crates/hospital/src/report/verifier.js", import.meta.url);
const made = await build({
  entryPoints: [new URL("src/page.ts", import.meta.url).pathname],
  bundle: true,
  format: "esm",
  minify: true,
  legalComments: "inline",
  target: "es2022",
  write: false,
});
// Inside of a page no text may end the script.
const text = made.outputFiles[0].text.replaceAll("</", "<\\/");
if (process.argv.includes("--check")) {
  if ((await readFile(OUT, "utf8")) !== text) {
    console.error("verifier.js is not what its sources give: run `npm run build` in verifier/");
    process.exit(1);
  }
} else {
  await writeFile(OUT, text);
}
