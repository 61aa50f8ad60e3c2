import { ToolkitError } from "../errors.ts";
import type { Attribute, Attributes, FloatAttribute, GraphAttribute } from "./ir.ts";
import type { TensorData } from "./tensor.ts";

/** Typed access to a node's attributes: the default where it is absent, E_MODEL_INVALID where it has another type. */
export interface AttributeReader {
  readonly int: (name: string, fallback: number) => number;
  readonly float: (name: string, fallback: number) => number;
  readonly string: (name: string, fallback: string) => string;
  readonly ints: (name: string, fallback: readonly number[]) => readonly number[];
  readonly tensor: (name: string) => TensorData | undefined;
  readonly has: (name: string) => boolean;
  readonly all: Attributes;
}

/** Reads `attrs`; `where` names the node in errors. */
export function readAttributes(attrs: Attributes, where: string): AttributeReader {
  const wrong = (name: string, expected: string): never => {
    throw new ToolkitError("E_MODEL_INVALID", `Cannot read attribute "${name}" of ${where}: expected ${expected}`);
  };
  return {
    all: attrs,
    has: (name) => attrs[name] !== undefined,
    int(name, fallback) {
      const v = attrs[name];
      if (v === undefined) return fallback;
      return typeof v === "number" ? v : wrong(name, "an integer");
    },
    float(name, fallback) {
      const v = attrs[name];
      if (v === undefined) return fallback;
      return isFloat(v) && typeof v.float === "number" ? v.float : wrong(name, "a float");
    },
    string(name, fallback) {
      const v = attrs[name];
      if (v === undefined) return fallback;
      return typeof v === "string" ? v : wrong(name, "a string");
    },
    ints(name, fallback) {
      const v = attrs[name];
      if (v === undefined) return fallback;
      return Array.isArray(v) ? (v as readonly number[]) : wrong(name, "a list of numbers");
    },
    tensor(name) {
      const v = attrs[name];
      if (v === undefined) return undefined;
      return typeof v === "object" && "dtype" in v ? v : wrong(name, "a tensor");
    },
  };
}

/** Whether an attribute is ONNX's FLOAT or FLOATS. */
export function isFloat(v: Attribute): v is FloatAttribute {
  return typeof v === "object" && "float" in v;
}

/** Whether an attribute is ONNX's GRAPH. */
export function isGraph(v: Attribute): v is GraphAttribute {
  return typeof v === "object" && "graph" in v;
}

/** Whether an attribute is a tensor. */
export function isTensor(v: Attribute): v is TensorData {
  return typeof v === "object" && "dtype" in v;
}
