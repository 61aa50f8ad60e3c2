/**
 * All that can be said of interrupted runs, with many more kills than the tests make: `npm run reliability`, or compiled `node dist/test/reliability/run.js
 * [--kills 200] [--seed 0] [--only NAME,...] [--json FILE]`. Prints a line for each part, and fails where one does not hold.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { wholeRun } from "./interrupted-run.ts";
import type { Whole } from "./interrupted-run.ts";
import { caughtOnNaive, killsAtMoments, killsWhileRecovering, randomKills, twoTrainers } from "./kills.ts";
import type { Kills, KillOptions } from "./kills.ts";
import { refusedByMounts, refusedSave, REFUSALS } from "./refusals.ts";
import { threadedResumes } from "./resumes.ts";
import { damages, tornStates } from "./torn-files.ts";
import { EVERY } from "./toy-job.ts";

const NAIVE_KILLS = 12;
const MOST_DIFFERENCE = 1e-5;
const MOST_POINTS = 0.5;

/** What a part came to: figures, and whether they are as they should be. */
interface Outcome {
  readonly holds: boolean;
  readonly figures: object;
}

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "0" },
    only: { type: "string" },
    json: { type: "string" },
  },
});
const kills = Number(values.kills);
const firstSeed = 2 * Number(values.seed);
const root = await mkdtemp(join(tmpdir(), "onnx-graft-reliability-"));

async function place(name: string, whole: Whole, seed: number): Promise<KillOptions> {
  const folder = join(root, name);
  await mkdir(folder);
  return { folder, whole, seed };
}

/** Two at a time, as the machine may have no more cores. */
async function twice(name: string, whole: Whole, work: (options: KillOptions) => Promise<Kills>): Promise<Outcome> {
  const halves = await Promise.all(
    [1, 2].map((half) => place(`${name}-${half}`, whole, firstSeed + half)).map(async (p) => work(await p)),
  );
  const sum = (count: (half: Kills) => number): number => halves.reduce((total, half) => total + count(half), 0);
  const problems = halves.flatMap((half) => half.problems);
  const mostLost = Math.max(...halves.map((half) => half.mostLost));
  const figures = { kills: sum((half) => half.kills), runs: sum((half) => half.runs), mostLost, problems };
  return { holds: problems.length === 0 && mostLost <= EVERY, figures };
}

async function refusals(whole: Whole): Promise<Outcome> {
  const problems: string[] = [];
  for (const [code, moment] of REFUSALS) {
    const found = await refusedSave(code, moment, { folder: join(root, code), whole });
    problems.push(...found.map((problem) => `${code}: ${problem}`));
  }
  const mounted = await refusedByMounts(await place("mounts", whole, 0));
  problems.push(...(mounted ?? []));
  const figures = {
    refused: REFUSALS.map(([code]) => code),
    realDisks: mounted ? "full, read-only" : "may not mount",
    problems,
  };
  return { holds: problems.length === 0, figures };
}

const parts: Readonly<Record<string, (whole: Whole) => Promise<Outcome>>> = {
  "random-times": (whole) =>
    twice("times", whole, (options) => randomKills(kills / 2, { ...options, isRecorded: true })),
  moments: (whole) => twice("moments", whole, (options) => killsAtMoments(Math.ceil(kills / 40), options)),
  recovering: (whole) => twice("recovering", whole, (options) => killsWhileRecovering(Math.ceil(kills / 10), options)),
  naive: async (whole) => {
    const caught = await caughtOnNaive(NAIVE_KILLS, await place("naive", whole, 0));
    return { holds: caught === NAIVE_KILLS, figures: { kills: NAIVE_KILLS, caught } };
  },
  torn: async () => {
    const { problems, ...figures } = await tornStates(25 * kills);
    return { holds: problems.length === 0, figures: { ...figures, problems } };
  },
  damaged: async () => {
    const found = await damages(50 * kills, 10 * kills);
    return { holds: found.detected === found.damages && found.named === found.damages, figures: found };
  },
  refused: refusals,
  threads: async () => {
    const found = await threadedResumes(10);
    return { holds: found.difference <= MOST_DIFFERENCE && found.accuracyPoints <= MOST_POINTS, figures: found };
  },
  "two-trainers": async (whole) => {
    const figures = await twoTrainers({ folder: join(root, "two"), whole });
    return { holds: figures.problems.length === 0 && figures.refusal.includes("E_RUN_LOCKED"), figures };
  },
};

try {
  const whole = await wholeRun(join(root, "whole"));
  const wanted = values.only?.split(",") ?? Object.keys(parts);
  const results: Record<string, object> = {};
  for (const name of wanted) {
    const part = parts[name];
    if (!part) throw new Error(`no part is called "${name}": expected ${Object.keys(parts).join(", ")}`);
    const start = performance.now();
    const { holds, figures } = await part(whole);
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    results[name] = { holds, seconds, ...figures };
    process.stdout.write(`${JSON.stringify({ part: name, holds, seconds, ...figures })}\n`);
    if (!holds) process.exitCode = 1;
  }
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
} finally {
  await rm(root, { recursive: true, force: true });
}
