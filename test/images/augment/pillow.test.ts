import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { OperationName } from "../../../toolkit/data/augment-operation.ts";
import { applyOperation } from "../../../toolkit/data/augment-operation.ts";
import { mixed } from "../../../toolkit/data/augment-policy.ts";
import { affine, rotate } from "../../../toolkit/images/augment/affine.ts";
import type { Colour } from "../../../toolkit/images/augment/colour.ts";
import { brightness, contrast, saturation, sharpness } from "../../../toolkit/images/augment/enhance.ts";
import { erase } from "../../../toolkit/images/augment/erase.ts";
import { flipHorizontal, flipVertical } from "../../../toolkit/images/augment/flip.ts";
import { gaussianBlur } from "../../../toolkit/images/augment/gaussian-blur.ts";
import { grayscale } from "../../../toolkit/images/augment/grayscale.ts";
import { autocontrast, equalize } from "../../../toolkit/images/augment/histogram.ts";
import { hue } from "../../../toolkit/images/augment/hue.ts";
import { invert, posterize, solarize } from "../../../toolkit/images/augment/levels.ts";
import { paddedCrop } from "../../../toolkit/images/augment/padded-crop.ts";
import type { Corners } from "../../../toolkit/images/augment/perspective.ts";
import { perspective } from "../../../toolkit/images/augment/perspective.ts";
import type { Pixels } from "../../../toolkit/images/decoder.ts";
import { fixture, readJson } from "../../support/fixtures.ts";
import { pictures } from "./pictures.ts";

interface Case {
  readonly picture: string;
  readonly operation: string;
  readonly arguments: readonly unknown[];
  readonly size: readonly [number, number];
  readonly sha256: string;
}

interface Move {
  readonly degrees?: number;
  readonly translate?: readonly [number, number];
  readonly scale?: number;
  readonly shear?: readonly [number, number];
  readonly centre?: readonly [number, number];
}

type How = "nearest" | "bilinear";
type Operation = (pixels: Pixels, ...values: readonly never[]) => Pixels;

/** By the names that make.py gives them. */
const operations: Readonly<Record<string, Operation>> = {
  grayscale,
  invert,
  autocontrast,
  equalize,
  flipHorizontal,
  flipVertical,
  posterize,
  solarize,
  brightness,
  contrast,
  saturation,
  sharpness,
  hue,
  gaussianBlur,
  rotate: (pixels, degrees: number, interpolation: How, fill: Colour) =>
    rotate(pixels, degrees, { interpolation, fill }),
  affine: (pixels, { shear, ...move }: Move, interpolation: How, fill: Colour) =>
    affine(pixels, { ...move, ...(shear ? { shearDegrees: shear } : {}) }, { interpolation, fill }),
  perspective: (pixels, to: Corners, interpolation: How, fill: Colour) =>
    perspective(pixels, to, { interpolation, fill }),
  paddedCrop: (pixels, padding: number, left: number, top: number, fill: Colour) =>
    paddedCrop(pixels, { padding, left, top, fill }),
  erase: (pixels, [left, top, width, height]: readonly [number, number, number, number], colour: Colour) =>
    erase(pixels, { left, top, width, height }, colour),
  mixed: (pixels, weights: readonly number[]) => mixed([pixels, invert(pixels), flipHorizontal(pixels)], weights),
};

/** The operations of policies, which begin with a capital letter. */
function operationOf(name: string): Operation {
  return (
    operations[name] ??
    ((pixels, magnitude: number, interpolation: How) =>
      applyOperation(name as OperationName, pixels, magnitude, { interpolation }))
  );
}

describe("images/augment", () => {
  const { cases } = readJson<{ readonly cases: readonly Case[] }>(fixture("augment/pillow.json"));

  for (const name of new Set(cases.map(({ operation }) => operation))) {
    const own = cases.filter(({ operation }) => operation === name);
    it(`${name} gives the bytes of Pillow, ${own.length} times`, () => {
      const wrong = own.filter(({ picture, arguments: values, size, sha256 }) => {
        const given = pictures[picture] as Pixels;
        const before = given.data.slice();
        const { width, height, data } = operationOf(name)(given, ...(values as readonly never[]));
        assert.deepEqual(given.data, before, "the picture that was given is left alone");
        assert.deepEqual([width, height], size);
        return !createHash("sha256").update(data).digest("hex").startsWith(sha256);
      });
      assert.deepEqual(
        wrong.map(({ picture, arguments: values }) => [picture, values]),
        [],
      );
    });
  }

  it("knows every operation that the fixtures have", () => {
    const names = new Set(cases.map(({ operation }) => operation));
    assert.deepEqual(
      Object.keys(operations).filter((name) => !names.has(name)),
      [],
    );
  });
});
