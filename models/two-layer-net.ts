import type { Graph } from "../toolkit/graph/ir.ts";
import type { Initial } from "./initial.ts";
import { mlp } from "./mlp.ts";

export interface TwoLayerNetOptions {
  readonly classes?: number;
  /** Side of the pictures; 32. */
  readonly sizePx?: number;
  /** Of the pictures: 3 for colours, 1 for grey. */
  readonly channels?: number;
  /** Units of the hidden layer; 500. */
  readonly hidden?: number;
  /** "he-normal" where absent; biases start at 0. */
  readonly initial?: Initial;
  readonly seed?: number;
}

/**
 * W2 max(0, W1 x + b1) + b2 on the flat picture, the first network of Stanford's course CS231n. Input `input` [N,channels,sizePx,sizePx],
 * output `logits` [N,classes]; its value `features` is the hidden layer. W1 is `fc1.weight` [hidden, channels*sizePx*sizePx], W2 `fc2.weight`.
 * @throws E_SETTING for extents that are no positive integer
 */
export function twoLayerNet({ hidden = 500, initial = "he-normal", ...options }: TwoLayerNetOptions = {}): Graph {
  return mlp({ ...options, hidden: [hidden], initial });
}
