import { evaluateSet } from "../data/dataset.ts";
import { listPhotos } from "../data/list-photos.ts";
import type { BadFile } from "../data/sample.ts";
import { errorCode } from "../errors.ts";
import type { MeasuredPhoto } from "./compare-answers.ts";

/**
 * The photos of a folder with their classes, as `evaluateSet` reads them, where its folders are named as the labels are; else all its photos
 * without.
 * @throws E_DATA_NOT_FOUND, E_DATA_EMPTY
 */
export async function measuredPhotos(
  path: string,
  labels: readonly string[],
): Promise<{ readonly photos: readonly MeasuredPhoto[]; readonly bad: readonly BadFile[] }> {
  try {
    const { samples, bad } = await evaluateSet(path, labels);
    return { photos: samples, bad };
  } catch (error) {
    if (!["E_DATA_CLASSES", "E_DATA_LAYOUT"].includes(errorCode(error) ?? "")) throw error;
    const { photos, bad } = await listPhotos([path]);
    return { photos: photos.map((file) => ({ path: file })), bad };
  }
}
