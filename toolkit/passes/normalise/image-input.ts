import { errorCode, errorMessage } from "../../errors.ts";
import type { Dim, Graph, Model, Value } from "../../graph/ir.ts";
import { formatShape } from "../../graph/shape.ts";
import type { Operators } from "../../graph/operator.ts";
import { inferTypes } from "../infer-types.ts";

/** Which input takes the picture, and where its height and width stand. */
export interface ImageInput {
  readonly value: Value;
  readonly height: number;
  readonly width: number;
}

function isChannels(dim: Dim | undefined): boolean {
  return dim === 1 || dim === 3 || dim === 4;
}

/** The first input of rank 4: [N,C,H,W], or [N,H,W,C] where only the last extent can be a number of channels. */
export function imageInput(graph: Graph): ImageInput | undefined {
  const value = graph.inputs.find((v) => v.shape.length === 4);
  if (!value) return undefined;
  const [, second, , last] = value.shape;
  return isChannels(last) && !isChannels(second) ? { value, height: 1, width: 2 } : { value, height: 2, width: 3 };
}

/**
 * The picture size in pixels that a file declares, before `normalise`: the height of its input, where it is a number and the width too.
 * Of a picture that is not square it is the height.
 */
export function declaredSize(model: Model): number | undefined {
  const image = imageInput(model.graph);
  const height = image?.value.shape[image.height];
  const width = image?.value.shape[image.width];
  return typeof height === "number" && typeof width === "number" ? height : undefined;
}

/** The number of pictures that a file with a fixed batch declares. */
export function declaredBatch(graph: Graph): number | undefined {
  const dim = graph.inputs.find((v) => v.shape.length > 1)?.shape[0];
  return typeof dim === "number" ? dim : undefined;
}

/** The inputs with "N" for their batch, and "H" and "W" for the picture's extents: those that are names, and if `relaxSize` also numbers. */
export function relaxInputs(
  graph: Graph,
  relax: { readonly batch: boolean; readonly size: boolean },
): readonly Value[] {
  const image = imageInput(graph);
  const batch = graph.inputs.find((v) => v.shape.length > 1)?.shape[0];
  return graph.inputs.map((v) => {
    const shape = v.shape.map((dim, axis): Dim => {
      if (dim === batch && (typeof dim === "string" || (axis === 0 && relax.batch))) return "N";
      const isImage = v.name === image?.value.name;
      const letter = isImage ? letterOf(image, axis) : undefined;
      if (isImage && axis === 1 && !letter && typeof dim === "string") return channelsRead(graph, v) ?? dim;
      return letter && (typeof dim === "string" || relax.size) ? letter : dim;
    });
    return {
      ...v,
      dtype: v.dtype === "float16" || v.dtype === "bfloat16" || v.dtype === "float64" ? "float32" : v.dtype,
      shape,
    };
  });
}

/** How many channels the first convolution reads, where a file leaves them open. */
function channelsRead(graph: Graph, v: Value): number | undefined {
  const conv = graph.nodes.find((node) => node.op === "Conv" && !node.domain && node.inputs[0]?.name === v.name);
  const perGroup = graph.constants.get(conv?.inputs[1]?.name ?? "")?.shape[1];
  const group = conv?.attrs["group"] ?? 1;
  return perGroup !== undefined && typeof group === "number" ? perGroup * group : undefined;
}

function letterOf(image: ImageInput, axis: number): string | undefined {
  return axis === image.height ? "H" : axis === image.width ? "W" : undefined;
}

/**
 * Why a graph does not work on pictures of another number or size, in words that name the node; undefined where it does.
 * It is asked by inferring its types with other extents: every node must fit, and the outputs must not change but in what is symbolic.
 */
export function misfit(
  graph: Graph,
  extents: { readonly batch?: number; readonly size?: number },
  operators: Operators,
): string | undefined {
  const image = imageInput(graph);
  const shapes = new Map(
    graph.inputs.map((v) => {
      const shape = v.shape.map((dim, axis): Dim => {
        if (dim === "N" && extents.batch !== undefined) return extents.batch;
        const isSize = v.name === image?.value.name && letterOf(image, axis) !== undefined;
        return isSize && extents.size !== undefined ? extents.size : dim;
      });
      return [v.name, shape] as const;
    }),
  );
  try {
    const { outputs } = inferTypes(graph, shapes, operators);
    const changed = outputs.find((v, i) => !isInstance(v.shape, graph.outputs[i]?.shape ?? [], extents.batch));
    return changed && `the output "${changed.name}" changes its shape with the picture: ${formatShape(changed.shape)}`;
  } catch (error) {
    if (errorCode(error) !== "E_SHAPE") throw error;
    return errorMessage(error);
  }
}

function isInstance(shape: readonly Dim[], general: readonly Dim[], batch: number | undefined): boolean {
  const fits = (dim: Dim, of: Dim | undefined): boolean =>
    of === "N" ? dim === (batch ?? "N") : typeof of === "string" || dim === of;
  return shape.length === general.length && shape.every((dim, i) => fits(dim, general[i]));
}
