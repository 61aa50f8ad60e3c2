import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../../toolkit/data/dataset.ts";
import type { Dataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import { errorCode } from "../../toolkit/errors.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import { diagnose } from "../../toolkit/fine-tune/diagnose.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneResult } from "../../toolkit/fine-tune/events.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import type { Model, Node, Value } from "../../toolkit/graph/ir.ts";
import { operatorTable } from "../../toolkit/graph/operator.ts";
import type { Operators } from "../../toolkit/graph/operator.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { openTagger } from "../../toolkit/label/tagger.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { inspectModel } from "../../toolkit/report/inspect.ts";
import { gradcheck } from "../support/gradcheck.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

const DOMAIN = "com.microsoft";
const ALPHA = 1.702;

/** The standard operators with two of ONNX Runtime's own, and rules written by a user. */
const table: Operators = operatorTable([
  ...operators.values(),
  {
    // x sigmoid(alpha x)
    type: "QuickGelu",
    domain: DOMAIN,
    infer: ({ input }) => [input(0)],
    gradient: ({ b, x, y, dy, attrs }) => [
      () => {
        const alpha = b.scalar(attrs.float("alpha", ALPHA));
        const gate = b.op("Sigmoid", [b.op("Mul", [x(), alpha])]);
        const rest = b.op("Mul", [b.op("Mul", [y(), alpha]), b.op("Sub", [b.scalar(1), gate])]);
        return b.op("Mul", [dy(), b.op("Add", [gate, rest])]);
      },
    ],
  },
  {
    // gelu(x + bias), with a bias that is learnt
    type: "BiasGelu",
    domain: DOMAIN,
    weights: [1],
    infer: ({ input }) => [input(0)],
    gradient: ({ b, x, dy }) => {
      const slope = (): Value => {
        const z = b.op("Add", [x(0), x(1)]);
        const half = b.op("Mul", [b.op("Erf", [b.op("Mul", [z, b.scalar(Math.SQRT1_2)])]), b.scalar(0.5)]);
        const density = b.op("Exp", [b.op("Mul", [b.op("Mul", [z, z]), b.scalar(-0.5)])]);
        const scaled = b.op("Mul", [b.op("Mul", [z, density]), b.scalar(1 / Math.sqrt(2 * Math.PI))]);
        return b.op("Mul", [dy(), b.op("Add", [b.op("Add", [half, b.scalar(0.5)]), scaled])]);
      };
      return [slope, slope];
    },
  },
]);

