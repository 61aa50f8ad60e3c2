import { errorCode } from "../../errors.ts";
import type { Context } from "../context.ts";
import type { ModelCheck } from "../diagnosis.ts";
import type { FineTuneEvent } from "../events.ts";
import { judgeInputs, pixelStatistics } from "./input-statistics.ts";

/** Photos that are looked at: reading them takes part of a second. */
const PHOTOS = 16;

/** Says at the beginning of a run what some photos look like to the network. */
export async function* probeInputs({
  photos,
  normalisation,
  resumed,
  options,
}: Context): AsyncGenerator<FineTuneEvent> {
  if (resumed) return;
  const { train } = options.dataset;
  const count = Math.min(PHOTOS, train.length);
  const samples = Array.from({ length: count }, (_, i) => train[Math.floor((i * train.length) / count)]);
  try {
    for await (const batch of photos.servedPixels(samples.flatMap((sample) => sample ?? []))) {
      const [pixels] = [...batch.inputs.values()];
      if (!pixels) return;
      const check = judgeInputs(pixelStatistics(pixels, normalisation), normalisation);
      yield { kind: "note", text: noteOf(check) };
      yield check;
      return;
    }
  } catch (error) {
    // none of these can be read: others may, and the run itself says which cannot
    if (errorCode(error) !== "E_DATA_EMPTY") throw error;
  }
}

/** A check in a line of the log. */
export function noteOf({ name, status, detail, hint }: ModelCheck): string {
  return status === "ok" ? `${name}: ${detail}` : `warning: ${name}: ${detail}${hint === undefined ? "" : `; ${hint}`}`;
}
