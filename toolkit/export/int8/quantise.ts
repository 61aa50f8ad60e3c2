import { ToolkitError } from "../../errors.ts";
import { readAttributes } from "../../graph/attributes.ts";
import { constantValue, consumers, valuesByName } from "../../graph/ir.ts";
import type { Attributes, Graph, Node, Value } from "../../graph/ir.ts";
import { float32, tensor } from "../../graph/tensor.ts";
import type { TensorData } from "../../graph/tensor.ts";
import { prune } from "../../passes/prune.ts";
import { int32Bias, int8Weight, meanError, uint8Over } from "./affine.ts";
import type { Affine, Int8Weight } from "./affine.ts";
import type { Calibration } from "./calibrate.ts";
import { planInt8 } from "./plan.ts";
import type { Anchor, Plan } from "./plan.ts";
import type { Range } from "./range.ts";

export interface QuantiseOptions {
  /**
   * What a weight of 0 is written as. With 0, ONNX Runtime convolves directly; with 1, by way of its matrix kernels, which are the quicker ones on
   * processors with AMX. Which it is must be measured; the function is the same but for rounding.
   */
  readonly weightZeroPoint?: 0 | 1;
  /** 8 where every processor it runs on has VNNI: on others sums of full 8-bit products overflow, and it says something else there; 7. */
  readonly weightBits?: 7 | 8;
}

/**
 * The graph in 8 bits, written with QuantizeLinear and DequantizeLinear around what ONNX Runtime then computes in integers: activations uint8 over
 * the ranges of `calibration`, weights int8 with a scale for each output channel, biases int32, less what rounding the weights adds to the means. Names
 * of values and of weights stay.
 * @throws E_NO_VALUE for a value that was not calibrated
 */
export function quantise(graph: Graph, calibration: Calibration, options: QuantiseOptions = {}): Graph {
  return new Int8Writer(graph, calibration, options).write();
}

class Int8Writer {
  readonly #graph: Graph;
  readonly #plan: Plan;
  readonly #affine: ReadonlyMap<string, Affine>;
  readonly #options: Required<QuantiseOptions>;
  readonly #names: Set<string>;
  readonly #constants: Map<string, TensorData>;
  readonly #nodes: Node[] = [];
  /** What is read in the place of a graph input. */
  readonly #instead = new Map<string, Value>();
  readonly #readers: ReadonlyMap<string, readonly Node[]>;
  readonly #means: Calibration["means"];
  /** The weights that are written, by name. */
  readonly #weights = new Map<string, Int8Weight>();

  constructor(graph: Graph, { ranges, means }: Calibration, options: QuantiseOptions) {
    this.#graph = graph;
    this.#plan = planInt8(graph);
    this.#readers = consumers(graph);
    this.#means = means;
    this.#options = { weightZeroPoint: options.weightZeroPoint ?? 0, weightBits: options.weightBits ?? 7 };
    this.#names = new Set(valuesByName(graph).keys());
    this.#constants = new Map(graph.constants);
    this.#affine = new Map(
      [...this.#plan.values].map(([name, source]) => [name, uint8Over(rangeOf(ranges, source))] as const),
    );
  }

