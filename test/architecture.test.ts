import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import { root } from "./support/fixtures.ts";

/** Folders and files from the lowest layer up: each imports only what stands in a row before its own. The same table stands in ARCHITECTURE.md. */
const layers: readonly (readonly string[])[] = [
  ["toolkit/errors", "toolkit/nearest-names", "toolkit/version"],
  ["toolkit/unknown-name"],
  ["toolkit/graph", "toolkit/schedules"],
  ["toolkit/onnx", "toolkit/operators", "toolkit/images", "toolkit/runtime"],
  ["toolkit/passes", "toolkit/autodiff", "toolkit/lowering", "toolkit/losses", "toolkit/optimizers", "toolkit/data"],
  ["toolkit/train", "toolkit/export", "toolkit/report", "toolkit/search", "toolkit/explain"],
  ["toolkit/label"],
  ["toolkit/fine-tune", "toolkit/library", "models"],
  ["toolkit/sweep"],
  ["toolkit/index"],
  ["toolkit/node", "toolkit/web"],
  ["recipes", "cli"],
];

/** Folders that an installation or a run makes, and git ignores. */
const untracked = new Set(["node_modules", "dist", "runs", "demo", "coverage"]);

const topLevelFolders = ["toolkit", "models", "recipes", "cli", "test"];

