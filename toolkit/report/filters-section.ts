import type { TensorData } from "../graph/tensor.ts";
import type { Pixels } from "../images/decoder.ts";
import type { FirstFilters } from "./first-filters.ts";
import type { Markup } from "./page.ts";
import { html } from "./page.ts";
import { dataUri } from "./picture.ts";

/** Filters that are drawn; a network has 16 to 64, as a rule. */
const MOST = 128;
/** How long a filter's side becomes, at most, in pixels. */
const SIDE_PX = 42;
const GAP_PX = 3;
const COLUMNS = 16;
/** A filter whose largest weight is a smaller share of the largest of all has died: it is left grey. */
const DEAD = 0.01;
/** A weight of 0. */
const GREY = 128;

/** The first convolution's filters, before training and after it; once where training left them as they were. */
export async function filtersSection({ name, before, after }: FirstFilters): Promise<Markup> {
  const isSame = after.data.every((value, i) => value === before.data[i]);
  const [count = 0, channels, height = 0, width = 0] = after.shape;
  const shown = Math.min(count, MOST);
  const figures = await Promise.all(
    (isSame
      ? [["as they were: the weights that are kept have them unchanged", after] as const]
      : pair(before, after)
    ).map(([title, filters]) => filterFigure(title, filters)),
  );
  const moved = isSame ? "" : ` Training changed them by ${changeText(before, after)} of their size.`;
  return html`<section aria-labelledby="filters">
    <h2 id="filters">What the first layer looks for</h2>
    <p class="note">
      ${shown < count && `The first ${shown} of the `}${count} filters of ${name}, ${height} by ${width} pixels
      ${channels === 1 ? "of grey" : "of red, green and blue"}: grey is a weight of zero, and each is as bright as its
      largest weight allows. Edges, stripes and blobs of colour are what a trained network has; noise has learnt nothing
      yet.${moved}
    </p>
    <div class="filters">${figures}</div>
  </section>`;
}

function pair(before: TensorData, after: TensorData): readonly (readonly [string, TensorData])[] {
  return [
    ["before training", before],
    ["after training", after],
  ];
}

async function filterFigure(title: string, filters: TensorData): Promise<Markup> {
  const pixels = drawFilters(filters);
  return html`<figure>
    <figcaption><h3>${title}</h3></figcaption>
    <img
      src="${await dataUri(pixels)}"
      width="${pixels.width}"
      height="${pixels.height}"
      alt="${Math.min(filters.shape[0] ?? 0, MOST)} filters of the first layer ${title}"
    />
  </figure>`;
}

/**
 * Filters [O,3,H,W] or [O,1,H,W] as a sheet of little pictures, enlarged without smoothing. Zero is grey; a filter's largest weight, whatever its sign, is black or white.
 */
export function drawFilters({ shape, data }: TensorData): Pixels {
  const [all = 0, channels = 0, height = 0, width = 0] = shape;
  const count = Math.min(all, MOST);
  const scale = Math.max(1, Math.floor(SIDE_PX / Math.max(height, width)));
  const columns = Math.min(count, COLUMNS);
  const [across, down] = [width * scale + GAP_PX, height * scale + GAP_PX];
  const sheet = { width: columns * across - GAP_PX, height: Math.ceil(count / columns) * down - GAP_PX };
  const pixels = new Uint8Array(sheet.width * sheet.height * 3).fill(GREY);
  const size = channels * height * width;
  const floor = DEAD * largestOf(data as Float32Array) || 1;
  for (let filter = 0; filter < count; filter++) {
    const own = (data as Float32Array).subarray(filter * size, (filter + 1) * size);
    const largest = Math.max(largestOf(own), floor);
    const [left, top] = [(filter % columns) * across, Math.floor(filter / columns) * down];
    for (let y = 0; y < height * scale; y++) {
      for (let x = 0; x < width * scale; x++) {
        const tap = Math.floor(y / scale) * width + Math.floor(x / scale);
        const at = ((top + y) * sheet.width + left + x) * 3;
        for (let colour = 0; colour < 3; colour++) {
          const weight = own[(channels === 1 ? 0 : colour) * height * width + tap] ?? 0;
          pixels[at + colour] = Math.round(127.5 + (127.5 * weight) / largest);
        }
      }
    }
  }
  return { ...sheet, data: pixels };
}

function largestOf(weights: Float32Array): number {
  return weights.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function changeText(before: TensorData, after: TensorData): string {
  let [moved, size] = [0, 0];
  for (const [i, value] of (after.data as Float32Array).entries()) {
    const was = Number(before.data[i]);
    moved += (value - was) ** 2;
    size += was ** 2;
  }
  const share = 100 * Math.sqrt(moved / size);
  return `${Number(share.toPrecision(2))} %`;
}
