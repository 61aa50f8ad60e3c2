import assert from "node:assert/strict";
import { differentiate } from "../../toolkit/autodiff/differentiate.ts";
import { errorCode, ToolkitError } from "../../toolkit/errors.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { GRADIENT_DOMAIN, valueNamed } from "../../toolkit/graph/ir.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { float32, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { Formulation } from "../../toolkit/lowering/formulation.ts";
import { formulationNames } from "../../toolkit/lowering/formulations.ts";
import { lower, lowerWithForms } from "../../toolkit/lowering/lower.ts";
import type { Target } from "../../toolkit/lowering/target.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { runGraph } from "../support/run-graph.ts";

const target = { provider: "cpu", dims: new Map([["N", 2]]) } as const;

function convNet(): Graph {
  const b = new GraphBuilder(operators);
  const x = b.input("x", "float32", ["N", 3, 8, 8]);
  const w = b.constant(
    float32(
      [4, 3, 3, 3],
      Float32Array.from({ length: 108 }, (_, i) => Math.sin(i)),
    ),
    "w",
  );
  const y = b.op(
    "Relu",
    [b.op("Conv", [x, w], { pads: [1, 1, 1, 1] }, { outputs: ["conv"] })],
    {},
    { outputs: ["relu"] },
  );
  const loss = b.op("ReduceMean", [y], { keepdims: 0 }, { outputs: ["loss"] });
  return b.build([loss]);
}

const RELU = `${GRADIENT_DOMAIN}.ReluGradient`;

/** A way to write ReluGradient that leaves a node of this type behind. */
function marked(name: string, type: string, more: Partial<Formulation> = {}): Formulation {
  return { name, serves: () => true, write: ({ b, x }) => [b.op(type, [x(0)])], ...more };
}

describe("lowering/lower", () => {
  const forward = convNet();
  const { graph, gradients } = differentiate(forward, valueNamed(forward, "loss"), ["w"], operators);
  const gradient = gradients.get("w");
  assert(gradient);
  const step = { ...graph, outputs: [...graph.outputs, gradient] };

  it("replaces every gradient operator", () => {
    assert(step.nodes.some((node) => node.domain === GRADIENT_DOMAIN));
    const lowered = checkGraph(lower(step, target));
    assert.deepEqual(
      lowered.nodes.filter((node) => node.domain === GRADIENT_DOMAIN),
      [],
    );
  });

  it("keeps the names of inputs, outputs and kept values", () => {
    const lowered = lower(step, target);
    assert.deepEqual(
      lowered.outputs.map((v) => v.name),
      ["loss", gradient.name],
    );
    assert.deepEqual(
      lowered.inputs.map((v) => v.name),
      ["x"],
    );
    for (const name of ["w", "conv", "relu"]) assert.equal(valueNamed(lowered, name).name, name);
  });

  it("binds extents and leaves the others symbolic", () => {
    assert.deepEqual(valueNamed(lower(step, target), "conv").shape, [2, 4, 8, 8]);
    assert.deepEqual(valueNamed(lower(step, { provider: "cpu", dims: new Map() }), "conv").shape, ["N", 4, 8, 8]);
  });

  it("computes the same with a bound and an unbound batch", async () => {
    const feeds = new Map([
      [
        "x",
        float32(
          [2, 3, 8, 8],
          Float32Array.from({ length: sizeOf([2, 3, 8, 8]) }, (_, i) => Math.cos(i)),
        ),
      ],
    ]);
    const bound = await runGraph(lower(step, target), feeds);
    const free = await runGraph(lower(step, { provider: "cpu", dims: new Map() }), feeds);
    for (const [name, t] of bound) assert.deepEqual(t.data, free.get(name)?.data);
  });

  it("does not change the graph it is given", () => {
    const before = JSON.stringify(step.nodes);
    lower(step, target);
    assert.equal(JSON.stringify(step.nodes), before);
  });

  it("leaves out what no output needs", () => {
    const lowered = lower({ ...step, outputs: [gradient] }, target);
    assert(!lowered.nodes.some((node) => node.outputs.some((v) => v.name === "loss")));
  });

  it("gives an output that is an input or another output a node of its own", async () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", [2]);
    const p = b.op("ReluGradient", [x, x], {}, { domain: GRADIENT_DOMAIN, outputs: ["p"] });
    const q = b.op("ReluGradient", [x, x], {}, { domain: GRADIENT_DOMAIN, outputs: ["q"] });
    const results = await runGraph(lower(b.build([p, q]), target), new Map([["x", float32([2], [-1, 3])]]));
    assert.deepEqual(
      [...(results.get("p")?.data ?? [])].map((v) => Math.abs(Number(v))),
      [0, 3],
    );
    assert.deepEqual(
      [...(results.get("q")?.data ?? [])].map((v) => Math.abs(Number(v))),
      [0, 3],
    );
  });

  it("folds what binding makes known about shapes", () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", ["N", 3, 4]);
    const batch = b.op("Gather", [b.op("Shape", [x]), b.ints([0])]);
    const y = b.op("Reshape", [x, b.op("Concat", [batch, b.ints([-1])], { axis: 0 })], {}, { outputs: ["y"] });
    const lowered = lower(b.build([y]), target);
    assert.deepEqual(
      lowered.nodes.map((node) => node.op),
      ["Reshape"],
    );
    assert.deepEqual(valueNamed(lowered, "y").shape, [2, 12]);
  });

  it("lowerWithForms() counts the formulations that were taken", () => {
    const { graph: lowered, forms } = lowerWithForms(step, target);
    assert.deepEqual(Object.fromEntries(forms), {
      "relu-steep-slope": 1,
      "conv-weight-swapped-axes": 1,
      "expand-like": 1,
    });
    assert.deepEqual(lowered, lower(step, target));
    assert.equal(lowerWithForms(forward, target).forms.size, 0);
  });

  it("takes a forced formulation where it serves, and the best elsewhere", () => {
    const comparison = lowerWithForms(step, { ...target, forced: "relu-comparison" });
    assert.deepEqual(Object.fromEntries(comparison.forms), {
      "relu-comparison": 1,
      "conv-weight-swapped-axes": 1,
      "expand-like": 1,
    });
    assert(comparison.graph.nodes.some((node) => node.op === "Greater"));
    const scattered = { ...target, provider: "webgpu", forced: "max-pool-scatter" } as const;
    assert.deepEqual(lowerWithForms(step, scattered).forms, lowerWithForms(step, target).forms);
  });

  it("takes the first formulation that serves and pays; a forced one need not pay, but must serve", () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", [2]);
    const dx = b.op("ReluGradient", [x, x], {}, { domain: GRADIENT_DOMAIN, outputs: ["dx"] });
    const table = new Map([
      [
        RELU,
        [
          marked("wrong-here", "Sin", { serves: () => false }),
          marked("slow-here", "Cos", { pays: () => false }),
          marked("fast-here", "Neg", { pays: () => true }),
          marked("last", "Abs"),
        ],
      ],
    ]);
    const taken = (forced: Partial<Pick<Target, "forced">>): readonly string[] =>
      lower(b.build([dx]), { ...target, ...forced }, operators, table).nodes.map((node) => node.op);
    assert.deepEqual(taken({}), ["Neg"]);
    assert.deepEqual(taken({ forced: "slow-here" }), ["Cos"]);
    assert.deepEqual(taken({ forced: "last" }), ["Abs"]);
    assert.deepEqual(taken({ forced: "wrong-here" }), ["Neg"]);
  });

  it("chooses among the forms of the target, and takes another only where none of them serves", () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", [2]);
    const dx = b.op("ReluGradient", [x, x], {}, { domain: GRADIENT_DOMAIN, outputs: ["dx"] });
    const table = new Map([
      [
        RELU,
        [
          marked("first", "Neg"),
          marked("second", "Abs"),
          marked("slow-here", "Cos", { pays: () => false }),
          marked("wrong-here", "Sin", { serves: () => false }),
        ],
      ],
    ]);
    const taken = (names: readonly string[], forced: Partial<Pick<Target, "forced">> = {}): readonly string[] => {
      const { forms } = lowerWithForms(
        b.build([dx]),
        { ...target, forms: new Set(names), ...forced },
        operators,
        table,
      );
      return [...forms.keys()];
    };
    assert.deepEqual(taken(["first", "second"]), ["first"]);
    assert.deepEqual(taken(["second"]), ["second"]);
    assert.deepEqual(taken(["slow-here", "second"]), ["second"]);
    assert.deepEqual(taken(["slow-here"]), ["slow-here"], "a run that took it takes it again");
    assert.deepEqual(taken(["wrong-here"]), ["first"]);
    assert.deepEqual(taken(["of-old"]), ["first"]);
    assert.deepEqual(taken([]), ["first"]);
    assert.deepEqual(taken(["second"], { forced: "first" }), ["first"]);
  });

  it("chooses the same forms again among those it took", () => {
    const { forms, graph: once } = lowerWithForms(step, target);
    const again = lowerWithForms(step, { ...target, forms: new Set(forms.keys()) });
    assert.deepEqual(again, { graph: once, forms, layouts: new Map() });
  });

  it("writes a max pool's gradient once where a ReLU's moves before it", () => {
    const b = new GraphBuilder(operators);
    const relu = b.op("Relu", [b.input("x", "float32", [2, 3, 8, 8])]);
    const pool = b.op("MaxPool", [relu], { kernel_shape: [2, 2], strides: [2, 2] });
    const loss = b.op("ReduceMean", [pool], { keepdims: 0 }, { outputs: ["loss"] });
    const back = differentiate(b.build([loss]), loss, ["x"], operators);
    const [dx] = back.gradients.values();
    assert(dx);
    const { forms } = lowerWithForms({ ...back.graph, outputs: [loss, dx] }, target);
    const counts = [...forms].filter(([name]) => name.startsWith("max-pool-"));
    assert.deepEqual(
      counts.map(([, count]) => count),
      [1],
    );
  });

  it("refuses to force a formulation that is not in the table, and names those that are", () => {
    assert.throws(
      () => lower(step, { ...target, forced: "relu-comparisons" }),
      (error) =>
        error instanceof ToolkitError &&
        error.code === "E_SETTING" &&
        /"relu-comparisons"/.test(error.message) &&
        error.hint?.includes("relu-comparison,") === true,
    );
  });

  it("formulationNames() are in kebab-case and differ", () => {
    const names = formulationNames();
    for (const name of names) assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)+$/);
    assert.equal(new Set(names).size, names.length);
  });

  it("names a node for which no formulation is written", () => {
    const b = new GraphBuilder(operators);
    const [dy, w, x] = [
      b.input("dy", "float32", ["N", 4, "P", 8]),
      b.input("w", "float32", [4, 3, 3, 3]),
      b.input("x", "float32", ["N", 3, "H", 8]),
    ];
    const dx = b.op("ConvInputGradient", [dy, w, x], {}, { domain: GRADIENT_DOMAIN });
    assert.throws(
      () => lower(b.build([dx]), target),
      (error) => errorCode(error) === "E_NOT_LOWERED" && /ConvInputGradient.*\[2,4,P,8\]/.test(String(error)),
    );
  });

  it("folds sizes that are computed in floating point once the extents are bound", () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", ["N", 3, "H", "W"]);
    const extents = b.op("Cast", [b.op("Slice", [b.op("Shape", [x]), b.ints([2]), b.ints([4]), b.ints([0])])], {
      to: 1,
    });
    const scaled = b.op("Floor", [b.op("Mul", [extents, b.scalar(1.7)])]);
    const sizes = b.op("Concat", [b.ints([2, 3]), b.op("Cast", [scaled], { to: 7 })], { axis: 0 });
    const y = b.op("Resize", [x, undefined, undefined, sizes], { mode: "linear" }, { outputs: ["y"] });
    const loss = b.op("ReduceMean", [y], { keepdims: 0 }, { outputs: ["loss"] });
    const back = differentiate(b.build([loss]), loss, ["x"], operators);
    const dims = new Map(Object.entries({ N: 2, H: 8, W: 9 }));
    const [dx] = back.gradients.values();
    assert(dx);
    const lowered = checkGraph(lower({ ...back.graph, outputs: [y, dx] }, { provider: "cpu", dims }));
    assert.deepEqual(valueNamed(lowered, "y").shape, [2, 3, 13, 15]);
  });
});
