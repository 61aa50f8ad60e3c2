/** Our speed beside PyTorch's, in alternating runs on the same cores: npm run bench [-- --only NAME,... --json FILE] */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { VERSION } from "../../toolkit/version.ts";
import { openPeer } from "./peer.ts";
import type { Peer, PeerRequest } from "./peer.ts";
import { openWork } from "./work.ts";

const RUNS = 7;

/** The name says the work, the size of a picture, the batch, and how BatchNorm is treated. */
const CASES: Readonly<Record<string, Omit<PeerRequest, "channelsLast">>> = {
  "full-224-b16-folded": { work: "step", size: 224, batch: 16, batchNorm: "folded" },
  "full-224-b16-batch": { work: "step", size: 224, batch: 16, batchNorm: "batch" },
  "full-64-b64-batch": { work: "step", size: 64, batch: 64, batchNorm: "batch" },
  // an epoch of a frozen backbone is inference of every photo; ours does it once and trains the head on the cache
  "inference-224-b16": { work: "inference", size: 224, batch: 16, batchNorm: "folded" },
  "inference-224-b1": { work: "inference", size: 224, batch: 1, batchNorm: "folded" },
};

/** Items per second; null where there is no peer. */
interface Row {
  readonly name: string;
  readonly unit: "img/s";
  readonly ours: number;
  readonly default: number | null;
  readonly channelsLast: number | null;
  /** The better of the two forms. */
  readonly peer: number | null;
  readonly form: "default" | "channelsLast" | null;
  /** Ours divided by the peer's. */
  readonly ratio: number | null;
  readonly ratioDefault: number | null;
  /** Half the distance between the quartiles of our runs, over their median. */
  readonly spread: number;
}

async function measure(name: string, request: Omit<PeerRequest, "channelsLast">, peer: Peer | undefined): Promise<Row> {
  const work = await openWork({ ...request, channelsLast: false });
  const seconds = { ours: [] as number[], default: [] as number[], channelsLast: [] as number[] };
  try {
    for (let i = 0; i < 2; i++) await work.run();
    for (const form of ["default", "channelsLast"] as const) {
      for (let i = 0; i < RUNS; i++) {
        const start = performance.now();
        await work.run();
        seconds.ours.push((performance.now() - start) / 1000);
        if (peer) seconds[form].push(await peer.seconds({ ...request, channelsLast: form === "channelsLast" }));
      }
    }
  } finally {
    await work.close();
  }
  return row(name, request.batch, seconds);
}

function row(
  name: string,
  batch: number,
  seconds: Readonly<Record<"ours" | "default" | "channelsLast", readonly number[]>>,
): Row {
  const rate = (list: readonly number[]): number | null => (list.length > 0 ? batch / quantile(list, 0.5) : null);
  const ours = rate(seconds.ours) ?? 0;
  const [plain, last] = [rate(seconds.default), rate(seconds.channelsLast)];
  const peer = plain === null || last === null ? null : Math.max(plain, last);
  return {
    name,
    unit: "img/s",
    ours,
    default: plain,
    channelsLast: last,
    peer,
    form: peer === null ? null : peer === plain ? "default" : "channelsLast",
    ratio: peer === null ? null : ours / peer,
    ratioDefault: plain === null ? null : ours / plain,
    spread: (quantile(seconds.ours, 0.75) - quantile(seconds.ours, 0.25)) / 2 / quantile(seconds.ours, 0.5),
  };
}

function quantile(list: readonly number[], share: number): number {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}

const { values } = parseArgs({ options: { only: { type: "string" }, json: { type: "string" } } });
const wanted = values.only?.split(",") ?? Object.keys(CASES);
const peer = await openPeer();
const about = `onnx-graft ${VERSION}, Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? "?"}`;
console.log(
  peer ? `${about}; PyTorch ${peer.version}` : `${about}; no PyTorch: set TORCH_PYTHON to a Python that has torch`,
);
const rows: Row[] = [];
for (const name of wanted) {
  const request = CASES[name];
  if (!request) {
    console.error(`no benchmark is called "${name}"; there are ${Object.keys(CASES).join(", ")}`);
    process.exitCode = 2;
    continue;
  }
  const result = await measure(name, request, peer);
  rows.push(result);
  const beside =
    result.peer === null
      ? ""
      : `, PyTorch ${result.peer.toFixed(1)} (${result.form}), ratio ${result.ratio?.toFixed(2)}`;
  console.log(`${name}: ${result.ours.toFixed(1)} img/s ± ${(100 * result.spread).toFixed(0)} %${beside}`);
}
peer?.close();
if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
