import { access, constants, mkdir, rm, writeFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { resolveModel } from "../models/resolve.ts";
import { cacheFolder } from "../toolkit/data/cache-folder.ts";
import { ToolkitError } from "../toolkit/errors.ts";
import { GraphBuilder } from "../toolkit/graph/builder.ts";
import { float32 } from "../toolkit/graph/tensor.ts";
import { encodeModel } from "../toolkit/onnx/encode.ts";
import { operators } from "../toolkit/operators/index.ts";
import { nodeRuntime } from "../toolkit/runtime/node.ts";
import { sharpDecoder } from "../toolkit/images/sharp.ts";
import { encodePng } from "../toolkit/report/picture.ts";
import { loadSqlite } from "../toolkit/search/stores/sqlite-driver.ts";
import { learnBlockSize } from "../toolkit/train/block-size.ts";

export interface Check {
  readonly name: string;
  /** What was found, for people; rejects where it does not work. */
  readonly look: () => Promise<string>;
  /** The way out, where it does not. */
  readonly hint: string;
}

const OLDEST_NODE = [20, 19] as const;

/** What the toolkit needs, from the ground up. */
export const checks: readonly Check[] = [
  { name: "Node", look: lookAtNode, hint: "install Node 20.19 or newer" },
  {
    name: "ONNX Runtime",
    look: lookAtRuntime,
    hint:
      "install the packages again with ONNXRUNTIME_NODE_INSTALL=skip in the environment: the package onnxruntime-node brings everything " +
      "a CPU needs, and only its install script, which fetches more for NVIDIA cards, wants a network",
  },
  {
    name: "blocked operators",
    look: lookAtBlocks,
    hint: "training does without them; see what is said of ONNX Runtime above",
  },
  { name: "sharp", look: lookAtSharp, hint: "install the packages again: npm ci, or npm install sharp@0.35.5" },
  {
    name: "SQLite",
    look: lookAtSqlite,
    hint: "npm install @photostructure/sqlite@1, or run Node 24; only index and search need it",
  },
  { name: "bundled model", look: lookAtModel, hint: "install the package again: a part of it is missing" },
  { name: "cache folder", look: lookAtCache, hint: "name a folder that may be written to in ONNX_GRAFT_CACHE" },
];

async function lookAtNode(): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const old = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  const found = `${process.version} on ${process.platform} ${process.arch}, ${availableParallelism()} cores, ${Math.round(totalmem() / 1e9)} GB`;
  if (old)
    throw new ToolkitError("E_RUNTIME", `Cannot run on ${found}: expected Node ${OLDEST_NODE.join(".")} or newer`);
  return Promise.resolve(found);
}

/** Runs y = x + x. */
async function lookAtRuntime(): Promise<string> {
  const b = new GraphBuilder(operators);
  const x = b.input("x", "float32", [2]);
  const y = b.op("Add", [x, x], {}, { outputs: ["y"] });
  const model = encodeModel({ graph: b.build([y]), opsets: new Map([["", 17]]), metadata: new Map() });
  const session = await nodeRuntime.load(model, { threads: 1 });
  try {
    const out = await session.run({ feeds: new Map([["x", float32([2], Float32Array.of(1, 2))]]), fetch: ["y"] });
    const values = [...(out.get("y")?.data ?? [])].join(", ");
    if (values !== "2, 4") throw new ToolkitError("E_RUN", `Cannot compute: [1, 2] + [1, 2] came out as [${values}]`);
    return "computes";
  } finally {
    await session.release();
  }
}

/** Where there are none, everything works, and training takes longer. */
async function lookAtBlocks(): Promise<string> {
  const blockSize = await learnBlockSize(nodeRuntime);
  if (blockSize > 0) return `training computes in blocks of ${blockSize} channels`;
  const why = `ONNX Runtime has none for this processor (${process.arch}), or they failed the self-test`;
  return `not used, ${why}: training is slower in plain ones, which spread out each picture as a matrix before they convolve it`;
}

async function lookAtSharp(): Promise<string> {
  const { default: sharp } = await import("sharp");
  const white = { width: 2, height: 2, data: new Uint8Array(12).fill(255) };
  const { data } = await sharpDecoder().decode(await encodePng(white));
  if (data[0] !== 255)
    throw new ToolkitError("E_IMAGE_DECODE", "Cannot decode: a white picture came out in another colour");
  return `${sharp.versions.sharp} with libvips ${sharp.versions.vips}, decodes`;
}

async function lookAtSqlite(): Promise<string> {
  const Database = await loadSqlite();
  const database = new Database(":memory:", { readOnly: false });
  const row = database.prepare("SELECT sqlite_version() AS version").get();
  database.close();
  return String(row?.["version"]);
}

async function lookAtModel(): Promise<string> {
  const { path } = await resolveModel("bundled", { cacheFolder: cacheFolder(), offline: true });
  await access(path, constants.R_OK);
  return path;
}

async function lookAtCache(): Promise<string> {
  const folder = cacheFolder();
  const probe = join(folder, `.probe-${process.pid}`);
  await mkdir(folder, { recursive: true });
  await writeFile(probe, "");
  await rm(probe);
  return folder;
}
