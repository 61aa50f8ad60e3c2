import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { PassThrough } from "node:stream";
import { parseCommandLine } from "../cli/program.ts";
import { commands } from "../cli/commands.ts";
import { flagOf } from "../cli/command.ts";
import type { OptionSpec } from "../cli/command.ts";
import { cards } from "../models/cards.ts";
import { fillUniform } from "../toolkit/graph/random.ts";
import { encodeModel } from "../toolkit/onnx/encode.ts";
import { readModelFile } from "../toolkit/onnx/read-file.ts";
import { parseQuery } from "../toolkit/search/query.ts";
import { fixture, root } from "./support/fixtures.ts";

const run = promisify(execFile);

const readme = await readFile(join(root, "README.md"), "utf8");

function blocks(language: string): readonly string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((match) => match[1] ?? "");
}

/** Photos of two classes that a network can tell apart: noise on red, and noise on blue. */
async function writePhotos(folder: string, count: number): Promise<void> {
  for (const [k, name] of ["cats", "dogs"].entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 1; i <= count; i++) {
      const width = 96;
      const noise = fillUniform(width * width * 3, i, k);
      const pixels = Uint8Array.from(noise, (v, at) => v * 100 + (at % 3 === k * 2 ? 150 : 0));
      const photo = sharp(pixels, { raw: { width, height: width, channels: 3 } });
      await photo.jpeg().toFile(join(folder, name, `${i}.jpg`));
    }
  }
}

/** The small ResNet with an operator of ONNX Runtime's own for Relu. */
async function quickGeluModel(): Promise<Uint8Array> {
  const { graph, opsets, metadata } = await readModelFile(fixture("resnet18-width8/folded.onnx"));
  const attrs = { alpha: { float: 1.702 } };
  const nodes = graph.nodes.map((node) =>
    node.op === "Relu" ? { ...node, op: "QuickGelu", domain: "com.microsoft", attrs } : node,
  );
  return encodeModel({ graph: { ...graph, nodes }, opsets: new Map([...opsets, ["com.microsoft", 1]]), metadata });
}

function written(key: string, spec: OptionSpec): string {
  return spec.type === "boolean" && spec.default === true ? flagOf(key).replace("--", "--no-") : flagOf(key);
}

/** The text under a heading, up to the next one. */
function section(heading: string): string {
  const start = readme.indexOf(`${heading}\n`) + heading.length;
  return readme.slice(start, readme.indexOf("\n#", start));
}

