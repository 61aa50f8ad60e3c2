import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../support/fixtures.ts";
import { openSide } from "./side.ts";
import type { Side } from "./side.ts";

/** TensorFlow.js as it installs without downloads outside of npm: its WebAssembly backend, one thread. */
export interface Tfjs {
  /** Holds its packages in node_modules/. */
  readonly folder: string;
  /** Starts peers/tfjs.mjs. */
  open(): Promise<Side>;
  remove(): void;
}

const VERSION = "4.22.0";
const PACKAGES = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"].map((name) => `${name}@${VERSION}`);
/** Nothing of the project's changes, and a registry that does not answer is given up soon. */
const FLAGS = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"];
const TIMEOUT_MS = 300_000;

/**
 * Installs TensorFlow.js into a folder of its own, which the caller removes.
 * @throws where it cannot be installed, with npm's own words
 */
export function installTfjs(flags: readonly string[] = []): Tfjs {
  const folder = mkdtempSync(join(tmpdir(), "onnx-graft-bench-tfjs-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const words = ["install", "--prefix", folder, "--loglevel=error", ...FLAGS, ...flags, ...PACKAGES];
  const { status, stderr, error } = spawnSync("npm", words, {
    cwd: folder,
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    remove();
    throw new Error(`Cannot install ${PACKAGES.join(" and ")}: ${error?.message ?? reason(stderr)}`);
  }
  return { folder, open: () => openSide(process.execPath, [join(root, "test/bench/peers/tfjs.mjs"), folder]), remove };
}

/** The line of npm's that says what happened. */
function reason(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.startsWith("npm error "));
  const said = lines.find((line) => !/^npm error (code|errno|syscall|path) /.test(line));
  return said?.slice("npm error ".length) ?? "npm failed";
}
