import { openIndex } from "../../../toolkit/search/open-index.ts";
import { photo } from "../../support/store-suite.ts";

/** Photos in a batch of the durability tests. */
export const BATCH = 50;

/** The photos of a batch: always the same ones for the same number. */
export function batchOf(number: number): ReturnType<typeof photo>[] {
  return Array.from({ length: BATCH }, (_, i) =>
    photo(`/photos/${number}/${i}.jpg`, { [`label ${i % 7}`]: ((number * 31 + i * 17) % 100) / 100, every: 0.5 }),
  );
}

/** Run as a process of its own: adds batches `from` to `to` and says when each is on disk. */
const [command, path, from, to] = process.argv.slice(2);
if (command === "write-batches" && path !== undefined) {
  const index = await openIndex(path, { batchSize: BATCH });
  process.stdout.write("open\n");
  for (let number = Number(from); number < Number(to); number++) {
    await index.add(batchOf(number));
    process.stdout.write(`${number}\n`);
  }
  await index.close();
}
