import assert from "node:assert/strict";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../toolkit/version.ts";
import { readJson, root } from "./support/fixtures.ts";

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = readJson<Manifest>(join(root, "package.json"));
const lock = readJson<{ readonly packages: Readonly<Record<string, LockEntry>> }>(join(root, "package-lock.json"));
const installed = Object.entries(lock.packages).filter(([path, entry]) => path !== "" && !entry.link);

describe("package.json", () => {
  it("has the version that the toolkit reports", () => {
    assert.equal(VERSION, manifest.version);
  });

  it("names every dependency by one exact version", () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    assert.deepEqual(loose, [["onnx-graft", "file:."]]);
  });

  it("ships every file that `exports` and `bin` name", () => {
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target),
    );
    const left = [...targets, ...Object.values(manifest.bin)]
      .map((path) => path.replace(/^\.\//, ""))
      .filter((path) => path !== "package.json" && !manifest.files.some((shipped) => path.startsWith(`${shipped}/`)));
    assert.deepEqual(left, []);
  });

  it("has a source behind every built file that it names", () => {
    const built = [...Object.values(manifest.exports), ...Object.values(manifest.bin)]
      .flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)))
      .filter((path) => /^(\.\/)?dist\//.test(path));
    assert.ok(built.length > 0);
    const sources = built.map((path) => path.replace(/^(\.\/)?dist\//, "").replace(/(\.d\.ts|\.js)$/, ".ts"));
    assert.deepEqual(
      sources.filter((path) => !existsSync(join(root, path))),
      [],
    );
  });

  it("has a command that can be run after a build", function () {
    const path = join(root, manifest.bin["onnx-graft"] ?? "");
    // tests that run from their sources say nothing about a build
    if (import.meta.url.endsWith(".ts") || !import.meta.url.includes("/dist/test/")) this.skip();
    accessSync(path, process.platform === "win32" ? constants.R_OK : constants.X_OK);
    assert.match(readFileSync(path, "utf8"), /^#!\/usr\/bin\/env node\n/);
  });
});

describe("package-lock.json", () => {
  it("has a digest for every package but those of other platforms", () => {
    // .ci/complete-lock.mjs says where entries without one come from
    const bare = installed.filter(([, entry]) => !entry.integrity && !(entry.optional && entry.os));
    assert.deepEqual(
      bare.map(([path]) => path),
      [],
    );
  });

  it("names no registry", () => {
    const named = installed.filter(
      ([, { resolved }]) => resolved && !resolved.startsWith("https://registry.npmjs.org/"),
    );
    assert.deepEqual(
      named.map(([path]) => path),
      [],
    );
  });

  it("has every optional package of every platform, so that npm ci finds it complete anywhere", () => {
    const missing = installed.flatMap(([path, entry]) =>
      Object.keys(entry.optionalDependencies ?? {}).filter(
        (name) => !lock.packages[`node_modules/${name}`] && !lock.packages[`${path}/node_modules/${name}`],
      ),
    );
    assert.deepEqual(missing, []);
  });
});
