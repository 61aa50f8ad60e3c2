import { ToolkitError } from "../errors.ts";
import { labelNorm } from "./score.ts";
import type { LabelWeight, ModelStamp, PhotoChange } from "./store.ts";

/** A photo to put into an index. */
export interface IndexedPhoto {
  /** Any text; it comes back as it was given. */
  readonly path: string;
  /** SHA-256 of the file's bytes in hex: the identity of the photo, whatever it is called. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970; a fraction is dropped. */
  readonly mtime: number;
  /** Weights from 0 to 1. One that rounds to 0 parts per million is the same as no label. */
  readonly labels: readonly { readonly label: string; readonly weight: number }[];
  /** Output of the backbone [F], for `similar`. */
  readonly features?: Float32Array;
  /** What made labels and features. */
  readonly model: ModelStamp;
  /** Milliseconds since 1970. */
  readonly labelledAt?: number;
}

/** What a store is given of a photo. @throws E_SETTING for a digest, size, time, weight or feature that cannot be stored */
export function photoChange(photo: IndexedPhoto): PhotoChange {
  const { path, size, mtime, model } = photo;
  const sha256 = expectDigest(photo.sha256, path);
  const labels = labelWeights(photo);
  if (photo.features?.some((value) => !Number.isFinite(value))) throw refused(path, "a feature is not a finite number");
  return {
    kind: "photo",
    path,
    size: wholeNumber("size", size, path),
    mtime: wholeNumber("mtime", mtime, path),
    imageId: imageIdOf(sha256),
    sha256,
    model: { sha256: expectDigest(model.sha256, path), name: model.name },
    labelledAt: photo.labelledAt === undefined ? null : wholeNumber("labelledAt", photo.labelledAt, path),
    labels,
    norm: labelNorm(labels.map((label) => label.ppm)),
    // a copy: the caller may use the array for the next photo
    features: photo.features ? photo.features.slice() : null,
  };
}

/** The first 63 bits of a digest in hex. */
function imageIdOf(sha256: string): bigint {
  return BigInt(`0x${sha256.slice(0, 16)}`) >> 1n;
}

/** Drops the fraction that file systems give to times. */
export function wholeNumber(name: string, value: number, path: string): number {
  const whole = Math.floor(value);
  if (!Number.isSafeInteger(whole)) throw refused(path, `${name} is ${value}, expected a whole number`);
  return whole;
}

function expectDigest(sha256: string, path: string): string {
  if (!/^[0-9a-f]{64}$/i.test(sha256)) {
    throw refused(path, `${JSON.stringify(sha256)} is no SHA-256, expected 64 hexadecimal digits`);
  }
  return sha256.toLowerCase();
}

function labelWeights({ path, labels }: IndexedPhoto): readonly LabelWeight[] {
  const heaviest = new Map<string, number>();
  for (const { label, weight } of labels) {
    if (label.trim() === "") throw refused(path, "a label is empty");
    if (!(weight >= 0 && weight <= 1)) {
      throw refused(path, `the weight of ${JSON.stringify(label)} is ${weight}, expected 0 to 1`);
    }
    const ppm = Math.round(weight * 1e6);
    if (ppm > 0) heaviest.set(label, Math.max(ppm, heaviest.get(label) ?? 0));
  }
  return [...heaviest].map(([label, ppm]) => ({ label, ppm }));
}

function refused(path: string, problem: string): ToolkitError {
  return new ToolkitError("E_SETTING", `Cannot index ${JSON.stringify(path)}: ${problem}`);
}
