import { fileURLToPath } from "node:url";
import type { BenchCase } from "./cases.ts";
import type { Peer } from "./peer.ts";
import { float32Row, row, tfjsRow } from "./row.ts";
import type { Float32Row, Form, MeasuredBeside, Row, TfjsRow } from "./row.ts";
import { openSide } from "./side.ts";
import type { Side } from "./side.ts";
import type { Tfjs } from "./tfjs.ts";

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
  const script = work.peer;
  const ours = await start(openOurs, work.request);
  try {
    for (const form of FORMS) {
      const request = { ...work.request, channelsLast: form === "channelsLast" };
      const theirs = script === "float32" || !peer ? undefined : await start(() => peer.open(script), request);
      try {
        const taken = await inTurn(ours, theirs, runs);
        seconds.ours.push(...taken.ours);
        seconds[form] = taken.theirs;
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

/** Beside TensorFlow.js: our runs and its own in turn. */
export async function measureTfjs(work: BenchCase, tfjs: Tfjs, runs: number): Promise<TfjsRow> {
  return tfjsRow(work.items, await measureBeside(work, () => tfjs.open(), work.request, runs));
}

/** 8 bits beside our own float32. */
export async function measureFloat32(work: BenchCase, runs: number): Promise<Float32Row> {
  return float32Row(work.items, await measureBeside(work, openOurs, { ...work.request, work: "inference" }, runs));
}

async function measureBeside(
  work: BenchCase,
  open: () => Promise<Side>,
  request: object,
  runs: number,
): Promise<MeasuredBeside> {
  const ours = await startOnce(openOurs, work.request);
  try {
    const theirs = await startOnce(open, request);
    try {
      const taken = await inTurn(ours, theirs, runs);
      return { ...taken, about: theirs.about, peakMb: theirs.peakMb() };
    } finally {
      await theirs.close();
    }
  } finally {
    await ours.close();
  }
}

async function inTurn(
  ours: Runner,
  theirs: Runner | undefined,
  runs: number,
): Promise<{ readonly ours: number[]; readonly theirs: number[] }> {
  const seconds = { ours: [] as number[], theirs: [] as number[] };
  for (let i = 0; i < runs; i++) {
    seconds.ours.push(await ours.seconds());
    if (theirs) seconds.theirs.push(await theirs.seconds());
  }
  return seconds;
}

async function startOnce(open: () => Promise<Side>, request: object): Promise<Runner & Pick<Side, "about">> {
  const side = await open();
  return {
    about: side.about,
    seconds: () => side.seconds(request),
    peakMb: () => side.peakMb(),
    close: () => side.close(),
  };
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
