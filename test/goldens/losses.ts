import assert from "node:assert/strict";
import { float32, scalar, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import type { Loss } from "../../toolkit/losses/loss.ts";
import { lossNames, namedLoss } from "../../toolkit/losses/named-loss.ts";
import { readJson, readTensor } from "../support/fixtures.ts";
import type { GoldenTensor } from "../support/fixtures.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import type { GoldenCase } from "./golden-case.ts";
import { relativeError } from "./relative-error.ts";

/** A loss with its gradients, from PyTorch: see test/fixtures/goldens/README.md. */
interface Golden {
  readonly settings: Readonly<Record<string, number | string>>;
  readonly inputs: Readonly<Record<string, GoldenTensor>>;
  readonly lossValue: number;
  readonly gradients: Readonly<Record<string, GoldenTensor>>;
}

/** Largest norm of the difference over the norm of the reference. */
const TOLERANCE = 1e-4;

/** What the value that a loss takes for its logits may be called. */
const OUTPUTS: readonly string[] = ["logits", "anchor", "first"];

/** The cases of a file of losses; each runs through differentiate, lower and onnxruntime. */
export function lossCases(file: string): readonly GoldenCase[] {
  const { cases } = readJson<{ cases: Readonly<Record<string, Golden>> }>(file);
  return Object.entries(cases).map(([name, golden]) => ({ name, run: () => compare(name, golden) }));
}

async function compare(name: string, golden: Golden): Promise<void> {
  const inputs = new Map(Object.entries(golden.inputs).map(([key, t]) => [key, readTensor(t)]));
  const output = [...inputs.keys()].find((key) => OUTPUTS.includes(key));
  assert(output, `the case has none of the inputs ${OUTPUTS.join(", ")}`);
  const logits = tensorOf(inputs, output);
  const [rows = 0, classes = 0] = logits.shape;
  const target = inputs.get("target");
  const weight = inputs.get("sampleWeights") ?? float32([rows], Array<number>(rows).fill(1));
  const extras = new Map([...inputs].filter(([key]) => key in golden.gradients && key !== output));
  const teacher = inputs.get("teacher");
  if (teacher) extras.set("teacher.logits", teacher);
  const result = await lossAndGradients(lossOf(name, golden, inputs), {
    logits,
    ...(target ? { target: target.dtype === "int64" ? oneHot(target, classes) : target } : {}),
    weight,
    divisor: scalar(divisorOf(golden, weight)),
    extras,
    wrt: Object.keys(golden.gradients).map((key) => (key === output ? "logits" : key)),
  });
  expectClose("the loss", scalar(result.loss), scalar(golden.lossValue));
  for (const [key, expected] of Object.entries(golden.gradients)) {
    const gradient = result.gradients.get(key === output ? "logits" : key);
    expectClose(`the gradient of ${key}`, gradient, readTensor(expected));
  }
}

/** The loss whose name the case's begins with, with the case's settings. */
function lossOf(name: string, { settings }: Golden, inputs: ReadonlyMap<string, TensorData>): Loss {
  const plain = name.replace(/^multi-class-/, "");
  const [named] = lossNames
    .filter((loss) => plain === loss || plain.startsWith(`${loss}-`))
    .toSorted((a, b) => b.length - a.length);
  assert(named, `no loss is called "${name}" or begins so`);
  const numbers = Object.entries(settings).filter(([, value]) => typeof value === "number");
  const lists = [...inputs].filter(([key]) => key === "classWeights" || key === "posWeight");
  return namedLoss(named, {
    ...Object.fromEntries(numbers),
    ...Object.fromEntries(lists.map(([key, t]) => [key, toNumbers(t)])),
  });
}

function divisorOf({ settings }: Golden, weight: TensorData): number {
  if (settings["reduction"] === "sum") return 1;
  return settings["divideBy"] === "weights" ? toNumbers(weight).reduce((sum, w) => sum + w, 0) : weight.data.length;
}

function oneHot(labels: TensorData, classes: number): TensorData {
  const rows = toNumbers(labels).flatMap((y) => Array.from({ length: classes }, (_, k) => (k === y ? 1 : 0)));
  return float32([labels.data.length, classes], rows);
}

function expectClose(what: string, actual: TensorData | undefined, expected: TensorData): void {
  const { excess, message } = relativeError(what, actual, expected, TOLERANCE);
  assert(excess <= 1, message);
}

function tensorOf(tensors: ReadonlyMap<string, TensorData>, name: string): TensorData {
  const t = tensors.get(name);
  assert(t, `there is no "${name}"`);
  return t;
}
