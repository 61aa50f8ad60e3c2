// Starts a recipe on a fresh clone: installs and compiles what is missing, says so, and goes on.
// Plain JavaScript that imports only from Node, because it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const SOURCES = ["toolkit", "models", "recipes", "cli", "test", "package.json", "tsconfig.json", "build.mjs"];
const SOURCE_FILE = /\.(ts|mjs|proto|peggy)$/;

/**
 * Starts the recipe `name` with `args`: its module exports `main(args)`, and an error becomes one clear line.
 * @param {string} name
 * @param {readonly string[]} args
 */
export async function start(name, args) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  if (!supports(process.versions.node)) {
    fail(
      `error: Node ${process.versions.node} is too old`,
      "this project needs Node 20.19 or newer: https://nodejs.org",
    );
    return;
  }
  process.chdir(root);
  const recipe = join(root, "dist", "recipes", `${name}.js`);
  const todo = missing(root, recipe);
  if (todo.install) console.log("Installing packages from npm's registry: once, about a minute ...");
  if (todo.build) console.log("Compiling ...");
  if (todo.install || todo.build) {
    const { status } = spawnSync(process.execPath, ["build.mjs", "--install"], { stdio: "inherit" });
    if (status !== 0) {
      process.exitCode = status ?? 1;
      return;
    }
  }
  if (!existsSync(recipe)) {
    fail(`error: there is no recipe "${name}"`, `known recipes: ${recipes(root).join(", ")}`, 2);
    return;
  }
  try {
    const { main } = await import(pathToFileURL(recipe).href);
    await main(args);
  } catch (error) {
    report(error);
  }
}

/**
 * What must be done before a compiled file can run: packages, where the lock is newer than what is installed; the compiler, where
 * a source is newer than the file or anything is installed anew.
 * @param {string} root
 * @param {string} compiled
 * @returns {{ install: boolean, build: boolean }}
 */
export function missing(root, compiled) {
  const install = changedAt(join(root, "node_modules/.package-lock.json")) < changedAt(join(root, "package-lock.json"));
  const newest = Math.max(...SOURCES.map((name) => newestIn(join(root, name))));
  return { install, build: install || changedAt(compiled) < newest };
}

/**
 * Whether this version of Node runs the project.
 * @param {string} version
 */
export function supports(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}

/** Milliseconds; before everything for a file that is not there. */
function changedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : -Infinity;
}

function newestIn(path) {
  if (!existsSync(path)) return -Infinity;
  if (!statSync(path).isDirectory()) return changedAt(path);
  const entries = readdirSync(path, { withFileTypes: true }).filter((e) => e.isDirectory() || SOURCE_FILE.test(e.name));
  return Math.max(-Infinity, ...entries.map((e) => newestIn(join(path, e.name))));
}

function recipes(root) {
  return readdirSync(join(root, "dist", "recipes")).flatMap((name) =>
    name.endsWith(".js") ? [name.slice(0, -3)] : [],
  );
}

/** An error as one line, its code, and the way out. Wrong usage exits with 2, as the command line tool does. */
function report(error) {
  const { code, message, hint } = error instanceof Error ? error : { message: String(error) };
  if (code === undefined) {
    console.error(error);
    process.exitCode = 1;
  } else if (/^ERR_PARSE_ARGS|^E_USAGE/.test(code)) {
    fail(`error: ${message}`, hint, 2);
  } else {
    fail(`error[${code}]: ${message}`, hint);
  }
}

function fail(line, hint, status = 1) {
  console.error(line);
  if (hint) console.error(`hint: ${hint}`);
  process.exitCode = status;
}
