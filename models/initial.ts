import { ToolkitError } from "../toolkit/errors.ts";
import { fillNormal, fillUniform } from "../toolkit/graph/random.ts";

/**
 * How the weights of a layer start; a number is the standard deviation of normal ones.
 * - `he-normal`, `he-uniform`: variance 2 / fan-in, for layers in front of a ReLU (He et al. 2015, arXiv 1502.01852, section 2.2);
 * - `he-normal-fan-out`: variance 2 / fan-out, the same kept on the way back, as torchvision's ResNets start their convolutions;
 * - `glorot-normal`, `glorot-uniform`: variance 2 / (fan-in + fan-out), for sigmoid and tanh (Glorot and Bengio 2010, formulas 12 and 16);
 * - `pytorch`: uniform in +-1 / sqrt(fan-in), as PyTorch's own Linear and Conv2d start.
 */
export type Initial =
  | "he-normal"
  | "he-normal-fan-out"
  | "he-uniform"
  | "glorot-normal"
  | "glorot-uniform"
  | "pytorch"
  | number;

export interface InitialOptions {
  /** Products that are summed for one output. */
  readonly fanIn: number;
  /** Products that one input takes part in. */
  readonly fanOut: number;
  readonly seed: number;
  /** Which of the seed's streams, mostly the hash of the weight's name. */
  readonly stream: number;
}

/** An ONNX file holds 2 GB. */
const MOST = 2 ** 29;

/** `length` weights. The same seed and stream give the same ones. @throws E_SETTING for more than a file could hold */
export function initialWeights(initial: Initial, length: number, options: InitialOptions): Float32Array {
  const { fanIn, fanOut, seed, stream } = options;
  if (length > MOST) {
    throw new ToolkitError("E_SETTING", `Cannot build the network: one of its layers has ${length} weights`, {
      hint: "take smaller pictures, or a network that pools them first, such as residual-cnn",
    });
  }
  const normal = (variance: number): Float32Array => fillNormal(length, seed, stream, 0, Math.sqrt(variance));
  const uniform = (variance: number): Float32Array => {
    // the variance of numbers that are uniform in +-bound is bound^2 / 3
    const bound = Math.sqrt(3 * variance);
    return fillUniform(length, seed, stream, -bound, bound);
  };
  switch (initial) {
    case "he-normal":
      return normal(2 / fanIn);
    case "he-normal-fan-out":
      return normal(2 / fanOut);
    case "he-uniform":
      return uniform(2 / fanIn);
    case "glorot-normal":
      return normal(2 / (fanIn + fanOut));
    case "glorot-uniform":
      return uniform(2 / (fanIn + fanOut));
    case "pytorch":
      return fillUniform(length, seed, stream, -1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn));
    default:
      return fillNormal(length, seed, stream, 0, initial);
  }
}
