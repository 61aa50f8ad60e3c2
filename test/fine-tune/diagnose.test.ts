import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ToolkitError } from "../../toolkit/errors.ts";
import { linear } from "../../models/layers.ts";
import { readDataset } from "../../toolkit/data/dataset.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import { diagnose } from "../../toolkit/fine-tune/diagnose.ts";
import type { DiagnoseOptions, Diagnosis, ModelCheck } from "../../toolkit/fine-tune/diagnosis.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Node } from "../../toolkit/graph/ir.ts";
import type { Operator } from "../../toolkit/graph/operator.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

type Given = Partial<Omit<DiagnoseOptions, "source">>;

async function collect(source: SourceModel, options: Given = {}): Promise<readonly Diagnosis[]> {
  const platform = { runtime: directRuntime, decoder: sharpDecoder() };
  const found: Diagnosis[] = [];
  for await (const item of diagnose({ source, platform, sizePx: 32, ...options })) found.push(item);
  return found;
}

async function checksOf(source: SourceModel, options: Given = {}): Promise<ReadonlyMap<string, ModelCheck>> {
  const found = await collect(source, options);
  return new Map(found.flatMap((item) => (item.kind === "check" ? [[item.name, item] as const] : [])));
}

const statuses = (checks: ReadonlyMap<string, ModelCheck>): Readonly<Record<string, string>> =>
  Object.fromEntries([...checks].map(([name, { status }]) => [name, status]));

const ALL_OK = {
  file: "ok",
  head: "ok",
  operators: "ok",
  BatchNorm: "ok",
  gradients: "ok",
  "gradient norms": "ok",
  "loss at start": "ok",
  "one batch": "ok",
  baseline: "ok",
};

