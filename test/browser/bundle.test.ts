import assert from "node:assert/strict";
import { join, relative, sep } from "node:path";
import { build } from "vite";
import { root } from "../support/fixtures.ts";

/** What a bundler makes of an entry: the files it takes in, by their paths in the project, and what it leaves to be imported. */
async function bundled(
  entry: string,
  { forNode }: { readonly forNode: boolean },
): Promise<{ readonly modules: readonly string[]; readonly imports: readonly string[] }> {
  const made = await build({
    root,
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: false,
      ssr: forNode,
      rolldownOptions: { input: join(root, entry), preserveEntrySignatures: "strict" },
    },
  });
  const outputs = [made].flat().flatMap((result) => ("output" in result ? result.output : []));
  const chunks = outputs.flatMap((file) => (file.type === "chunk" ? [file] : []));
  const own = new Set(chunks.map(({ fileName }) => fileName));
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds.map((id) => relative(root, id).split(sep).join("/")));
  const imports = chunks.flatMap((chunk) => chunk.imports.concat(chunk.dynamicImports));
  return { modules, imports: imports.filter((name) => !own.has(name)) };
}

describe("toolkit, bundled", function () {
  this.timeout(120_000);

  it("the web entry has everything in it that a page needs, and nothing of Node's", async () => {
    const { modules, imports } = await bundled("toolkit/web.ts", { forNode: false });
    assert.ok(modules.includes("toolkit/web/page-decoder.ts") && modules.includes("toolkit/train/step.ts"));
    assert.ok(modules.some((id) => id.includes("node_modules/onnxruntime-web/")));
    const ofNode = /^node:|browser-external|onnxruntime-node|node_modules\/(sharp|@img)\/|sqlite|^toolkit\/node/;
    assert.deepEqual(
      modules.filter((id) => ofNode.test(id)),
      [],
    );
    assert.deepEqual(imports, []);
  });

  it("the Node entry has nothing of a page's", async () => {
    const { modules, imports } = await bundled("toolkit/node.ts", { forNode: true });
    assert.ok(modules.includes("toolkit/train/step.ts") && imports.includes("node:worker_threads"));
    assert.deepEqual(
      modules.filter((id) => /^toolkit\/web|onnxruntime-web/.test(id)),
      [],
    );
    assert.deepEqual(
      imports.filter((name) => /onnxruntime-web/.test(name)),
      [],
    );
  });
});
