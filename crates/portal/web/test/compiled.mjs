// A module of the islands for node, which reads no TypeScript.

import { build } from "esbuild";

export async function compiled(...names) {
  const folder = new URL("../src/", import.meta.url).pathname;
  const contents = names.map((name) => `export * from "./${name}";`).join("\n");
  const made = await build({
    stdin: { contents, resolveDir: folder, loader: "ts" },
    bundle: true, format: "esm", target: "es2022", write: false,
    nodePaths: [new URL("../node_modules", import.meta.url).pathname],
  });
  const text = Buffer.from(made.outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${text}`);
}