/** Packages that only some places may import; any other place goes through those. */
const owners: readonly { readonly packages: RegExp; readonly places: RegExp }[] = [
  { packages: /^(protobufjs|.*\/schema\.js$)/, places: /^toolkit\/onnx\// },
  { packages: /^onnxruntime-/, places: /^toolkit\/runtime\// },
  {
    packages: /^sharp$/,
    places: /^(toolkit\/images\/sharp|toolkit\/report\/(picture|contact-sheet-png)|cli\/doctor-checks|recipes\/)/,
  },
  { packages: /^(node:sqlite|@photostructure\/sqlite)$/, places: /^toolkit\/search\/stores\/sqlite/ },
  { packages: /^(commander|cli-progress|cli-table3)$/, places: /^cli\// },
];

/** What a toolkit that is handed its platform has no business with. */
const forbidden: readonly RegExp[] = [
  /\bconsole\s*\./,
  /\bprocess\s*\.\s*(exit|exitCode|stdout|stderr|argv)\b/,
  /\bDate\s*\.\s*now\b/,
  /\bnew Date\(\s*\)/,
  /\bMath\s*\.\s*random\b/,
  /\bperformance\s*\.\s*now\b/,
];

interface Import {
  readonly file: string;
  readonly line: string;
  /** A package or `node:` module as written; a path from the root for a file of the project. */
  readonly target: string;
  readonly typeOnly: boolean;
}

function sources(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith(".d.ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .toSorted();
}

/** Every import and re-export of a file, `import()` included, with the line it begins on. */
function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const statement =
    /^(?:import|export)\b(?<clause>[^;"'`]*?)\bfrom\s*["'](?<from>[^"']+)["']|\bimport\(?\s*["'](?<called>[^"']+)["']/gm;
  return [...text.matchAll(statement)].map((match) => {
    const written = match.groups?.["from"] ?? match.groups?.["called"] ?? "";
    return {
      file,
      line: `${file}:${text.slice(0, match.index).split("\n").length}: ${match[0].replaceAll(/\s+/g, " ")}`,
      target: written.startsWith(".") ? posix.join(posix.dirname(file), written) : written,
      typeOnly: /^\s*type\b/.test(match.groups?.["clause"] ?? ""),
    };
  });
}

/** The lines of a file that are not comments. */
function codeLines(file: string): readonly { readonly code: string; readonly line: string }[] {
  return readFileSync(join(root, file), "utf8")
    .split("\n")
    .map((code, i) => ({ code, line: `${file}:${i + 1}: ${code.trim()}` }))
    .filter(({ code }) => !/^\s*(\/\/|\/?\*)/.test(code));
}

/** The row and the entry of the layer table that a file belongs to. */
function placeOf(file: string): { readonly layer: number; readonly name: string } | undefined {
  for (const [layer, names] of layers.entries()) {
    const name = names.find((n) => file.startsWith(`${n}/`) || file.replace(/\.[a-z]+$/, "") === n);
    if (name) return { layer, name };
  }
  return undefined;
}

const files = ["toolkit", "models", "recipes", "cli"].flatMap(sources);
const imports = files.flatMap(importsOf);

function isUpward({ file, target }: Import): boolean {
  const from = placeOf(file);
  const to = placeOf(target);
  return from !== undefined && to !== undefined && from.name !== to.name && to.layer >= from.layer;
}

/** The statements through which `entry` reaches a module that `isFound` names, types left out. */
function reaches(entry: string, isFound: (target: string) => boolean): readonly string[] {
  const seen = new Set([entry]);
  const lines: string[] = [];
  for (const file of seen) {
    for (const { target, line } of imports.filter((i) => i.file === file && !i.typeOnly)) {
      if (isFound(target)) lines.push(line);
      else if (target.endsWith(".ts")) seen.add(target);
    }
  }
  return lines;
}

describe("architecture", () => {
  it("has the top-level folders of the design and no other", () => {
    const tracked = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const folders = tracked.map((entry) => entry.name).filter((name) => !name.startsWith(".") && !untracked.has(name));
    assert.deepEqual(folders.toSorted(), topLevelFolders.toSorted());
  });

  it("every file has a layer", () => {
    assert.deepEqual(
      files.filter((file) => !placeOf(file)),
      [],
    );
  });

  it("imports only go down; two folders of one layer never import each other", () => {
    assert.deepEqual(
      imports.filter(isUpward).map((i) => i.line),
      [],
    );
  });

  it("tests alone import tests", () => {
    assert.deepEqual(
      imports.filter((i) => i.target.startsWith("test/")).map((i) => i.line),
      [],
    );
  });

  for (const { packages, places } of owners) {
    it(`only ${places.source.replaceAll("\\", "")} imports ${packages.source.replaceAll("\\", "")}`, () => {
      const wrong = imports.filter((i) => packages.test(i.target) && !places.test(i.file));
      assert.deepEqual(
        wrong.map((i) => i.line),
        [],
      );
    });
  }

  it("toolkit/index.ts and what it reaches runs anywhere: no node: module, no package of one platform", () => {
    const platform = /^(node:|sharp$|onnxruntime-node$|@photostructure)/;
    assert.deepEqual(
      reaches("toolkit/index.ts", (target) => platform.test(target)),
      [],
    );
  });

  it("toolkit/web.ts and what it reaches is a page's: nothing of Node's", () => {
    const platform = /^(node:|sharp$|onnxruntime-node$|@photostructure|toolkit\/node)/;
    assert.deepEqual(
      reaches("toolkit/web.ts", (target) => platform.test(target)),
      [],
    );
  });

  it("toolkit/node.ts reaches nothing of a page's", () => {
    const platform = /^(onnxruntime-web|toolkit\/(web|runtime\/web|search\/stores\/indexeddb))/;
    assert.deepEqual(
      reaches("toolkit/node.ts", (target) => platform.test(target)),
      [],
    );
  });

  it("the toolkit never prints, exits, reads the clock or Math.random outside node.ts", () => {
    // a process of its own has nobody who could hand it a clock
    const entries = new Set(["toolkit/node.ts", "toolkit/node/probe-process.ts"]);
    const lines = files
      .filter((file) => file.startsWith("toolkit/") && !entries.has(file))
      .flatMap((file) => codeLines(file).filter(({ code }) => forbidden.some((pattern) => pattern.test(code))))
      .map(({ line }) => line);
    assert.deepEqual(lines, []);
  });

  it("finds an import that goes up, and one between folders of a layer", () => {
    const made = (file: string, target: string): Import => ({ file, line: "", target, typeOnly: true });
    assert.ok(isUpward(made("toolkit/graph/ir.ts", "toolkit/onnx/decode.ts")));
    assert.ok(isUpward(made("toolkit/passes/cut.ts", "toolkit/lowering/lower.ts")));
    assert.ok(!isUpward(made("toolkit/passes/cut.ts", "toolkit/passes/normalise/walk.ts")));
    assert.ok(!isUpward(made("toolkit/passes/cut.ts", "toolkit/operators/index.ts")));
  });
});
