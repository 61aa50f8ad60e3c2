import { ToolkitError } from "../errors.ts";
import { sizeDependence } from "../passes/normalise.ts";
import type { Settings } from "./settings.ts";
import type { Student } from "./student.ts";

/**
 * Whether a network takes the batches [N,3,size,size] that it is trained on.
 * @throws E_GRAPH where it reads pictures of another form, E_SETTING where it takes another size only
 */
export function checkPictures(
  { graph, input, operators }: Student,
  { sizePx, batchSize }: Pick<Settings, "sizePx" | "batchSize">,
): void {
  const shape = graph.inputs.find((v) => v.name === input)?.shape ?? [];
  const [batch, channels, height, width] = shape;
  const refuse = (what: string, hint: string): never => {
    throw new ToolkitError("E_GRAPH", `Cannot train the model: ${what}`, { hint });
  };
  if (typeof channels === "number" && channels !== 3)
    refuse(`it reads pictures as [${shape.join()}], expected [N,3,H,W]`, "export it for 3 channels before the extents");
  if (typeof batch === "number" && batch !== batchSize)
    refuse(`its file is for ${batch} at a time and not for ${batchSize}`, "export it for any number of pictures");
  if (typeof height === "number" && typeof width === "number" && height !== width)
    refuse(`it takes pictures of ${height} x ${width} px only, expected square ones`, "export it for square pictures");
  if (typeof height === "number" && height !== sizePx) {
    const reason = sizeDependence(graph, operators);
    throw new ToolkitError(
      "E_SETTING",
      `Cannot train at ${sizePx} px: the model takes ${height} px only${reason === undefined ? "" : `: ${reason}`}`,
      { hint: `train at ${height} px, which is what it is trained at without --size` },
    );
  }
}
