import assert from "node:assert/strict";
import { ToolkitError } from "../../toolkit/errors.ts";
import type { Node, Value } from "../../toolkit/graph/ir.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import type { Runtime, Session, Tensors } from "../../toolkit/runtime/runtime.ts";
import { compareNumbers, compareSpeed, speedUp } from "../../toolkit/train/device-self-test.ts";
import { TOY_NET } from "../../toolkit/train/device-test-net.ts";
import { directRuntime } from "../support/run-graph.ts";

/** The CPU under another provider's name, which makes something else of graphs. Of the test's graphs it takes those of a device that makes one step a run. */
function device(change: (nodes: readonly Node[]) => readonly Node[]): Runtime {
  const changed = (bytes: Uint8Array): Uint8Array => {
    const { graph, ...model } = decodeModel(bytes);
    return encodeModel({ ...model, graph: { ...graph, nodes: change(graph.nodes) } });
  };
  return {
    name: "device",
    provider: "dml",
    async load(model, options) {
      const session = await directRuntime.load(changed(model), options);
      return { ...session, add: (name, bytes) => session.add(name, changed(bytes)) };
    },
  };
}

/** A device that computes with what `operand` makes of the inputs of some operators. */
function withOperands(ops: readonly string[], operand: (input: Value, name: string) => readonly Node[]): Runtime {
  return device((nodes) =>
    nodes.flatMap((node, i) => {
      if (!ops.includes(node.op)) return [node];
      const made = node.inputs.map((v, k) => v && operand(v, `made/${i}/${k}`));
      const inputs = made.map((own, k) => own?.at(-1)?.outputs[0] ?? node.inputs[k]);
      return [...made.flatMap((own) => own ?? []), { ...node, inputs }];
    }),
  );
}

function cast(input: Value, to: number, dtype: Value["dtype"], name: string): Node {
  return { op: "Cast", inputs: [input], outputs: [{ ...input, dtype, name }], attrs: { to } };
}

/** Rounded to the 11 significant bits of TF32, which float16 has too. */
const rounded = (v: Value, name: string): readonly Node[] => {
  const half = cast(v, 10, "float16", `${name}/half`);
  return [half, cast(half.outputs[0] as Value, 1, "float32", name)];
};

/** What a session answers, changed. */
function answering(change: (results: Tensors) => Tensors): Runtime {
  const plain = device((nodes) => nodes);
  return {
    ...plain,
    async load(model, options): Promise<Session> {
      const session = await plain.load(model, options);
      return {
        ...session,
        run: async (run) => change(await session.run(run)),
        get: async (names) => change(await session.get(names)),
      };
    },
  };
}

function mapped(results: Tensors, wanted: RegExp, map: (v: number, i: number) => number): Tensors {
  const one = (t: TensorData): TensorData => ({ ...t, data: (t.data as Float32Array).map(map) });
  return new Map([...results].map(([name, t]) => [name, wanted.test(name) ? one(t) : t]));
}

/** Whether a node makes planes of pixels. */
function isPlanes({ op, attrs: { perm } }: Node): boolean {
  return op === "Transpose" && Array.isArray(perm) && perm.join() === "0,3,1,2";
}