describe("README.md", () => {
  const isOfPage = (text: string): boolean => text.includes('from "onnx-graft/web"');
  const examples = blocks("ts").filter((text) => !isOfPage(text));
  const ofPages = blocks("ts").filter(isOfPage);
  let folder = "";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-readme-"));
    await writePhotos(join(folder, "photos"), 8);
    // a file goes before a card of its name: this one is as quick as its 8 channels are few
    await copyFile(fixture("resnet18-width8/folded.onnx"), join(folder, "resnet18"));
    await writeFile(join(folder, "quick-gelu.onnx"), await quickGeluModel());
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("has examples of the library", () => {
    assert.ok(examples.length >= 5);
    assert.deepEqual(
      [...examples, ...ofPages].filter((text) => !/ from "onnx-graft(\/web)?";/.test(text)),
      [],
    );
  });

  it("its examples have the right types", async () => {
    // inside the project, so that the compiler finds it and its packages
    await mkdir(join(root, ".build"), { recursive: true });
    const typed = await mkdtemp(join(root, ".build", "readme-"));
    try {
      const all = [...examples, ...ofPages];
      const files = all.map((_, i) => join(typed, `example-${i + 1}.ts`));
      await Promise.all(files.map((file, i) => writeFile(file, all[i] ?? "")));
      const compilerOptions = {
        noEmit: true,
        paths: {
          "onnx-graft": [join(root, "toolkit", "node.ts")],
          "onnx-graft/web": [join(root, "toolkit", "web.ts")],
        },
        isolatedDeclarations: false,
        // what TypeScript does where nobody asks for more
        noUncheckedIndexedAccess: false,
      };
      const config = join(typed, "tsconfig.json");
      await writeFile(
        config,
        JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, files, include: [] }),
      );
      const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
      const { stdout } = await run(process.execPath, [compiler, "-p", config]).catch(
        (error: { stdout: string }) => error,
      );
      assert.equal(stdout, "");
    } finally {
      await rm(typed, { recursive: true, force: true });
    }
  });

  for (const [i, text] of examples.entries()) {
    it(`runs its example ${i + 1}: ${text.match(/^import .*$/m)?.[0].slice(0, 60)} ...`, async function () {
      // a session lives in a thread, and threads load compiled files only
      if (import.meta.url.endsWith(".ts")) this.skip();
      const entry = new URL("../toolkit/node.js", import.meta.url).href;
      const file = join(folder, `example-${i + 1}.mjs`);
      await writeFile(file, text.replaceAll(' from "onnx-graft";', ` from ${JSON.stringify(entry)};`));
      const env = { ...process.env, ONNX_GRAFT_CACHE: join(folder, "cache"), ONNX_GRAFT_OFFLINE: "1" };
      const { stdout } = await run(process.execPath, [file], { cwd: folder, env });
      assert.notEqual(stdout, "");
    });
  }

  it("names every model that can be asked for, and none that cannot", () => {
    const table = section("### Which model");
    const named = [...table.matchAll(/^\| (`[^|]*`) +\|/gm)].flatMap((row) =>
      [...(row[1] ?? "").matchAll(/`([^`]+)`/g)].map((name) => name[1]),
    );
    assert.deepEqual(
      named,
      cards.map((card) => card.name),
    );
  });

  it("shows training options that are taken as they stand there", () => {
    const shown = [...section("### Losses, optimizers, schedules").matchAll(/`(--[^`]+)`/g)].map((m) => m[1] ?? "");
    assert.ok(shown.length >= 10);
    for (const text of shown) {
      const words = ["train", "photos", ...text.split(" ")];
      assert.ok(parseCommandLine(words, { commands, stdout: new PassThrough(), columns: 80 }), text);
    }
  });

  it("uses commands and options that exist", () => {
    const lines = blocks("sh").flatMap((text) => text.match(/^npx onnx-graft .*$/gm) ?? []);
    assert.ok(lines.length >= 6);
    for (const line of lines) {
      const words = line
        .replaceAll(/"[^"]*"/g, "TEXT")
        .split(" ")
        .slice(2);
      const command = commands.find(({ name }) => name === words[0] || name === words.slice(0, 2).join(" "));
      assert.ok(command, line);
      const known = new Set(Object.entries(command.options).map(([key, spec]) => written(key, spec)));
      const wrong = words.filter((word) => word.startsWith("--") && !known.has(word));
      assert.deepEqual(wrong, [], line);
    }
  });

  it("mentions no option that no command has", () => {
    const known = new Set(commands.flatMap(({ options }) => Object.keys(options).map(flagOf)));
    const others = new Set(["--help"]);
    const mentioned = [...readme.matchAll(/`(--[a-z][a-z0-9-]*)[^`]*`/g)].map((match) => match[1] ?? "");
    assert.deepEqual(
      mentioned.filter((flag) => !known.has(flag) && !others.has(flag)),
      [],
    );
  });

  it("shows queries that can be asked", () => {
    const table = readme.slice(readme.indexOf("## Searching"), readme.indexOf("## As a library"));
    const queries = [...table.matchAll(/^\| (`[^|]*`) +\|/gm)].flatMap((row) =>
      [...(row[1] ?? "").matchAll(/`([^`]+)`/g)].map((query) => query[1] ?? ""),
    );
    assert.ok(queries.length >= 10);
    for (const query of queries) assert.ok(parseQuery(query), query);
  });

  it("its links lead to files", async () => {
    for (const [, path = ""] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      assert.ok(await readFile(join(root, path)), path);
    }
  });
});
