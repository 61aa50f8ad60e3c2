import type { Pixels } from "../../toolkit/images/decoder.ts";
import { SIDE_PX } from "../mnist-cnn/scans.ts";
import { AREA } from "./digits.ts";
import type { Digits } from "./digits.ts";
import { deviation, histogram, mean } from "./section.ts";
import type { Lab, Section } from "./section.ts";

/** Mean and deviation of what the network sees are those of a standard normal, to this. */
const TOLERANCE = 1e-3;
const COLUMNS = 20;
const ROWS = 3;
const GAP = 2;

/** What goes in: a look at the pictures and at their numbers, before and after they are normalised. */
export function inputs({ raw, sets }: Lab): Section {
  const { ink } = sets.learn;
  const [middle, size] = [mean(ink), deviation(ink)];
  const [low, high] = [ink.reduce((a, b) => Math.min(a, b)), ink.reduce((a, b) => Math.max(a, b))];
  const classes = new Set(raw.learn.labels);
  return {
    title: "What goes in",
    note: `${raw.learn.labels.length} scans of handwritten digits to learn from, ${raw.validation.labels.length} for validation, ${raw.unseen.labels.length} that decide nothing. Ink from 0 to 1 less its mean ${mean(raw.learn.ink).toFixed(4)}, over its deviation ${deviation(raw.learn.ink).toFixed(4)}; both are of the pictures to learn from.`,
    claims: [
      {
        text: `what the network sees has mean 0 and deviation 1, to ${TOLERANCE}, and every digit is among it`,
        holds: Math.abs(middle) < TOLERANCE && Math.abs(size - 1) < TOLERANCE && classes.size === 10,
        figures: `mean ${middle.toExponential(1)}, deviation ${size.toFixed(5)}, from ${low.toFixed(2)} to ${high.toFixed(2)}, ${classes.size} digits`,
      },
    ],
    figures: [
      { kind: "picture", title: "Some of the pictures to learn from", pixels: sheet(raw.learn) },
      {
        kind: "lines",
        title: "Numbers of a picture (share of pixels, log scale)",
        xLabel: "value",
        logY: true,
        stairs: true,
        lines: [
          { name: "ink, as scanned", points: present(histogram(raw.learn.ink, [-0.5, 3])) },
          { name: "as the network sees it", points: present(histogram(ink, [-0.5, 3])) },
        ],
      },
      {
        kind: "lines",
        title: "Pictures of each digit",
        xLabel: "digit",
        stairs: true,
        lines: [{ name: "pictures", points: countsOf(raw.learn) }],
      },
    ],
  };
}

function countsOf({ labels }: Digits): readonly (readonly [number, number])[] {
  return Array.from({ length: 10 }, (_, digit) => [digit, labels.filter((label) => label === digit).length] as const);
}

/** An empty bin has no place on a logarithmic scale. */
function present(points: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  return points.filter(([, share]) => share > 0);
}

/** The first pictures in rows, ink dark on white. */
function sheet({ ink, labels }: Digits): Pixels {
  const [width, height] = [COLUMNS * (SIDE_PX + GAP) - GAP, ROWS * (SIDE_PX + GAP) - GAP];
  const data = new Uint8Array(width * height * 3).fill(255);
  for (let i = 0; i < Math.min(labels.length, COLUMNS * ROWS); i++) {
    const [left, top] = [(i % COLUMNS) * (SIDE_PX + GAP), Math.floor(i / COLUMNS) * (SIDE_PX + GAP)];
    for (let at = 0; at < AREA; at++) {
      const place = (top + Math.floor(at / SIDE_PX)) * width + left + (at % SIDE_PX);
      data.fill(255 - Math.round(255 * (ink[i * AREA + at] ?? 0)), place * 3, place * 3 + 3);
    }
  }
  return { width, height, data };
}
