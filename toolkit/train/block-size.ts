import { ToolkitError } from "../errors.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/ir.ts";
import { fillNormal } from "../graph/random.ts";
import { float32, scalar, sizeOf } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import { blockedOp } from "../lowering/formulations/blocked/blocked-op.ts";
import { lower } from "../lowering/lower.ts";
import { softmaxCrossEntropy } from "../losses/softmax-cross-entropy.ts";
import { operators } from "../operators/index.ts";
import { sgd } from "../optimizers/sgd.ts";
import { providerOf } from "../runtime/runtime.ts";
import type { Runtime, Session, Tensors } from "../runtime/runtime.ts";
import { oneHot } from "./batch.ts";
import { encodeGraph } from "./encode-graph.ts";
import { buildStep, STEP } from "./step.ts";
import type { Step } from "./step.ts";

/** Block sizes that the processors ONNX Runtime has blocked kernels for give. */
const KNOWN: ReadonlySet<number> = new Set([8, 16]);
/** Channels of the probe and of the toy network: whole blocks of either size. */
const CHANNELS = 32;
const CLASSES = 4;
const SIDE_PX = 12;
const ROWS = 2;
/** How far blocked and plain state may be apart after a step, relative to the larger. */
const TOLERANCE = 1e-4;

/**
 * Channels in a block of this machine's blocked operators, as ONNX Runtime lays them out; 0 where it has none, or where a training step of a toy network
 * comes out differently in them than in standard operators. Other providers than the CPU have none.
 */
export async function learnBlockSize(runtime: Runtime, threads?: number): Promise<number> {
  if (providerOf(runtime) !== "cpu") return 0;
  let session: Session | undefined;
  try {
    session = await runtime.load(encodeGraph(probe()), threads === undefined ? {} : { threads });
    const block = await readBlockSize(session);
    return block > 0 && (await isTrustworthy(session, block)) ? block : 0;
  } catch (error) {
    // a runtime without these operators, or on which they fail
    if (error instanceof ToolkitError) return 0;
    throw error;
  } finally {
    await session?.release();
  }
}

const PROBED = "probed";

/** The numbers 0, 1, 2, ... as a picture [1, C, 1, 2], blocked. */
function probe(): Graph {
  const b = new GraphBuilder(operators);
  const x = b.input("x", "float32", [1, CHANNELS, 1, 2]);
  return b.build([b.op("Identity", [blockedOp(b, "ReorderInput", [x])], {}, { outputs: [PROBED] })]);
}

/** In blocked order the second pixel of the first channel, which holds 1, stands behind the first pixels of one block. */
async function readBlockSize(session: Session): Promise<number> {
  const numbers = float32(
    [1, CHANNELS, 1, 2],
    Array.from({ length: 2 * CHANNELS }, (_, i) => i),
  );
  const out = await session.run({ feeds: new Map([["x", numbers]]), fetch: [PROBED] });
  const at = Array.from(out.get(PROBED)?.data as Float32Array).indexOf(1);
  return KNOWN.has(at) ? at : 0;
}

async function isTrustworthy(session: Session, blockSize: number): Promise<boolean> {
  const step = toyStep();
  const feeds = toyBatch();
  const plain = await stateAfter(session, step, feeds, 0);
  const blocked = await stateAfter(session, step, feeds, blockSize);
  return plain.every((t, i) => isClose(t.data as Float32Array, blocked[i]?.data as Float32Array));
}

/** Convolutions of both strides, a skip connection, batch statistics aside all that a ResNet has. */
function toyStep(): Step {
  const b = new GraphBuilder(operators);
  const names: string[] = [];
  const weight = (name: string, shape: readonly number[]): Value => {
    names.push(name);
    const scale = 1 / Math.sqrt(sizeOf(shape.slice(1)));
    return b.constant(
      float32(
        shape,
        fillNormal(sizeOf(shape), names.length, 1).map((v) => v * scale),
      ),
      name,
    );
  };
  const conv = (x: Value, name: string, [channels, kernel, stride]: readonly [number, number, number]): Value => {
    const w = weight(name, [channels, Number(x.shape[1]), kernel, kernel]);
    const pad = (kernel - 1) / 2;
    return b.op("Conv", [x, w, weight(`${name}.bias`, [channels])], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    });
  };
  const x = b.input("x", "float32", [ROWS, 3, SIDE_PX, SIDE_PX]);
  const stem = b.op("Relu", [conv(x, "stem", [CHANNELS, 3, 1])]);
  const pooled = b.op("MaxPool", [stem], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  const inner = b.op("Relu", [conv(pooled, "inner", [CHANNELS, 3, 2])]);
  const sum = b.op("Relu", [
    b.op("Add", [conv(inner, "outer", [CHANNELS, 3, 1]), conv(pooled, "skip", [CHANNELS, 1, 2])]),
  ]);
  const features = b.op("Flatten", [b.op("GlobalAveragePool", [sum])]);
  const logits = b.op("Gemm", [features, weight("head", [CHANNELS, CLASSES])], {}, { outputs: ["logits"] });
  return buildStep(
    b.build([logits]),
    { parameters: names, logits: "logits", loss: softmaxCrossEntropy(), optimizer: sgd() },
    operators,
  );
}

function toyBatch(): Tensors {
  const shape = [ROWS, 3, SIDE_PX, SIDE_PX];
  return new Map<string, TensorData>([
    ["x", float32(shape, fillNormal(sizeOf(shape), 0, 1))],
    [
      STEP.target,
      oneHot(
        Int32Array.from({ length: ROWS }, (_, i) => i % CLASSES),
        CLASSES,
      ),
    ],
    [STEP.weight, float32([ROWS], [1, 1])],
    [STEP.divisor, scalar(ROWS)],
    [STEP.rate, scalar(1)],
  ]);
}

/** What the state becomes in one step, in standard operators or blocked ones. */
async function stateAfter(
  session: Session,
  step: Step,
  feeds: Tensors,
  blockSize: number,
): Promise<readonly TensorData[]> {
  const name = `block-size-${blockSize}`;
  const graph = lower(step.graph, { provider: "cpu", dims: new Map(), blockSize });
  await session.add(name, encodeGraph(graph));
  const outputs = [...step.state.values()];
  const out = await session.run({ program: name, feeds: new Map([...feeds, ...step.initial]), fetch: outputs });
  return outputs.map((output) => out.get(output) as TensorData);
}

function isClose(a: Float32Array, b: Float32Array): boolean {
  const largest = a.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  return a.length === b.length && a.every((v, i) => Math.abs(v - b[i]!) <= TOLERANCE * largest);
}
