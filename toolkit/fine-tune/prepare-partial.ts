import { activationPhotos } from "./activation-photos.ts";
import { cachePlan, megabytes, viewsText } from "./cache-plan.ts";
import type { CachePlan } from "./cache-plan.ts";
import type { Context } from "./context.ts";
import type { FineTuneEvent } from "./events.ts";
import { networkStage, unfold } from "./network-stage.ts";
import { partialCut, tailOf } from "./partial-cut.ts";
import type { PartialCut } from "./partial-cut.ts";
import { batchNormNotes, note } from "./prepare-stage.ts";
import { runFrozenPart } from "./run-frozen-part.ts";
import type { Stage } from "./stage.ts";
import type { Student } from "./student.ts";

/** A stage that trains a part of the network, and the network as it was made ready for it. */
export interface PartialStage {
  readonly student: Student;
  readonly stage: Stage;
}

/** Runs the frozen part once on all views, and builds the stage that trains the rest on what it made; nothing where the run is aborted meanwhile. */
export async function* preparePartial(
  student: Student,
  context: Context,
): AsyncGenerator<FineTuneEvent, PartialStage | undefined> {
  const { options, settings, outputs } = context;
  const { platform, dataset } = options;
  const where = partialCut(student, settings);
  const plan = cachePlan(where, settings, dataset, platform);
  yield* introduce(where, plan, context);
  const { activationStore } = platform;
  const maxBytes = settings.cacheDiskBytes;
  const run = yield* runFrozenPart(
    student,
    {
      ...where,
      type: settings.cacheType,
      inMemory: plan.inMemory,
      open: plan.onDisk && activationStore ? (about) => activationStore({ ...about, maxBytes }) : undefined,
    },
    context,
  );
  if (!run) return undefined;
  try {
    const photos = activationPhotos(where.value, run.train, run.validation, settings, outputs.targets);
    const unfolded = await unfold(student, settings, photos, platform, where.tail);
    const tail = tailOf(unfolded.student, where, settings);
    yield* batchNormNotes(tail.graph, unfolded.restored, settings);
    const { heads, names } = outputs;
    const stage = networkStage(tail, settings, photos, names.length, { heads, whole: unfolded.student.graph });
    return { student: unfolded.student, stage: { ...stage, release: run.release } };
  } catch (error) {
    await run.release();
    throw error;
  }
}

function* introduce(
  { value, shape, trainedShare }: PartialCut,
  { trainBytes, validationBytes, inMemory, onDisk }: CachePlan,
  { settings, options: { dataset } }: Context,
): Generator<FineTuneEvent> {
  const share = (100 * trainedShare).toPrecision(2);
  yield note(`frozen up to "${value}" [N,${shape.join(",")}]; the ${share} % of the weights behind it are trained`);
  const places = [...(inMemory ? ["memory"] : []), ...(onDisk ? ["the cache folder"] : [])].join(" and ");
  const { train, validation } = dataset;
  const what = `${viewsText(train.length, settings.views)} and ${validation.length} to validate`;
  yield note(`its activations of ${what} take ${megabytes(trainBytes + validationBytes)} in ${places}`);
}
