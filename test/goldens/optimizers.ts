import { float32 } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { adadelta } from "../../toolkit/optimizers/adadelta.ts";
import { adagrad } from "../../toolkit/optimizers/adagrad.ts";
import { adam, adamw } from "../../toolkit/optimizers/adam.ts";
import { adamax } from "../../toolkit/optimizers/adamax.ts";
import { clipByGlobalNorm } from "../../toolkit/optimizers/clip-by-global-norm.ts";
import { clipByValue } from "../../toolkit/optimizers/clip-by-value.ts";
import { lion } from "../../toolkit/optimizers/lion.ts";
import { nadam } from "../../toolkit/optimizers/nadam.ts";
import { radam } from "../../toolkit/optimizers/radam.ts";
import { rmsprop } from "../../toolkit/optimizers/rmsprop.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { chain } from "../../toolkit/optimizers/transform.ts";
import type { Transform } from "../../toolkit/optimizers/transform.ts";
import { followOptimizer } from "../support/follow-optimizer.ts";
import { readJson } from "../support/fixtures.ts";
import type { GoldenCase } from "./golden-case.ts";
import { relativeError } from "./relative-error.ts";

/** Norm of the difference over norm of the reference, at each step. */
const TOLERANCE = 1e-4;

/** PyTorch's names and values, all written out; `clip_norm` and `clip_value` beside them. */
type Settings = Readonly<Record<string, number | boolean | readonly number[]>>;

interface Stored {
  readonly start: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly cases: Readonly<
    Record<string, { readonly settings: Settings; readonly parameters: readonly (readonly number[])[] }>
  >;
}

/** A comparison for each case of an optimizers.json: the parameter after every step, made by the step graph on onnxruntime. */
export function optimizerCases(file: string): readonly GoldenCase[] {
  const { start, gradients, cases } = readJson<Stored>(file);
  return Object.entries(cases).map(([name, { settings, parameters }]) => ({
    name,
    async run() {
      const vector = (values: readonly number[]): TensorData => float32([values.length], values);
      const states = await followOptimizer(
        new Map([["p", vector(start)]]),
        gradients.map((g) => new Map([["p", vector(g)]])),
        number(settings, "lr"),
        { optimizer: optimizerOf(settings) },
      );
      const deviations = parameters.map((expected, i) =>
        relativeError(`the parameter after step ${i + 1}`, states[i]?.get("p"), vector(expected), TOLERANCE),
      );
      const failed = deviations.filter((d) => !(d.excess <= 1));
      if (failed.length > 0) throw new Error(failed.map((d) => d.message).join("; "));
    },
  }));
}

/** Which optimizer it is shows in the settings that only it has, so that a case may have any name. */
function optimizerOf(s: Settings): Transform {
  const own = plainOptimizer(s);
  if ("clip_norm" in s) return chain(clipByGlobalNorm(number(s, "clip_norm")), own);
  return "clip_value" in s ? chain(clipByValue(number(s, "clip_value")), own) : own;
}

function plainOptimizer(s: Settings): Transform {
  // PyTorch decays every parameter of its group, whatever its rank
  const decay = { decay: number(s, "weight_decay"), decayAll: true };
  const decoupled = s["decoupled_weight_decay"] === true;
  if ("dampening" in s) {
    return sgd({
      momentum: number(s, "momentum"),
      dampening: number(s, "dampening"),
      nesterov: s["nesterov"] === true,
      ...decay,
    });
  }
  if ("rho" in s) return adadelta({ rho: number(s, "rho"), epsilon: number(s, "eps"), ...decay });
  if ("lr_decay" in s) {
    const accumulator = number(s, "initial_accumulator_value");
    return adagrad({ rateDecay: number(s, "lr_decay"), accumulator, epsilon: number(s, "eps"), ...decay });
  }
  if ("alpha" in s) {
    const [alpha, momentum] = [number(s, "alpha"), number(s, "momentum")];
    return rmsprop({ alpha, momentum, centered: s["centered"] === true, epsilon: number(s, "eps"), ...decay });
  }
  const [beta1, beta2] = s["betas"] as readonly [number, number];
  if (!("eps" in s)) return lion({ beta1, beta2, ...decay });
  const moments = { beta1, beta2, epsilon: number(s, "eps"), ...decay };
  if ("amsgrad" in s) return (decoupled ? adamw : adam)({ amsgrad: s["amsgrad"] === true, ...moments });
  if ("momentum_decay" in s) return nadam({ momentumDecay: number(s, "momentum_decay"), decoupled, ...moments });
  return "decoupled_weight_decay" in s ? radam({ decoupled, ...moments }) : adamax(moments);
}

function number(settings: Settings, name: string): number {
  const value = settings[name];
  if (typeof value !== "number") throw new Error(`Cannot read the case: its setting "${name}" is ${String(value)}`);
  return value;
}
