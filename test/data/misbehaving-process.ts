/** A process that does photo jobs, and whatever the name of a photo says: "abort", or a width and how many milliseconds it takes. */
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serveJobs } from "../../toolkit/data/serve-jobs.ts";
import type { Pixels } from "../../toolkit/images/decoder.ts";

async function decode(name: string): Promise<Pixels> {
  if (name.startsWith("abort")) process.abort();
  if (name.startsWith("spin")) for (;;);
  if (name.startsWith("wait")) await sleep(60_000);
  if (name.startsWith("fill")) for (const all: Buffer[] = []; ; await sleep(5)) all.push(Buffer.alloc(20e6, 1));
  const [width = 1, delayMs = 0] = name.split(" ").map(Number);
  await sleep(delayMs);
  return { width, height: 1, data: new Uint8Array(width * 3) };
}

serveJobs(({ maxPixels }) =>
  maxPixels === 0
    ? Promise.reject(new Error("no decoder here"))
    : Promise.resolve({
        decoder: { decode: (_, { name = "" } = {}) => decode(basename(name)) },
        read: () => Uint8Array.of(0),
      }),
);