  write(): Graph {
    for (const v of this.#graph.inputs) {
      const affine = this.#affine.get(v.name);
      if (affine) this.#instead.set(v.name, this.#through8Bits(v, { ...v, name: this.#fresh(v.name) }, affine));
    }
    // first of all: another node than its layer may read a weight before that does
    for (const { weight, axis } of this.#plan.anchors.values())
      if (!this.#weights.has(weight)) this.#writeWeight(weight, axis);
    for (const node of this.#graph.nodes) this.#writeNode(node);
    return prune({ ...this.#graph, constants: this.#constants, nodes: this.#nodes });
  }

  #writeNode(node: Node): void {
    const anchor = this.#plan.anchors.get(node.outputs[0]?.name ?? "");
    const own = anchor ? this.#layerInputs(anchor) : node.inputs;
    const inputs = own.map((v) => v && (this.#instead.get(v.name) ?? v));
    const raw = node.outputs.map((y) =>
      this.#affine.has(y.name) ? { ...y, name: this.#fresh(`${y.name}.float`) } : y,
    );
    this.#nodes.push({ ...node, inputs, outputs: raw });
    // a value keeps its name behind the 8 bits, so that whoever reads it need not know
    for (const [i, y] of node.outputs.entries()) {
      const affine = this.#affine.get(y.name);
      if (affine) this.#through8Bits(raw[i] ?? y, y, affine);
    }
  }

  /** Writes `to` as `from` rounded to 8 bits. */
  #through8Bits(from: Value, to: Value, { scale, zeroPoint }: Affine): Value {
    const q: Value = { name: this.#fresh(`${to.name}.uint8`), dtype: "uint8", shape: from.shape };
    const units = [
      this.#constant(`${to.name}.scale`, float32([], [scale])),
      this.#constant(`${to.name}.zero_point`, tensor("uint8", [], Uint8Array.of(zeroPoint))),
    ];
    this.#push("QuantizeLinear", [from, ...units], q);
    return this.#push("DequantizeLinear", [q, ...units], to);
  }

  /** The inputs of a layer, with its weight and bias made from integers. */
  #layerInputs({ node, weight, axis }: Anchor): readonly (Value | undefined)[] {
    const [x, w, b] = node.inputs;
    const rounded = this.#weights.get(weight);
    if (!x || !b || !rounded) return [x, w];
    const unit = this.#affine.get(x.name)?.scale ?? 1;
    const scales = rounded.scales.map((s) => s * unit);
    const added = meanError({
      weight: this.#graph.constants.get(weight) as TensorData,
      rounded,
      axis,
      zeroPoint: this.#options.weightZeroPoint,
      groups: readAttributes(node.attrs, node.op).int("group", 1),
      means: this.#means.get(x.name) ?? new Float64Array(0),
    });
    const bias = int32Bias(this.#graph.constants.get(b.name) as TensorData, added, scales);
    const to: Value = { name: this.#biasName(b, node), dtype: "float32", shape: bias.shape };
    const zeros = tensor("int32", bias.shape, new Int32Array(scales.length));
    return [x, w, this.#dequantised(bias, "int32", scales, zeros, 0, to)];
  }

  /** Its own name; another where several nodes read it, who may need other integers. */
  #biasName(b: Value, node: Node): string {
    if (this.#readers.get(b.name)?.length !== 1) return this.#fresh(`${node.outputs[0]?.name ?? ""}.bias`);
    this.#constants.delete(b.name);
    return b.name;
  }

  #writeWeight(name: string, axis: number): void {
    const weight = this.#graph.constants.get(name) as TensorData;
    const { weightBits: bits, weightZeroPoint: zeroPoint } = this.#options;
    const units = this.#biasUnits(name, weight.shape[axis] ?? 1);
    const rounded = int8Weight(weight, axis, units, { bits, zeroPoint });
    const { integers, scales } = rounded;
    this.#weights.set(name, rounded);
    this.#constants.delete(name);
    const zeros = tensor("int8", [scales.length], new Int8Array(scales.length).fill(zeroPoint));
    this.#dequantised(integers, "int8", scales, zeros, axis, constantValue(name, weight));
  }

  /** For each output channel of a weight, the largest of its layers' biases in units of what the layer reads. */
  #biasUnits(weight: string, channels: number): Float64Array {
    const units = new Float64Array(channels);
    for (const anchor of this.#plan.anchors.values()) {
      const bias = this.#graph.constants.get(anchor.node.inputs[2]?.name ?? "");
      if (anchor.weight !== weight || !bias) continue;
      const { scale } = this.#affine.get(anchor.node.inputs[0]?.name ?? "") ?? { scale: 1 };
      for (const [c, b] of (bias.data as Float32Array).entries()) {
        units[c] = Math.max(units[c] ?? 0, Math.abs(b) / scale);
      }
    }
    return units;
  }

  #dequantised(
    integers: TensorData,
    suffix: string,
    scales: Float32Array,
    zeros: TensorData,
    axis: number,
    to: Value,
  ): Value {
    const inputs = [
      this.#constant(`${to.name}.${suffix}`, integers),
      this.#constant(`${to.name}.scale`, float32([scales.length], scales)),
      this.#constant(`${to.name}.zero_point`, zeros),
    ];
    return this.#push("DequantizeLinear", inputs, to, { axis });
  }

  #push(op: string, inputs: readonly Value[], to: Value, attrs: Attributes = {}): Value {
    this.#nodes.push({ op, inputs, outputs: [to], attrs });
    return to;
  }

  #constant(wanted: string, t: TensorData): Value {
    const name = this.#fresh(wanted);
    this.#constants.set(name, t);
    return constantValue(name, t);
  }

  #fresh(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#names.has(name); i++) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }
}

function rangeOf(ranges: ReadonlyMap<string, Range>, name: string): Range {
  const range = ranges.get(name);
  if (range) return range;
  throw new ToolkitError("E_NO_VALUE", `Cannot write "${name}" in 8 bits: its range was not measured`);
}
