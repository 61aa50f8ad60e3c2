import type { Part } from "../entry.ts";
import { disjointSets } from "./disjoint-sets.ts";
import { hammingDistance, hammingIndex } from "./hamming-index.ts";
import type { PhotoPrint } from "./photo-print.ts";
import { correlation, isFlat } from "./thumbnail.ts";

/**
 * Shorter side from which pictures are compared by their looks. Of 3,000 handwritten digits of 28 px, 4,163 pairs look
 * alike and are not; of 60,000 pictures of 32 px in CIFAR-10 863 pairs, and 46 of 48 that were looked at are copies.
 */
const LEAST_PX = 32;
/**
 * Hashes near a photo's that are looked at, and thumbnails that are compared with its own: where there are more, photos
 * are of one kind, and looks say little.
 */
const MOST_NEAR = 1000;
const MOST_COMPARED = 100;

/** When two photos count as copies of each other. */
export interface CopyLimits {
  /** Most bits of 64 in which their perceptual hashes differ. */
  readonly bits: number;
  /** Least correlation of their thumbnails, up to 1. */
  readonly correlation: number;
  /** Whether a photo that is mirrored left to right is a copy. */
  readonly mirrored: boolean;
}

/** A photo that copies are looked for. */
export interface Candidate {
  readonly print: PhotoPrint;
  readonly part: Part;
  /** The same text wherever labels are the same. */
  readonly labels: string;
}

/** Two photos that are copies of each other, by their places in the list. */
export interface CopyPair {
  readonly a: number;
  readonly b: number;
  /** "exact": the same bytes. */
  readonly kind: "exact" | "near";
  /** In which their perceptual hashes differ, of 64. */
  readonly bits: number;
  readonly mirrored: boolean;
}

export interface FoundCopies {
  /**
   * Copies with the same labels: for each photo the nearest before it in every other part, and as many more as connect
   * all copies of one photo.
   */
  readonly pairs: readonly CopyPair[];
  /** Copies with different labels: for each photo the nearest before it. */
  readonly conflicts: readonly CopyPair[];
}

/** Finds copies among photos; which pairs are listed depends on their order. */
export function findCopies(candidates: readonly Candidate[], limits: CopyLimits): FoundCopies {
  const before = earlierPhotos(candidates, limits);
  const sets = disjointSets(candidates.length);
  const pairs: CopyPair[] = [];
  const conflicts: CopyPair[] = [];
  for (const [b, own] of candidates.entries()) {
    const parts = new Set<Part>([own.part]);
    let hasConflict = false;
    let compared = 0;
    for (const pair of before.nearestFirst(b, own.print)) {
      const other = candidates[pair.a];
      if (!other) continue;
      const isSame = other.labels === own.labels;
      // asked before the thumbnails are compared: of a thousand copies of one picture, most tell nothing new
      const isNews = isSame ? !parts.has(other.part) || sets.find(pair.a) !== sets.find(b) : !hasConflict;
      if (!isNews) continue;
      if (pair.kind === "near" && compared++ === MOST_COMPARED) break;
      if (!looksAlike(own.print, other.print, pair, limits)) continue;
      if (isSame) {
        parts.add(other.part);
        sets.join(pair.a, b);
        pairs.push(pair);
      } else {
        hasConflict = true;
        conflicts.push(pair);
      }
    }
    before.add(b, own.print);
  }
  return { pairs, conflicts };
}

interface EarlierPhotos {
  add(i: number, print: PhotoPrint): void;
  /** Pairs of a photo with those that have the same bytes, then with those whose hashes are near. */
  nearestFirst(b: number, print: PhotoPrint): Iterable<CopyPair>;
}

function earlierPhotos(candidates: readonly Candidate[], limits: CopyLimits): EarlierPhotos {
  const index = hammingIndex(candidates.length, limits.bits);
  const indexed: number[] = [];
  const bySha256 = new Map<string, number[]>();
  return {
    add(i, print) {
      const same = bySha256.get(print.sha256);
      if (same) same.push(i);
      else bySha256.set(print.sha256, [i]);
      if (!hasLooks(print)) return;
      index.add(print.hash);
      indexed.push(i);
    },
    *nearestFirst(b, print) {
      for (const a of bySha256.get(print.sha256) ?? []) yield { a, b, kind: "exact", bits: 0, mirrored: false };
      if (!hasLooks(print)) return;
      const found: { readonly a: number; readonly mirrored: boolean }[][] = [];
      for (const mirrored of limits.mirrored ? [false, true] : [false]) {
        const hash = mirrored ? print.mirrored : print.hash;
        for (const i of index.near(hash, MOST_NEAR)) {
          const a = indexed[i] ?? 0;
          const other = candidates[a]?.print;
          if (!other || other.sha256 === print.sha256) continue;
          (found[hammingDistance(hash, other.hash)] ??= []).push({ a, mirrored });
        }
      }
      for (const [bits, pairs] of found.entries()) {
        for (const { a, mirrored } of pairs ?? []) yield { a, b, kind: "near", bits, mirrored };
      }
    },
  };
}

/** Whether a photo can be compared by its looks. */
function hasLooks({ sidePx, thumbnail }: PhotoPrint): boolean {
  return sidePx >= LEAST_PX && !isFlat(thumbnail);
}

function looksAlike(own: PhotoPrint, other: PhotoPrint, { kind, mirrored }: CopyPair, limits: CopyLimits): boolean {
  return kind === "exact" || correlation(own.thumbnail, other.thumbnail, { mirrored }) >= limits.correlation;
}
