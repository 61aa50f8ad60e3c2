import assert from "node:assert/strict";
import { GROWTH } from "./growth.ts";

/** What a case holds beside that which grows. */
function rest(name: string): unknown {
  const work = GROWTH[name];
  assert.ok(work, name);
  const { request, items, copies, ...others } = work;
  if (!("network" in request)) return [request.work, request.data, others, items === copies];
  // the steps of one run, as many as take about as long
  const { batch, size, threads, repeats: _repeats, ...same } = request;
  const grows = name.split("-")[0];
  return [same, grows === "batch" || batch, grows === "size" || size, grows === "threads" || threads, others];
}

describe("bench/growth", () => {
  it("GROWTH has a case for each value, in which nothing else grows", () => {
    for (const [what, names] of [
      ["batch", ["batch-4", "batch-8", "batch-16", "batch-32"]],
      ["size", ["size-64", "size-128", "size-224"]],
      ["photos", ["photos-200", "photos-400", "photos-800", "photos-1600"]],
      ["threads", ["threads-1", "threads-2"]],
    ] as const) {
      const held = Object.keys(GROWTH).filter((name) => name.startsWith(what));
      assert.deepEqual(held, names);
      for (const name of names) assert.deepEqual(rest(name), rest(names[0]), name);
    }
  });

  it("GROWTH has the value of the name where the work is told of it", () => {
    for (const [name, { request, items, copies }] of Object.entries(GROWTH)) {
      const [what, value] = name.split("-");
      const told =
        "network" in request
          ? { batch: request.batch, size: request.size, threads: request.threads }
          : { photos: copies };
      assert.equal((told as Record<string, number>)[what ?? ""], Number(value), name);
      assert.equal(items, "network" in request ? request.batch : copies, name);
    }
  });
});
