import { ToolkitError } from "../errors.ts";
import { GRAD_CAM, gradCam } from "../explain/grad-cam.ts";
import { naturalSize, normalisationOf, trunk } from "../export/source-model.ts";
import type { SourceModel } from "../export/source-model.ts";
import type { Value } from "../graph/ir.ts";
import { float32 } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Pixels } from "../images/decoder.ts";
import { defaultResizePx, evaluationView } from "../images/resample.ts";
import { toInput } from "../images/to-input.ts";
import { lower } from "../lowering/lower.ts";
import { encodeModel } from "../onnx/encode.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { atPictureSize } from "../passes/at-picture-size.ts";
import { OPSET } from "../passes/normalise.ts";
import { providerOf } from "../runtime/runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Where in a picture a class is seen: row by row, 0 to 1; all 0 where nothing speaks for the class. */
export interface HeatMap {
  readonly rows: number;
  readonly columns: number;
  readonly heat: Float32Array;
  /** The square of the picture that the network sees and the map lies on. */
  readonly seen: Pixels;
}

/** A network ready to show what it looks at. */
export interface HeatMaps {
  /** The map that is looked at. */
  readonly layer: string;
  /** @throws E_SETTING for a class that it has not */
  of(picture: Pixels, label: string): Promise<HeatMap>;
  close(): Promise<void>;
}

export interface HeatMapOptions {
  readonly source: SourceModel;
  readonly runtime: Runtime;
  /** The last map of convolutions where absent. */
  readonly layer?: string;
}

/**
 * Opens a classifier for Grad-CAM: see `gradCam`.
 * @throws E_NO_HEAD, E_NO_VALUE, E_NO_GRADIENT, E_MODEL_METADATA
 */
export async function openHeatMaps({ source, runtime, layer }: HeatMapOptions): Promise<HeatMaps> {
  const { operators = standardOperators } = source;
  const { graph, metadata } = trunk(source);
  const sizePx = naturalSize(source);
  const resizePx = metadata?.preprocessing.resizePx ?? defaultResizePx(sizePx);
  const normalisation = normalisationOf(source);
  const labels = metadata?.labels ?? source.labels ?? [];
  const explained = gradCam(atPictureSize(graph, sizePx, operators), layer, operators);
  const [input] = explained.graph.inputs;
  const chosen = explained.graph.inputs.find((v) => v.name === GRAD_CAM.chosen) as Value;
  const dims = new Map(
    explained.graph.inputs.flatMap(({ shape }) => (typeof shape[0] === "string" ? [[shape[0], 1]] : [])),
  );
  const lowered = lower(explained.graph, { provider: providerOf(runtime), dims }, operators);
  const bytes = encodeModel({ graph: lowered, opsets: new Map([["", OPSET]]), metadata: new Map() });
  const session = await runtime.load(bytes, { sharesCores: true });
  return {
    layer: explained.layer,
    async of(picture, label) {
      const classes = Number(chosen.shape[1]);
      const place = labels.indexOf(label);
      if (place < 0 || place >= classes) {
        throw new ToolkitError("E_SETTING", `Cannot show where "${label}" is seen: the network has no such class`);
      }
      const seen = evaluationView(picture, sizePx, resizePx);
      const pixels = float32([1, 3, sizePx, sizePx], toInput(seen, 1, normalisation));
      const wanted = float32([1, classes], new Float32Array(classes).fill(1, place, place + 1));
      const feeds = new Map([
        [input?.name ?? "", pixels],
        [GRAD_CAM.chosen, wanted],
      ]);
      const answer = await session.run({ feeds, fetch: [GRAD_CAM.heat] });
      const heat = scaled((answer.get(GRAD_CAM.heat) as TensorData).data as Float32Array);
      const [rows, columns] = explained.size;
      return { rows, columns, heat, seen };
    },
    close: () => session.release(),
  };
}

/** The hottest place is 1. */
function scaled(heat: Float32Array): Float32Array {
  const hottest = heat.reduce((most, value) => Math.max(most, value), 0);
  return hottest > 0 ? heat.map((value) => value / hottest) : heat;
}
