import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface HeatProps {
  readonly rows: number;
  readonly columns: number;
  /** 0 to 1, row by row. */
  readonly values: Float32Array;
}

/** Pixels of the drawing for each place of the map: the browser smooths the rest. */
const SCALE = 16;

/** A map of what speaks for a class, laid over the picture. */
export function Heat({ rows, columns, values }: HeatProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context) draw(context, { rows, columns, values });
  }, [rows, columns, values]);
  return (
    <canvas
      ref={canvas}
      class="heat"
      width={columns * SCALE}
      height={rows * SCALE}
      role="img"
      aria-label="Where it looks: bright places speak for the class"
    />
  );
}

function draw(context: CanvasRenderingContext2D, { rows, columns, values }: HeatProps): void {
  const [width, height] = [columns * SCALE, rows * SCALE];
  const image = new ImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const heat = between({ rows, columns, values }, (y + 0.5) / SCALE - 0.5, (x + 0.5) / SCALE - 0.5);
      image.data.set(colour(heat), (y * width + x) * 4);
    }
  }
  context.putImageData(image, 0, 0);
}

/** The heat between places, linearly. */
function between({ rows, columns, values }: HeatProps, y: number, x: number): number {
  const at = (row: number, column: number): number =>
    values[Math.min(rows - 1, Math.max(0, row)) * columns + Math.min(columns - 1, Math.max(0, column))] ?? 0;
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [down, right] = [y - top, x - left];
  const upper = at(top, left) * (1 - right) + at(top, left + 1) * right;
  const lower = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right;
  return upper * (1 - down) + lower * down;
}

/** Inferno's colours at heat 0, 1/4, ... 1 (matplotlib's map of that name): brighter at every step, also to who sees no red or green. */
const COLOURS = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
] as const;
const OPACITY = 0.6;

function colour(heat: number): readonly [number, number, number, number] {
  const place = Math.min(1, Math.max(0, heat)) * (COLOURS.length - 1);
  const low = Math.min(COLOURS.length - 2, Math.floor(place));
  const mixed = (channel: 0 | 1 | 2): number => {
    const [from, to] = [COLOURS[low]?.[channel] ?? 0, COLOURS[low + 1]?.[channel] ?? 0];
    return Math.round(from + (to - from) * (place - low));
  };
  return [mixed(0), mixed(1), mixed(2), Math.round(255 * OPACITY)];
}