describe("fine-tune/diagnose", () => {
  let normed: SourceModel;
  let folded: SourceModel;
  const relu = operators.get("Relu") as Operator;
  before(async () => {
    normed = { model: await readModelFile(fixture("resnet18-width8/bn.onnx")), name: "bn", sha256: "01" };
    folded = { model: await readModelFile(fixture("resnet18-width8/folded.onnx")), name: "folded", sha256: "02" };
  });

  it("finds nothing wrong with a ResNet, and tells how far it is", async () => {
    const found = await collect(normed, { classes: 5 });
    const checks = new Map(found.flatMap((item) => (item.kind === "check" ? [[item.name, item] as const] : [])));
    assert.deepEqual(statuses(checks), ALL_OK);
    assert.equal(checks.get("file")?.facts["sizePx"], 32);
    assert.match(checks.get("file")?.detail ?? "", /^opset 13 written by pytorch .*, 69 nodes, /);
    assert.match(checks.get("loss at start")?.detail ?? "", /log 5 = 1\.609/);
    const gradients = found.filter((item) => item.kind === "progress" && item.name === "gradients");
    assert.deepEqual(
      gradients.map((item) => (item.kind === "progress" ? [item.done, item.total] : [])),
      gradients.map((_, i) => [i + 1, gradients.length]),
    );
    const losses = checks.get("one batch")?.facts["losses"] as readonly number[];
    assert.ok((losses.at(-1) ?? 1) < 0.1 * (losses[0] ?? 0));
  });

  it("says of a network for smaller pictures than training takes that its file does not do", async () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", ["N", 3, 10, 10]);
    const flat = b.op("Flatten", [x], { axis: 1 });
    const graph = b.build([linear({ b, seed: 0, name: "fc" }, flat, 4, "logits")]);
    const model = { graph, opsets: new Map([["", 17]]), metadata: new Map() };
    const checks = await checksOf({ model, name: "small", sha256: "03" });
    assert.deepEqual(statuses(checks), { file: "failed" });
    assert.match(
      checks.get("file")?.detail ?? "",
      /with 10 px, the only size it takes: .*; training takes 16 px or more$/,
    );
  });

  it("restores a folded BatchNorm before it tries, and says so", async () => {
    const checks = await checksOf(folded);
    assert.deepEqual(statuses(checks), ALL_OK);
    assert.match(checks.get("BatchNorm")?.detail ?? "", /folded into 20 convolutions: restored/);
    assert.match(checks.get("BatchNorm")?.hint ?? "", /--batch-norm/);
    const gradients = checks.get("gradients")?.facts["checks"] as readonly { parameter: string }[];
    assert.ok(gradients.some(({ parameter }) => parameter.includes(".bn.")));
  });

  it("says which nodes of the training step a device leaves to the CPU", async () => {
    const steps: Uint8Array[] = [];
    const placed = (onCpu: Readonly<Record<string, number>>): Given => ({
      classes: 5,
      placements: async (model) => {
        steps.push(model);
        return { nodes: 100, onCpu };
      },
    });
    const whole = await checksOf(normed, placed({}));
    assert.deepEqual(statuses(whole), { ...ALL_OK, device: "ok" });
    assert.match(whole.get("device")?.detail ?? "", /^of the training step on cpu, all 100 nodes have kernels there$/);
    const left = (await checksOf(normed, placed({ MaxPool: 1, Cast: 2 }))).get("device");
    assert.equal(left?.status, "warning");
    assert.match(left?.detail ?? "", /3 of 100 nodes are left to the CPU: Cast 2 times, MaxPool$/);
    assert.match(left?.hint ?? "", /--device cpu/);
    const silent = (await checksOf(normed, { ...placed({}), placements: async () => ({ nodes: 0, onCpu: {} }) })).get(
      "device",
    );
    assert.deepEqual([silent?.status, silent?.detail.includes("does not tell")], ["warning", true]);
    const refusing = async (): Promise<never> => {
      throw new ToolkitError("E_DEVICE", "Cannot load the step on webgpu: it took more than 180 s");
    };
    const asked = await checksOf(normed, { classes: 5, placements: refusing });
    // the other checks say whether it trains
    assert.deepEqual(statuses(asked), { ...ALL_OK, device: "warning" });
    // what was asked about is the whole step: the first layer's weights after it are an output
    assert.ok(steps.every((bytes) => Buffer.from(bytes).includes("conv1.weight:next")));
  });

  it("tries the user's own photos, with a head for their classes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "onnx-graft-diagnose-"));
    try {
      await writeToyPhotos(folder, { train: 6, validation: 2 });
      const dataset = await readDataset(folder, { seed: 0 });
      const checks = await checksOf(normed, { dataset });
      assert.deepEqual(statuses(checks), { ...ALL_OK, inputs: "ok" });
      assert.equal(checks.get("loss at start")?.facts["classes"], 3);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("names the nodes without a gradient rule, and goes on with the head alone", async () => {
    const { gradient: _gradient, ...without } = relu;
    const checks = await checksOf({ ...normed, operators: new Map([...operators, ["Relu", without]]) });
    assert.deepEqual(statuses(checks), { ...ALL_OK, operators: "failed" });
    assert.match(checks.get("operators")?.detail ?? "", /^no gradient rule for Relu ".*", .* and \d+ more$/);
    assert.match(checks.get("operators")?.hint ?? "", /--mode frozen/);
    const gradients = checks.get("gradients")?.facts["checks"] as readonly { parameter: string }[];
    assert.deepEqual(
      gradients.map(({ parameter }) => parameter),
      ["head.weight", "head.bias"],
    );
  });

  it("a wrong rule of the user's is found by finite differences, and named", async () => {
    const leaky: Operator = { ...relu, gradient: ({ dy }) => [() => dy()] };
    const checks = await checksOf({ ...normed, operators: new Map([...operators, ["Relu", leaky]]) });
    assert.equal(checks.get("gradients")?.status, "failed");
    assert.match(checks.get("gradients")?.detail ?? "", /disagree with finite differences/);
    assert.match(checks.get("gradients")?.hint ?? "", /look at the gradient rules of .*Relu/);
  });

  it("a network of zeros learns nothing", async () => {
    const constants = new Map(
      [...normed.model.graph.constants].map(([name, t]) =>
        t.dtype === "float32" ? [name, { ...t, data: new Float32Array(t.data.length) }] : [name, t],
      ),
    );
    const dead = { ...normed, model: { ...normed.model, graph: { ...normed.model.graph, constants } } };
    const checks = await checksOf(dead);
    assert.deepEqual([checks.get("one batch")?.status, checks.get("operators")?.status], ["failed", "ok"]);
    assert.match(checks.get("one batch")?.hint ?? "", /dead/);
  });

  it("says what is in the way, and looks no further, where nothing can be tried", async () => {
    const { graph } = normed.model;
    const renamed = graph.nodes.map((node): Node => (node.op === "MaxPool" ? { ...node, op: "MaxSwim" } : node));
    const foreign = { ...normed, model: { ...normed.model, graph: { ...graph, nodes: renamed } } };
    const unread = await checksOf(foreign);
    assert.deepEqual(statuses(unread), { file: "failed" });
    assert.match(unread.get("file")?.detail ?? "", /not supported: MaxSwim/);
    const headless = await checksOf(normed, { head: "conv1" });
    assert.deepEqual(statuses(headless), { file: "ok", head: "failed" });
    assert.ok(headless.get("head")?.hint);
  });

  it("ends with the reason of its signal", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    await assert.rejects(collect(normed, { signal: controller.signal }), /enough/);
  });
});
