/**
 * Our speed beside PyTorch's, in alternating runs on the same cores: npm run bench [-- --only NAME,... --json FILE --table FILE --runs N].
 * The table goes beside the JSON unless it is given a file.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { CASES, missing } from "./cases.ts";
import { describeMachine } from "./machine.ts";
import { measure } from "./measure.ts";
import { findPeer } from "./peer.ts";
import type { Row } from "./row.ts";
import { table } from "./table.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    json: { type: "string" },
    table: { type: "string" },
    runs: { type: "string", default: "7" },
  },
});

const runs = Number(values.runs);
const wanted = values.only?.split(",") ?? Object.keys(CASES);
const unknown = wanted.filter((name) => !Object.hasOwn(CASES, name));
if (unknown.length > 0) {
  console.error(`no benchmark is called "${unknown.join('", "')}"; there are ${Object.keys(CASES).join(", ")}`);
  process.exitCode = 2;
} else if (!Number.isInteger(runs) || runs < 1) {
  console.error(`--runs ${values.runs}: expected a positive integer; figures to be quoted need 5 or more`);
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
  const file = values.table ?? values.json?.replace(/(\.json)?$/, ".md");
  const rows: Row[] = [];
  for (const name of wanted) {
    const work = CASES[name];
    if (!work) continue;
    const absent = missing(work);
    if (absent.length > 0) {
      console.log(`${name}: left out, ${absent.map((path) => `../shared/${path}`).join(" and ")} is not here`);
      continue;
    }
    const result = await measure(name, work, peer, runs);
    rows.push(result);
    console.log(line(result));
    // what was measured so far is kept where a long run is interrupted
    if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
    if (file) writeFileSync(file, table(rows, machine, runs));
  }
}

function line({ name, unit, ours, spread, peer, form, ratio, oursPeakMb, peerPeakMb }: Row): string {
  const memory = oursPeakMb === null ? "" : `, ${oursPeakMb.toFixed(0)} MiB`;
  const own = `${name}: ${ours.toPrecision(4)} ${unit} ± ${(100 * spread).toFixed(0)} %${memory}`;
  if (peer === null) return own;
  const theirs = `PyTorch ${peer.toPrecision(4)} (${form})${peerPeakMb === null ? "" : `, ${peerPeakMb.toFixed(0)} MiB`}`;
  return `${own}; ${theirs}; ratio ${ratio?.toFixed(2)}`;
}
