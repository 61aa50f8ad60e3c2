import { uniform } from "../../../toolkit/graph/random.ts";
import type { Pixels } from "../../../toolkit/images/decoder.ts";

/** A picture with shapes of several sizes, another one for each seed: [100,150,3]. */
export function picture(seed: number): Pixels {
  const [width, height] = [150, 100];
  const data = new Uint8Array(width * height * 3);
  const waves = Array.from({ length: 12 }, (_, i) => ({
    across: 0.16 * (uniform(seed, i, 0) - 0.5),
    down: 0.24 * (uniform(seed, i, 1) - 0.5),
    phase: 6.28 * uniform(seed, i, 2),
    strengths: [3, 4, 5].map((c) => uniform(seed, i, c)),
  }));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        let value = 128;
        for (const { across, down, phase, strengths } of waves) {
          value += 36 * (strengths[c] ?? 0) * Math.sin(6.28 * (across * x + down * y) + phase);
        }
        data[3 * (y * width + x) + c] = Math.min(255, Math.max(0, value));
      }
    }
  }
  return { width, height, data };
}
