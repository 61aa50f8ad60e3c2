import type { Graph } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { inferTypes } from "./infer-types.ts";
import { imageInput } from "./normalise.ts";

/**
 * The graph for square pictures of `sizePx`, where its image input leaves height and width open; how many pictures stays open.
 * @throws E_SHAPE where a node does not fit such pictures
 */
export function atPictureSize(graph: Graph, sizePx: number, operators: Operators = standardOperators): Graph {
  const image = imageInput(graph);
  if (!image) return graph;
  const { value, height, width } = image;
  const shape = value.shape.map((dim, axis) =>
    typeof dim === "string" && (axis === height || axis === width) ? sizePx : dim,
  );
  return inferTypes(graph, new Map([[value.name, shape]]), operators);
}