describe("operators of the user's own", () => {
  let folder = "";
  let dataset: Dataset;
  let bytes: Uint8Array;
  let source: SourceModel;
  let standard: Model;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-own-"));
    await writeToyPhotos(folder, { train: 6, validation: 3 });
    dataset = await readDataset(folder, { seed: 1 });
    standard = await readModelFile(fixture("resnet18-width8/bn.onnx"));
    bytes = encodeModel(withGelus(standard));
    source = { model: decodeModel(bytes), name: "gelu", sha256: "03", operators: table };
  });
  after(() => rm(folder, { recursive: true }));

  /** Every Relu a QuickGelu, and a BiasGelu on the features. */
  function withGelus(model: Model): Model {
    const { graph } = model;
    const relu = ({ op }: Node): boolean => op === "Relu";
    const head = graph.nodes.at(-1) as Node;
    const [feature] = head.inputs as [Value];
    const width = graph.constants.get(head.inputs[1]?.name ?? "")?.shape[1] as number;
    const bias = { name: "gelu.bias", dtype: "float32", shape: [width] } as const;
    const active: Value = { ...feature, name: "active" };
    const gelu: Node = { op: "BiasGelu", domain: DOMAIN, inputs: [feature, bias], outputs: [active], attrs: {} };
    const nodes = graph.nodes.map((node): Node =>
      relu(node) ? { ...node, op: "QuickGelu", domain: DOMAIN, attrs: { alpha: { float: ALPHA } } } : node,
    );
    return {
      ...model,
      opsets: new Map([...model.opsets, [DOMAIN, 1]]),
      graph: {
        ...graph,
        constants: new Map([...graph.constants, [bias.name, float32([width], new Float32Array(width).fill(0.1))]]),
        nodes: [...nodes.slice(0, -1), gelu, { ...head, inputs: [active, ...head.inputs.slice(1)] }],
      },
    };
  }

  function train(
    settings: FineTuneSettings,
    models: { readonly source: SourceModel; readonly teacher?: SourceModel } = { source },
  ): Promise<FineTuneResult> {
    const platform = { runtime: directRuntime, decoder: sharpDecoder(), hashFile };
    return fineTune({ ...settings, sizePx: 32, batchSize: 8, seed: 3, threads: 1, ...models, dataset, platform })
      .result;
  }

  it("their rules match finite differences on the stock runtime", async () => {
    await gradcheck("QuickGelu", [[3, 4]], {}, { domain: DOMAIN, operators: table, dtype: "float32" });
    await gradcheck("BiasGelu", [[3, 4], [4]], {}, { domain: DOMAIN, operators: table, dtype: "float32" });
  });

  it("a model with them is refused without the table, in words that say what to do", () => {
    assert.throws(
      () => normalise(decodeModel(bytes)),
      (error: Error) => {
        assert.equal(errorCode(error), "E_MODEL_OP");
        assert.match(error.message, /com\.microsoft\.QuickGelu/);
        return "hint" in error && /your own operator/.test(String(error.hint));
      },
    );
  });

  it("normalise keeps their nodes and the version of their domain; inspectModel counts what they learn", () => {
    const { graph, opsets } = normalise(source.model, { operators: table });
    assert.equal(graph.nodes.filter((node) => node.op === "QuickGelu" && node.domain === DOMAIN).length, 17);
    assert.deepEqual(Object.fromEntries(opsets), { "": 17, [DOMAIN]: 1 });
    const inspection = inspectModel(source.model, { operators: table });
    assert.deepEqual([inspection.unsupported, inspection.withoutGradient], [[], []]);
    const layer = inspection.layers.find(({ operator }) => operator === `${DOMAIN}.BiasGelu`);
    assert.equal(layer?.parameters, 64);
  });

  for (const mode of ["frozen", "full", "staged", "scratch"] as const) {
    it(`such a model trains in mode ${mode}, and its export says the same as training did`, async () => {
      const result = await train({ mode, epochs: 3, headEpochs: 10, rate: mode === "frozen" ? 1e-2 : 1e-3 });
      assert.ok(result.model && result.parity && result.evaluation);
      assert.ok(result.parity.largestDifference < 1e-3);
      const exported = decodeModel(result.model);
      assert.equal(exported.opsets.get(DOMAIN), 1);
      assert.ok(exported.graph.nodes.some((node) => node.op === "QuickGelu" && node.domain === DOMAIN));
      const trained = exported.graph.constants.get("gelu.bias")?.data.some((v) => v !== Math.fround(0.1));
      assert.equal(trained, mode !== "frozen");
      const tagger = await openTagger({
        source: { model: exported, name: "own", sha256: "04", operators: table },
        runtime: directRuntime,
        decoder: sharpDecoder(),
      });
      const photo = await tagger.label(dataset.validation[0]?.path ?? "");
      await tagger.close();
      assert.equal(photo.labels.length, 3);
    });
  }

  it("scratch starts what they learn anew", async () => {
    const { model } = await train({ mode: "scratch", epochs: 1, rate: 0 });
    assert.ok(model);
    const bias = decodeModel(model).graph.constants.get("gelu.bias")?.data as Float32Array;
    assert.ok(new Set(bias).size > bias.length / 2, "not the constant it was, and not another");
  });

  it("a teacher with them teaches a student without, and the reverse", async () => {
    const plain = { model: standard, name: "plain", sha256: "05" };
    for (const [student, teacher] of [
      [plain, source],
      [source, plain],
    ] as const) {
      const { model: taught } = await train({ mode: "frozen", epochs: 1 }, { source: teacher });
      assert.ok(taught);
      const { operators: own } = teacher as SourceModel;
      const trained = { ...teacher, model: decodeModel(taught), ...(own ? { operators: own } : {}) };
      const result = await train({ mode: "full", epochs: 1 }, { source: student, teacher: trained });
      assert.ok(result.model && result.evaluation && Number.isFinite(result.evaluation.loss));
    }
  });

  it("diagnose checks their gradients", async () => {
    const platform = { runtime: directRuntime, decoder: sharpDecoder() };
    const failed: string[] = [];
    for await (const item of diagnose({ source, platform, sizePx: 32 }))
      if (item.kind === "check" && item.status !== "ok") failed.push(`${item.name}: ${item.detail}`);
    assert.deepEqual(failed, []);
  });

  it("a rewrite writes an operator that no runtime knows with standard ones", () => {
    const nodes = standard.graph.nodes.map((node): Node =>
      node.op === "Relu" ? { ...node, op: "Swish", domain: "my.domain" } : node,
    );
    const model = { ...standard, graph: { ...standard.graph, nodes } };
    const { graph, opsets } = normalise(model, {
      rewrites: { "my.domain.Swish": (r) => r.emit("Mul", [r.input(0), r.b.op("Sigmoid", [r.input(0)])]) },
    });
    assert.deepEqual([...opsets.keys()], [""]);
    assert.ok(graph.nodes.every((node) => !node.domain));
    assert.equal(graph.nodes.filter((node) => node.op === "Sigmoid").length, 17);
  });
});
