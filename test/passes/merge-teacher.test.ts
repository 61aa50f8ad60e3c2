import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { float32, scalar, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { distillation } from "../../toolkit/losses/distillation.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { mergeTeacher } from "../../toolkit/passes/merge-teacher.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import { loadGraph, runGraph } from "../support/run-graph.ts";
import { random } from "./raw-model.ts";
import { conv3, norm } from "./small-graph.ts";

interface NetworkOptions {
  readonly input?: readonly (number | string)[];
  readonly filters?: number;
  readonly classes?: number;
  readonly seed?: number;
  readonly withNorm?: boolean;
  readonly withSoftmax?: boolean;
  readonly withDropout?: boolean;
}

/** A small classifier; all of them use the same names. */
function network(options: NetworkOptions = {}): Graph {
  const { input = ["N", 3, 6, 6], filters = 4, classes = 3, seed = 1 } = options;
  const b = new GraphBuilder(operators);
  const x = b.input("input", "float32", input);
  const filtered = conv3(b, x, "stem", filters);
  const map = b.op("Relu", [options.withNorm ? norm(b, filtered, "bn") : filtered]);
  const feature = b.op("Flatten", [b.op("GlobalAveragePool", [map])], { axis: 1 });
  const kept = options.withDropout ? b.op("Dropout", [feature, b.scalar(0.5)]) : feature;
  const weight = b.constant(random([classes, filters], seed), "fc.weight");
  const bias = b.constant(random([classes], seed + 1), "fc.bias");
  const logits = b.op("Gemm", [kept, weight, bias], { transB: 1 }, { outputs: ["logits"] });
  return b.build([options.withSoftmax ? b.op("Softmax", [logits], { axis: 1 }) : logits]);
}

const images = random([8, 3, 6, 6], 21);
const dims = new Map([["N", 8]]);
const lowered = (graph: Graph): Graph => lower(graph, { provider: "cpu", dims });
const merge = (student: Graph, teacher: Graph): Graph => mergeTeacher(student, teacher, { logits: "logits" }).graph;

describe("passes/merge-teacher", () => {
  it("mergeTeacher() gives both networks' logits, as each alone does", async () => {
    const student = network({ seed: 3 });
    // extents of another name, and a teacher that ends with probabilities
    const teacher = network({ input: ["batch", 3, "h", "w"], filters: 7, withNorm: true, withSoftmax: true });
    const { graph, logits } = mergeTeacher(student, teacher, { logits: "logits" });
    checkGraph(graph);
    assert.equal(logits.name, "teacher.logits");
    assert.deepEqual(logits.shape, ["N", 3]);
    assert.deepEqual(
      graph.inputs.map((v) => v.name),
      ["input"],
    );
    const feeds = new Map([["input", images]]);
    const both = await runGraph(lowered(graph), feeds);
    assert.deepEqual(both.get("logits"), (await runGraph(lowered(student), feeds)).get("logits"));
    const withLogits = {
      ...teacher,
      outputs: teacher.nodes.flatMap((n) => n.outputs).filter((v) => v.name === "logits"),
    };
    const alone = await runGraph(
      lower(withLogits, { provider: "cpu", dims: new Map([...dims, ["batch", 8], ["h", 6], ["w", 6]]) }),
      feeds,
    );
    assert.deepEqual(both.get("teacher.logits"), alone.get("logits"));
  });

  it("mergeTeacher() trains a student towards the teacher, whose weights stay", async () => {
    const student = network({ filters: 4, seed: 3, withNorm: true });
    const teacher = network({ filters: 6, seed: 8, withNorm: true, withDropout: true });
    const { graph } = mergeTeacher(student, teacher, { logits: "logits" });
    const loss = distillation({ temperature: 2 });
    const parameters = parametersOf(student);
    const step = buildStep(graph, { parameters, logits: "logits", loss, optimizer: sgd({ momentum: 0.9 }) }, operators);
    assert.ok([...step.state.keys()].every((name) => !name.startsWith("teacher.")));
    assert.ok(step.graph.inputs.every((v) => v.name !== STEP.target && v.name !== "teacher.logits"));
    const run = await loadGraph(lowered(step.graph));
    const weight = float32([8], Array<number>(8).fill(1));
    const losses: number[] = [];
    let state = new Map(step.initial);
    for (let i = 0; i < 60; i++) {
      const out = await run(
        new Map<string, TensorData>([
          ["input", images],
          [STEP.weight, weight],
          [STEP.divisor, scalar(8)],
          [STEP.rate, scalar(0.02)],
          ...state,
        ]),
      );
      losses.push(toNumbers(out.get(STEP.loss) as TensorData)[0] ?? Number.NaN);
      state = new Map([...step.state].map(([name, next]) => [name, out.get(next) as TensorData]));
    }
    await run.release();
    const [first = 0] = losses;
    const last = losses.at(-1) ?? Number.NaN;
    assert.ok(first > 0.1 && last < first / 10, `from ${first} to ${last}`);
  });

  it("mergeTeacher() drops the teacher's dropout and keeps the student's", () => {
    const graph = merge(network({ withDropout: true }), network({ withDropout: true }));
    assert.equal(graph.nodes.filter((n) => n.op === "Dropout").length, 1);
  });

  it("mergeTeacher() takes the teacher's logits by name, under another prefix", () => {
    const options = { logits: "logits", teacherLogits: "logits", prefix: "second/" };
    const { logits, graph } = mergeTeacher(merge(network(), network()), network({ withSoftmax: true }), options);
    assert.equal(logits.name, "second/logits");
    assert.deepEqual(
      graph.outputs.map((v) => v.name),
      ["logits", "teacher.logits", "second/logits"],
    );
  });

  it("mergeTeacher() leaves both graphs as they were", () => {
    const [student, teacher] = [network(), network({ filters: 5 })];
    const before = [student.nodes.length, student.constants.size, student.outputs.length, teacher.nodes.length];
    merge(student, teacher);
    assert.deepEqual(
      [student.nodes.length, student.constants.size, student.outputs.length, teacher.nodes.length],
      before,
    );
  });

  for (const [what, student, teacher] of [
    ["pictures of another size", {}, { input: ["N", 3, 8, 8] }],
    ["one size where the student takes any", { input: ["N", 3, "H", "W"] }, {}],
    ["a batch of one", {}, { input: [1, 3, 6, 6] }],
    ["another count of channels", { input: ["N", 3, 6, 6] }, { input: ["N", 1, 6, 6] }],
    ["another count of classes", { classes: 3 }, { classes: 4 }],
  ] as const) {
    it(`mergeTeacher() refuses a teacher of ${what}`, () => {
      assert.throws(
        () => merge(network(student), network(teacher)),
        (error) => errorCode(error) === "E_SHAPE",
      );
    });
  }

  it("mergeTeacher() refuses logits that are not there", () => {
    assert.throws(
      () => mergeTeacher(network(), network(), { logits: "nothing" }),
      (error) => errorCode(error) === "E_NO_VALUE",
    );
    assert.throws(
      () => mergeTeacher(network(), network(), { logits: "logits", teacherLogits: "nothing" }),
      (error) => errorCode(error) === "E_NO_VALUE",
    );
  });
});
