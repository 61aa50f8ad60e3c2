/**
 * Our speed beside PyTorch's, in alternating runs on the same cores: npm run bench [-- --only NAME,... --json FILE --table FILE --runs N --add].
 * The table goes beside the JSON unless it is given a file. --add keeps the rows of the JSON file that are not measured again, so that a long
 * suite can be run in parts. --growth measures how time and memory grow instead (growth.ts has those names).
 */
import { existsSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { errorMessage } from "../../toolkit/errors.ts";
import { readJson } from "../support/fixtures.ts";
import { CASES, missing } from "./cases.ts";
import type { BenchCase } from "./cases.ts";
import { growthTable } from "./growth-table.ts";
import { GROWTH } from "./growth.ts";
import { describeMachine } from "./machine.ts";
import { measure, measureFloat32, measureTfjs } from "./measure.ts";
import { findPeer } from "./peer.ts";
import type { Peer } from "./peer.ts";
import { photoCopies } from "./photo-copies.ts";
import { withRow } from "./row.ts";
import type { Row } from "./row.ts";
import { table } from "./table.ts";
import { installTfjs } from "./tfjs.ts";
import type { Tfjs } from "./tfjs.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    json: { type: "string" },
    table: { type: "string" },
    runs: { type: "string", default: "7" },
    add: { type: "boolean", default: false },
    growth: { type: "boolean", default: false },
  },
});

const runs = Number(values.runs);
const cases = values.growth ? GROWTH : CASES;
const names = Object.keys(cases);
const wanted = values.only?.split(",") ?? names;
const unknown = wanted.filter((name) => !Object.hasOwn(cases, name));
if (unknown.length > 0) {
  console.error(`no benchmark is called "${unknown.join('", "')}"; there are ${names.join(", ")}`);
  process.exitCode = 2;
} else if (!Number.isInteger(runs) || runs < 1) {
  console.error(`--runs ${values.runs}: expected a positive integer; figures to be quoted need 5 or more`);
  process.exitCode = 2;
} else if (values.add && values.json === undefined) {
  console.error("--add: expected --json FILE, to whose rows it adds");
  process.exitCode = 2;
} else {
  await bench();
}

async function bench(): Promise<void> {
  const peer = findPeer();
  const machine = describeMachine(peer);
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  console.log(`${versions.join(", ")}; ${machine.threads} x ${machine.cpu} (${machine.flags?.join(", ") ?? "?"})`);
  if (!peer) console.log("no PyTorch to compare with: set TORCH_PYTHON to a Python that has torch");
  const tfjs = wanted.some((name) => cases[name]?.tfjs) ? findTfjs() : undefined;
  const file = values.table ?? values.json?.replace(/(\.json)?$/, ".md");
  const text = values.growth ? growthTable : table;
  let rows: readonly Row[] = values.add && existsSync(values.json ?? "") ? readJson(values.json ?? "") : [];
  try {
    for (const name of wanted) {
      const result = await measured(name, peer, tfjs);
      if (!result) continue;
      rows = withRow(rows, result, names);
      console.log(line(result));
      // what was measured so far is kept where a long run is interrupted
      if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
      if (file) writeFileSync(file, text(rows, machine, runs));
    }
  } finally {
    tfjs?.remove();
  }
}

function findTfjs(): Tfjs | undefined {
  try {
    return installTfjs();
  } catch (error) {
    console.log(`no TensorFlow.js to compare with: ${errorMessage(error)}`);
    return undefined;
  }
}

async function measured(name: string, peer: Peer | undefined, tfjs: Tfjs | undefined): Promise<Row | undefined> {
  const work = cases[name];
  if (!work) return undefined;
  const absent = missing(work);
  if (absent.length > 0) {
    console.log(`${name}: left out, ${absent.map((path) => `../shared/${path}`).join(" and ")} is not here`);
    return undefined;
  }
  if (work.copies !== undefined) return onCopies(name, work, peer, work.copies);
  const result = await measure(name, work, peer, runs);
  if (work.peer === "float32") return { ...result, float32: await measureFloat32(work, runs) };
  return work.tfjs && tfjs ? { ...result, tfjs: await measureTfjs(work, tfjs, runs) } : result;
}

async function onCopies(name: string, work: BenchCase, peer: Peer | undefined, count: number): Promise<Row> {
  if (!("data" in work.request)) throw new Error(`Cannot measure ${name}: it has no photos to copy`);
  const copies = await photoCopies(work.request.data, count);
  try {
    return await measure(name, { ...work, request: { ...work.request, data: [copies.folder] } }, peer, runs);
  } finally {
    await copies.remove();
  }
}

function line({ name, unit, ours, spread, peer, form, ratio, oursPeakMb, peerPeakMb, ...beside }: Row): string {
  const memory = oursPeakMb === null ? "" : `, ${oursPeakMb.toFixed(0)} MiB`;
  const own = `${name}: ${ours.toPrecision(4)} ${unit} ± ${(100 * spread).toFixed(0)} %${memory}`;
  const { tfjs, float32 } = beside;
  const also = [
    tfjs ? `; TensorFlow.js ${tfjs.tfjs.toPrecision(4)}, ratio ${tfjs.ratio.toFixed(2)}` : "",
    float32 ? `; our float32 ${float32.float32.toPrecision(4)}, ratio ${float32.ratio.toFixed(2)}` : "",
  ].join("");
  if (peer === null) return own + also;
  const theirs = `PyTorch ${peer.toPrecision(4)} (${form})${peerPeakMb === null ? "" : `, ${peerPeakMb.toFixed(0)} MiB`}`;
  return `${own}; ${theirs}; ratio ${ratio?.toFixed(2)}${also}`;
}
