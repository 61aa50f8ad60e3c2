/** Our side of the benchmark, in a process of its own: reads one JSON request a line, does that work once, and answers with the seconds it took. */
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import type { BenchRequest } from "./cases.ts";
import type { Work } from "./work.ts";

// what the work does not need is not loaded: the time to start is measured too
async function openWork(request: BenchRequest): Promise<Work> {
  if ("network" in request) return (await import("./work.ts")).openWork(request);
  return (await import("./photo-work.ts")).openPhotoWork(request);
}

const open = new Map<string, Work>();
async function closeAll(): Promise<void> {
  for (const work of open.values()) await work.close();
  open.clear();
}

console.log(JSON.stringify({ node: process.versions.node, threads: cpus().length }));
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as BenchRequest;
  let work = open.get(line);
  if (!work) {
    await closeAll(); // one network in memory at a time
    work = await openWork(request);
    open.set(line, work);
    for (let i = 0; i < request.warmUps; i++) await work.run(1);
  }
  const start = performance.now();
  await work.run(request.repeats);
  console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000 / request.repeats }));
}
await closeAll();
