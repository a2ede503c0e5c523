// Bundles src/ and what it uses into one file, with the licences of everything in it.
// usage: node build.js [FOLDER]

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "..", "bundle"));
const common = { bundle: true, minify: true, legalComments: "none", target: "es2022" };

mkdirSync(out, { recursive: true });
const { metafile } = await build({
  ...common, entryPoints: [join(here, "src", "main.js")], outfile: join(out, "hexmap.js"),
  format: "esm", metafile: true, absWorkingDir: here,
});
await build({
  ...common, entryPoints: [join(here, "src", "style.css")], outfile: join(out, "hexmap.css"),
});

const packages = new Set(Object.keys(metafile.inputs)
  .map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean));
const notices = [...packages].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const texts = ["LICENSE", "NOTICE"].map((file) => {
    try {
      return readFileSync(join(folder, file), "utf8").trim();
    } catch (error) {
      if (error.code === "ENOENT" && file === "NOTICE") return "";
      throw error;
    }
  });
  return `${name} ${version} (${license})\n\n${texts.filter(Boolean).join("\n\n")}\n`;
});
const head = "hexmap.js holds code of these packages besides our own (Apache-2.0).\n";
writeFileSync(join(out, "NOTICES.txt"), [head, ...notices].join(`\n${"-".repeat(80)}\n`));