describe("train/device-self-test", () => {
  const faultOf = async (runtime: Runtime): Promise<string> =>
    (await compareNumbers({ runtime, reference: directRuntime })).fault ?? "";

  it("compareNumbers() finds nothing wrong with the CPU itself, in whichever form the step is run", async () => {
    assert.deepEqual(await compareNumbers({ runtime: directRuntime, reference: directRuntime }), { difference: 0 });
    const { fault, difference = 1 } = await compareNumbers({
      runtime: device((nodes) => nodes),
      reference: directRuntime,
    });
    assert.deepEqual([fault, difference < 1e-5], [undefined, true]);
  });

  it("compareNumbers() allows factors rounded to 11 bits, as tensor cores round them", async () => {
    const runtime = withOperands(["Conv", "Gemm", "MatMul"], rounded);
    const { fault, difference = 0 } = await compareNumbers({ runtime, reference: directRuntime });
    assert.deepEqual([fault, difference > 1e-4], [undefined, true], String(difference));
  });

  const without = (op: string, attr: string, value: Node["attrs"][string]): Runtime =>
    device((nodes) =>
      nodes.map((node) => (node.op === op ? { ...node, attrs: { ...node.attrs, [attr]: value } } : node)),
    );

  for (const [what, runtime] of [
    ["pads a convolution on the other side", without("Conv", "pads", [2, 1, 0, 1])],
    [
      "takes the mean where the largest is asked for",
      device((nodes) => nodes.map((node) => (node.op === "MaxPool" ? { ...node, op: "AveragePool" } : node))),
    ],
    [
      "lets a tenth of what is negative through",
      device((nodes) =>
        nodes.map((node) =>
          node.op === "Relu" ? { ...node, op: "LeakyRelu", attrs: { alpha: { float: 0.1 } } } : node,
        ),
      ),
    ],
    [
      "computes with 8 bits",
      withOperands(["Conv", "Gemm", "MatMul"], (v, name) => {
        const short = cast(v, 16, "bfloat16", `${name}/short`);
        return [short, cast(short.outputs[0] as Value, 1, "float32", name)];
      }),
    ],
    [
      "loses an element of the weights",
      answering((results) => mapped(results, /^conv0\.weight$/, (v, i) => (i === 3 ? 0 : v))),
    ],
    ["says another loss", answering((results) => mapped(results, /^step\/loss$/, (v) => 1.1 * v))],
    [
      "makes something that is no number",
      answering((results) => mapped(results, /^norm1\.variance$/, (v, i) => (i === 0 ? Number.NaN : v))),
    ],
    [
      "takes the rows of bytes for columns",
      device((nodes) => nodes.map((node) => (isPlanes(node) ? { ...node, attrs: { perm: [0, 3, 2, 1] } } : node))),
    ],
  ] as const) {
    it(`compareNumbers() finds a device that ${what}`, async () => {
      assert.match(await faultOf(runtime), /^wrong numbers: /);
    });
  }

  it("compareNumbers() says where a device fails, and whether it is there at all", async () => {
    const failing = (stage: "load" | "run" | "add"): Runtime => ({
      ...directRuntime,
      async load(...args): Promise<Session> {
        const fail = (): never => {
          throw new ToolkitError(stage === "load" ? "E_RUNTIME" : "E_RUN", `Cannot ${stage}`);
        };
        if (stage === "load") fail();
        return { ...(await directRuntime.load(...args)), ...(stage === "run" ? { run: fail } : { add: fail }) };
      },
    });
    const options = { reference: directRuntime };
    assert.deepEqual(await compareNumbers({ runtime: failing("load"), ...options }), {
      fault: "Cannot load",
      isAbsent: true,
    });
    assert.deepEqual(await compareNumbers({ runtime: failing("run"), ...options }), { fault: "Cannot run" });
    assert.equal(await faultOf(failing("add")), "Cannot add");
    // that is no fault of the device
    await assert.rejects(compareNumbers({ runtime: directRuntime, reference: failing("run") }), { code: "E_RUN" });
  });

  /** A clock that the runtimes below turn: each of their runs takes so many milliseconds. */
  function timed(): { now: () => number; taking: (runMs: number) => Runtime & { runs: number } } {
    let ms = 0;
    return {
      now: () => ms,
      taking(runMs) {
        const runtime = {
          name: "timed",
          provider: "dml" as const,
          runs: 0,
          load: async (...args: Parameters<Runtime["load"]>): Promise<Session> => {
            const session = await directRuntime.load(...args);
            const run: Session["run"] = async (options) => {
              // the first one takes longer
              ms += runtime.runs++ === 0 ? 100 * runMs : runMs;
              return session.run(options);
            };
            return { ...session, run };
          },
        };
        return runtime;
      },
    };
  }

  it("compareSpeed() times steps behind the first, and gives up on what is far slower", async () => {
    const { now, taking } = timed();
    const [reference, fast, slow] = [taking(30), taking(10), taking(100)];
    const faster = await compareSpeed({ runtime: fast, reference, now, net: TOY_NET });
    assert.deepEqual(faster, { stepMs: 10, referenceMs: 30 });
    assert.equal(speedUp(faster), 3);
    const slower = await compareSpeed({ runtime: slow, reference, now, net: TOY_NET });
    assert.deepEqual(slower, { stepMs: 100, referenceMs: 30 });
    assert.deepEqual([fast.runs, slow.runs], [8, 2]);
  });
});
