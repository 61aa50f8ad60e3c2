import { fileURLToPath } from "node:url";
import type { BenchCase } from "./cases.ts";
import type { Peer } from "./peer.ts";
import { row } from "./row.ts";
import type { Form, Row } from "./row.ts";
import { openSide } from "./side.ts";
import type { Side } from "./side.ts";

const FORMS: readonly Form[] = ["default", "channelsLast"];

/** One side at its work: seconds of a run, and the most memory that any process of it held until now. */
interface Runner {
  seconds(): Promise<number>;
  peakMb(): number | null;
  close(): Promise<void>;
}

/**
 * Measures a case: for each form of the peer, our run and the peer's in turn, `runs` times. Each side, and each form of the peer, has a
 * process of its own that is closed after the case, so that its memory is that of this work alone.
 */
export async function measure(name: string, work: BenchCase, peer: Peer | undefined, runs: number): Promise<Row> {
  const seconds = { ours: [] as number[], default: [] as number[], channelsLast: [] as number[] };
  const peakMb: Record<Form, number | null> = { default: null, channelsLast: null };
  const start = work.fromStart ? startEachTime : startOnce;
  const ours = await start(openOurs, work.request);
  try {
    for (const form of FORMS) {
      const request = { ...work.request, channelsLast: form === "channelsLast" };
      const theirs = peer && (await start(() => peer.open(work.peer), request));
      try {
        for (let i = 0; i < runs; i++) {
          seconds.ours.push(await ours.seconds());
          if (theirs) seconds[form].push(await theirs.seconds());
        }
        peakMb[form] = theirs?.peakMb() ?? null;
      } finally {
        await theirs?.close();
      }
    }
    return row(name, work.unit, work.items, { ...seconds, oursPeakMb: ours.peakMb(), peakMb });
  } finally {
    await ours.close();
  }
}

async function startOnce(open: () => Promise<Side>, request: object): Promise<Runner> {
  const side = await open();
  return { seconds: () => side.seconds(request), peakMb: () => side.peakMb(), close: () => side.close() };
}

/** A new process for each run, whose start is measured too. One that is not measured comes first: it brings the files into the system's memory. */
async function startEachTime(open: () => Promise<Side>, request: object): Promise<Runner> {
  const peaks: number[] = [];
  const runner: Runner = {
    async seconds() {
      const start = performance.now();
      const side = await open();
      try {
        await side.seconds(request);
        const taken = (performance.now() - start) / 1000;
        peaks.push(side.peakMb() ?? Number.NaN);
        return taken;
      } finally {
        await side.close();
      }
    },
    peakMb: () => (peaks.length > 0 && peaks.every(Number.isFinite) ? Math.max(...peaks) : null),
    close: () => Promise.resolve(),
  };
  await runner.seconds();
  return runner;
}

/** Our side is started as this process was: compiled, or through the same loader. */
function openOurs(): Promise<Side> {
  const file = new URL(import.meta.url.endsWith(".ts") ? "./ours.ts" : "./ours.js", import.meta.url);
  return openSide(process.execPath, [...process.execArgv, fileURLToPath(file)]);
}
