import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../support/fixtures.ts";

interface Start {
  readonly missing: (root: string, compiled: string) => { install: boolean; build: boolean };
  readonly supports: (version: string) => boolean;
}

// plain JavaScript that is never compiled: it lies in the source tree only
const { missing, supports } = (await import(pathToFileURL(join(root, "recipes", "start.mjs")).href)) as Start;

let folder = "";

/** Writes files whose age in seconds is given. */
async function tree(
  files: Readonly<Record<string, number>>,
  content: (name: string) => string = () => "",
): Promise<void> {
  for (const [name, age] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content(name));
    const at = new Date(Date.now() - age * 1000);
    await utimes(path, at, at);
  }
}

const todo = (): { install: boolean; build: boolean } => missing(folder, join(folder, "dist/recipes/demo.js"));
const complete = {
  "package-lock.json": 40,
  "node_modules/.package-lock.json": 30,
  "toolkit/deep/a.ts": 20,
  "recipes/demo.mjs": 20,
  "dist/recipes/demo.js": 10,
};

describe("recipes/start", () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-start-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("missing() finds nothing to do where all is newer than what it is made of", async () => {
    await tree(complete);
    assert.deepEqual(todo(), { install: false, build: false });
  });

  it("missing() installs and compiles on a fresh clone", async () => {
    await tree({ "package-lock.json": 0, "toolkit/a.ts": 0 });
    assert.deepEqual(todo(), { install: true, build: true });
  });

  it("missing() installs and compiles where the lock is newer than what is installed", async () => {
    await tree({ ...complete, "package-lock.json": 5 });
    assert.deepEqual(todo(), { install: true, build: true });
  });

  it("missing() compiles where a source in any folder is newer than the compiled file", async () => {
    for (const source of ["toolkit/deep/a.ts", "models/b.ts", "toolkit/search/q.peggy", "build.mjs"]) {
      await tree({ ...complete, [source]: 5 });
      assert.deepEqual(todo(), { install: false, build: true }, source);
      await rm(join(folder, source));
    }
  });

  it("missing() does not mind newer files that are no sources", async () => {
    await tree({ ...complete, "models/bundled/README.md": 5, "test/fixtures/a.onnx": 5 });
    assert.deepEqual(todo(), { install: false, build: false });
  });

  it("supports() knows the oldest Node", () => {
    assert.deepEqual(["18.20.8", "20.18.3", "20.19.0", "22.1.0"].map(supports), [false, false, true, true]);
  });

  /** Runs recipes/demo.mjs in a small project whose build.mjs copies a recipe to dist/. */
  async function runIn(
    recipe: string,
    args: readonly string[] = [],
  ): Promise<{ status: number | null; stdout: string; stderr: string }> {
    const build = `import { mkdirSync, writeFileSync } from "node:fs";
      console.log("built with " + process.argv.slice(2));
      mkdirSync("dist/recipes", { recursive: true });
      writeFileSync("dist/recipes/demo.js", ${JSON.stringify(recipe)});`;
    const contents: Record<string, string> = { "build.mjs": build, "package.json": '{ "type": "module" }' };
    await tree({ "package-lock.json": 0, "package.json": 0, "build.mjs": 0 }, (name) => contents[name] ?? "");
    await mkdir(join(folder, "recipes"));
    for (const name of ["start.mjs", "demo.mjs"]) await cp(join(root, "recipes", name), join(folder, "recipes", name));
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "recipes", "demo.mjs"), ...args], {
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  }

  it("start() says that it installs and compiles, does it, and hands the arguments on", async () => {
    const { status, stdout } = await runIn("export const main = (args) => console.log('got ' + args.join('|'));", [
      "a b",
      "--model",
      "x",
    ]);
    assert.equal(status, 0);
    assert.match(stdout, /^Installing .*\nCompiling .*\nbuilt with --install\ngot a b\|--model\|x\n$/);
  });

  it("start() turns an error with a code into one line, a hint and exit code 1", async () => {
    const { status, stderr } = await runIn(
      "export const main = () => { throw Object.assign(new Error('Cannot x'), { code: 'E_X', hint: 'do y' }); };",
    );
    assert.equal(status, 1);
    assert.equal(stderr, "error[E_X]: Cannot x\nhint: do y\n");
  });

  it("start() exits with 2 on wrong usage and with 1 on a fault", async () => {
    const usage = await runIn(
      "export const main = () => { throw Object.assign(new Error('Unknown option'), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' }); };",
    );
    assert.deepEqual([usage.status, usage.stderr], [2, "error: Unknown option\n"]);
    await rm(folder, { recursive: true });
    const fault = await runIn("export const main = () => { throw new TypeError('oh'); };");
    assert.equal(fault.status, 1);
    assert.match(fault.stderr, /TypeError: oh/);
  });
});
