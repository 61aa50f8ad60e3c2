import assert from "node:assert/strict";
import { isBuiltin } from "node:module";
import { join, relative } from "node:path";
import { build, type Plugin } from "vite";
import { residualCnn } from "../models/residual-cnn.ts";
import type { Pixels } from "../toolkit/images/decoder.ts";
import { atPictureSize } from "../toolkit/passes/at-picture-size.ts";
import * as web from "../toolkit/web.ts";
import { root } from "./support/fixtures.ts";

/** Names of photos that are a colour: what any network learns in a few steps. */
const PHOTOS = ["red", "blue"].map((name, kind) => ({
  name,
  photos: Array.from({ length: 10 }, (_, i) => `${name} ${kind * 40 + i}`),
}));

const decoder: web.PhotoDecoder = {
  decode: async (source) => Promise.resolve(coloured(typeof source === "string" ? source : "")),
};

function coloured(name: string): Pixels {
  const strength = 150 + Number(name.split(" ")[1]);
  const channel = name.startsWith("red") ? 0 : 2;
  const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, at) => (at % 3 === channel ? strength : (at * 7) % 60));
  return { width: 32, height: 32, data };
}

describe("web", () => {
  it("fine-tunes on onnxruntime-web, labels, and shows where a class is seen", async () => {
    const runtime = await web.webRuntime("wasm");
    const graph = atPictureSize(residualCnn({ classes: 4, width: 4 }), 28);
    const bytes = web.encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() });
    const model = await web.openModel(bytes, { name: "small" });
    assert.equal(model.sha256, await web.sha256(bytes));
    const photos = new Map(PHOTOS.flatMap((own) => own.photos.map((name) => [name, new Blob([name])])));
    const run = web.fineTune({
      model,
      data: PHOTOS,
      runtime,
      decoder,
      photos,
      mode: "full",
      epochs: 8,
      rate: 0.05,
      batchSize: 4,
    });
    const losses: number[] = [];
    for await (const event of run) if (event.kind === "epoch") losses.push(event.trainLoss);
    const result = await run.result;
    assert.equal(losses.length, 8);
    assert.ok((losses[7] ?? Infinity) < (losses[0] ?? 0), losses.join(" "));
    assert.equal(result.evaluation?.top1, 1);

    const trained = await web.openModel(result.model as Uint8Array);
    const tagger = await web.openTagger({ source: trained, runtime, decoder });
    const { labels } = await tagger.label("blue 75");
    assert.equal(labels[0]?.label, "blue");
    await tagger.close();
    const maps = await web.openHeatMaps({ source: trained, runtime });
    const { heat, rows, columns } = await maps.of(coloured("blue 75"), "blue");
    assert.equal(heat.length, rows * columns);
    assert.ok(Math.max(...heat) === 1 || heat.every((v) => v === 0));
    await maps.close();
  });

  it("bundles for a page without any module of Node, or anything that only node.ts needs", async () => {
    const { modules, wanted } = await bundled("toolkit/web.ts");
    assert.ok(modules.includes("toolkit/web/page-decoder.ts"));
    assert.deepEqual(
      modules.filter((file) =>
        /^toolkit\/(node|data\/decode-(pool|process|worker)|onnx\/read-file|runtime\/(node|worker))/.test(file),
      ),
      [],
    );
    const builtins = [...wanted].filter(([name]) => isBuiltin(name));
    assert.deepEqual(builtins, []);
    assert.ok(!wanted.has("onnxruntime-node") && !wanted.has("sharp"));
  });

  it("is in nothing that node.ts bundles", async () => {
    const { modules, wanted } = await bundled("toolkit/node.ts");
    assert.ok(modules.includes("toolkit/node/open-model.ts"));
    assert.ok(wanted.has("sharp") && wanted.has("node:worker_threads"));
    assert.deepEqual(
      modules.filter((file) => /^toolkit\/(web|runtime\/web|search\/stores\/indexeddb)/.test(file)),
      [],
    );
    assert.deepEqual(
      [...wanted.keys()].filter((name) => name.startsWith("onnxruntime-web")),
      [],
    );
  });
}).timeout(120_000);

/** The project's modules in the bundle of an entry, and what they import from elsewhere: the name, and who wants it first. */
async function bundled(
  entry: string,
): Promise<{ readonly modules: readonly string[]; readonly wanted: ReadonlyMap<string, string> }> {
  const modules = new Set<string>();
  const wanted = new Map<string, string>();
  const watch: Plugin = {
    name: "watch",
    enforce: "pre",
    resolveId(name, importer) {
      if (name.startsWith(".") || name.startsWith("/") || importer === undefined) return null;
      if (!wanted.has(name)) wanted.set(name, relative(root, importer));
      // packages stay outside: what they need is theirs
      return { id: name, external: true };
    },
    moduleParsed: ({ id }) => void modules.add(relative(root, id)),
  };
  await build({
    root,
    configFile: false,
    logLevel: "silent",
    plugins: [watch],
    build: { write: false, minify: false, lib: { entry: join(root, entry), formats: ["es"] } },
  });
  return { modules: [...modules], wanted };
}
