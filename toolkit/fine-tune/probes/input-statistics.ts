import type { Normalisation } from "../../images/to-input.ts";
import type { TensorData } from "../../graph/tensor.ts";
import { checked } from "../diagnosis.ts";
import type { ModelCheck } from "../diagnosis.ts";

/** The values of one channel of a network's input, over photos and positions. */
export interface ChannelValues {
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly largest: number;
}

/** The channels of pictures [N,3,H,W] as a network takes them; `rows` of them are samples. */
export function inputStatistics({ data, shape }: TensorData, rows: number): readonly ChannelValues[] {
  const [, channels = 0, height = 0, width = 0] = shape;
  const area = height * width;
  return Array.from({ length: channels }, (_, channel) =>
    summary(rows * area, (i) => Number(data[(Math.floor(i / area) * channels + channel) * area + (i % area)])),
  );
}

/** The same of pixels [N,H,W,3] from 0 to 255, as they are once they are normalised. */
export function pixelStatistics({ data }: TensorData, { mean, std }: Normalisation): readonly ChannelValues[] {
  return mean.map((m, channel) =>
    summary(
      data.length / mean.length,
      (i) => (Number(data[i * mean.length + channel]) / 255 - m) / (std[channel] ?? 1),
    ),
  );
}

function summary(count: number, valueAt: (i: number) => number): ChannelValues {
  let [sum, squares, least, largest] = [0, 0, Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    const value = valueAt(i);
    sum += value;
    squares += value * value;
    // a value that is no number makes the mean none, too
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)), least, largest };
}

/** In units of 0..1: pictures whose values vary by less show nothing. */
const LEAST_DEVIATION = 0.02;
/** What is usual lies nearer to 0: with the statistics of ImageNet black is at -2, white at 2.4. */
const FARTHEST_MEAN = 1.7;
/** A smaller std is that of a network that takes values up to 255: what is usual there is not known. */
const LEAST_STD = 0.05;
/** No statistics of photos are as large, in units of 0..1. */
const LARGEST_STATISTIC = 1.5;

/** Whether inputs are what a network expects that was trained on normalised photos: spread around 0 by about 1. */
export function judgeInputs(channels: readonly ChannelValues[], { mean, std }: Normalisation): ModelCheck {
  const texts = (of: (c: ChannelValues) => number): string => channels.map((c) => of(c).toFixed(2)).join(", ");
  const least = Math.min(...channels.map((c) => c.least));
  const largest = Math.max(...channels.map((c) => c.largest));
  const middle = channels.reduce((sum, c) => sum + c.mean, 0) / channels.length;
  const detail = `red, green, blue have mean ${texts((c) => c.mean)} and std ${texts((c) => c.deviation)}, from ${least.toFixed(2)} to ${largest.toFixed(2)}`;
  const facts = { channels, mean, std };
  const warning = (hint: string): ModelCheck => checked("inputs", "warning", detail, { hint, ...facts });
  if (channels.some((c) => !Number.isFinite(c.mean))) {
    const hint = "a value is no number: see that --std is not 0";
    return checked("inputs", "failed", detail, { hint, ...facts });
  }
  if ([...mean, ...std].some((v) => Math.abs(v) > LARGEST_STATISTIC))
    return warning(
      "--mean and --std are in units of 0..1: those of ImageNet are 0.485,0.456,0.406 and 0.229,0.224,0.225",
    );
  if (channels.every((c, i) => c.deviation * (std[i] ?? 1) < LEAST_DEVIATION))
    return warning("the pictures are of one colour each, and all of the same one: see that the right files are read");
  if (std.every((s) => s >= LEAST_STD) && Math.abs(middle) > FARTHEST_MEAN)
    return warning(
      "they are far from 0: the pictures are very dark or very bright, or --mean and --std are not theirs",
    );
  return checked("inputs", "ok", detail, facts);
}
