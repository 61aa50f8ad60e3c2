import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formulationNames } from "../../toolkit/lowering/formulations.ts";
import { machineBlockSize } from "../support/blocked.ts";
import { fixture, readJson, readTensor } from "../support/fixtures.ts";
import type { GoldenTensor } from "../support/fixtures.ts";

const from = fixture("goldens/operators");

interface Stored {
  readonly gradients: Record<string, GoldenTensor>;
}

interface Ran {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly errors: string;
}

/** The command as npm starts it, in a process of its own: compiled where this test is. */
function runGoldens(...args: readonly string[]): Ran {
  const source = import.meta.url.endsWith(".ts");
  const script = fileURLToPath(new URL(`run.${source ? "ts" : "js"}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...(source ? ["--import=tsx"] : []), script, ...args],
    { encoding: "utf8" },
  );
  return { status, lines: stdout.trimEnd().split("\n"), errors: stderr };
}

describe("goldens/run", () => {
  let folder = "";
  const copy = (name: string, into = name): void => {
    for (const ending of ["onnx", "json"]) cpSync(join(from, `${name}.${ending}`), join(folder, `${into}.${ending}`));
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "goldens-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("counts what passes, folders below included", () => {
    mkdirSync(join(folder, "below"));
    copy("relu");
    copy("gemm_plain", "below/gemm");
    const { status, lines } = runGoldens(folder);
    assert.deepEqual(lines, ["2 passed, 0 failed"]);
    assert.equal(status, 0);
  });

  it("runs in blocked operators too what they serve, and forces their formulations", async function () {
    const block = await machineBlockSize();
    if (block === 0) this.skip();
    copy("../blocked/relu", "net");
    copy("relu");
    const { status, lines } = runGoldens(folder);
    assert.deepEqual(lines, [`1 of them in blocks of ${block} channels too`, "2 passed, 0 failed"]);
    assert.equal(status, 0);
    const forced = runGoldens(folder, "--form", "relu-steep-slope-blocked");
    assert.deepEqual(forced.lines, ["relu-steep-slope-blocked served 1 case", "1 passed, 0 failed"]);
  });

  it("names the case and the tensor of a corrupted value on one line", () => {
    copy("relu");
    copy("gemm_plain");
    const golden = readJson<Stored>(join(folder, "gemm_plain.json"));
    const w = golden.gradients["w"] as GoldenTensor;
    const { data } = readTensor(w);
    data[0] = Number(data[0]) * 1.01;
    golden.gradients["w"] = {
      ...w,
      data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
    };
    writeFileSync(join(folder, "gemm_plain.json"), JSON.stringify(golden));
    const { status, lines } = runGoldens(folder);
    assert.equal(status, 1);
    assert.equal(lines.length, 2);
    assert.match(
      lines[0] ?? "",
      /^failed gemm_plain: gradient of "w" differs by \d\.\d+e-[34] of its norm, allowed is 0\.0001$/,
    );
    assert.equal(lines[1], "1 passed, 1 failed");
  });

  it("goes on behind broken files, each with a line and a code", () => {
    copy("relu");
    copy("relu", "damaged");
    writeFileSync(join(folder, "damaged.onnx"), "not a model");
    copy("relu", "model-missing");
    rmSync(join(folder, "model-missing.onnx"));
    copy("relu", "text");
    writeFileSync(join(folder, "text.json"), "{");
    copy("relu", "unknown-loss");
    writeFileSync(
      join(folder, "unknown-loss.json"),
      JSON.stringify({ ...readJson<Stored>(join(folder, "relu.json")), loss: "l3" }),
    );
    copy("relu", "unknown-name");
    const golden = readJson<Stored>(join(folder, "relu.json"));
    const gradients = { ...golden.gradients, nobody: golden.gradients["x"] };
    writeFileSync(join(folder, "unknown-name.json"), JSON.stringify({ ...golden, gradients }));
    writeFileSync(join(folder, "losses.json"), "[");
    const { status, lines } = runGoldens(folder);
    assert.equal(status, 1);
    assert.deepEqual(
      lines.map((line) => /^failed ([\w-]+): error\[(\w+)\]/.exec(line)?.slice(1).join(" ") ?? line),
      [
        "damaged E_MODEL_NOT_ONNX",
        "losses E_DATA_FORMAT",
        "model-missing E_MODEL_NOT_FOUND",
        "text E_DATA_FORMAT",
        "unknown-loss E_DATA_FORMAT",
        "unknown-name E_NO_VALUE",
        "1 passed, 6 failed",
      ],
    );
  });

  it("says which files it passes over", () => {
    copy("relu");
    cpSync(join(from, "tanh.onnx"), join(folder, "alone.onnx"));
    writeFileSync(join(folder, "settings.json"), "{}");
    mkdirSync(join(folder, "runs"));
    for (const name of ["inputs", "last-stage"]) writeFileSync(join(folder, "runs", `${name}.json`), "{}");
    const { status, lines } = runGoldens(folder);
    assert.deepEqual(lines, [
      "skipped alone.onnx: no JSON file beside it",
      "skipped runs/inputs.json: the training runs beside it are compared in test/train/resnet18-goldens.test.ts",
      "skipped settings.json: no case",
      "1 passed, 0 failed",
    ]);
    assert.equal(status, 0);
  });

  it("--form prints how many cases the formulation served, and runs no others", () => {
    copy("relu");
    copy("maxpool_2x2");
    copy("gemm_plain");
    const { status, lines } = runGoldens(folder, "--form", "relu-comparison");
    assert.deepEqual(lines, ["relu-comparison served 1 case", "1 passed, 0 failed"]);
    assert.equal(status, 0);
  });

  it("--form fails where the formulation serves no case", () => {
    copy("gemm_plain");
    const { status, lines } = runGoldens("--form=max-pool-scatter", folder);
    assert.deepEqual(lines, ["max-pool-scatter served 0 cases", "0 passed, 1 failed"]);
    assert.equal(status, 1);
  });

  it("--form names case and formulation where a value differs, and counts broken files", () => {
    copy("relu");
    const golden = readJson<Stored>(join(folder, "relu.json"));
    const x = golden.gradients["x"] as GoldenTensor;
    const data = Buffer.from(x.data, "base64").fill(0).toString("base64");
    writeFileSync(join(folder, "relu.json"), JSON.stringify({ ...golden, gradients: { x: { ...x, data } } }));
    writeFileSync(join(folder, "losses.json"), "[");
    const { status, lines } = runGoldens(folder, "--form", "relu-steep-slope");
    assert.equal(status, 1);
    assert.match(lines[0] ?? "", /^failed losses with relu-steep-slope: error\[E_DATA_FORMAT\]/);
    assert.match(lines[1] ?? "", /^failed relu with relu-steep-slope: gradient of "x" reaches/);
    assert.deepEqual(lines.slice(2), ["relu-steep-slope served 0 cases, 2 failed", "0 passed, 2 failed"]);
  });

  it("--all-forms forces every formulation, one by one", () => {
    copy("relu");
    const { status, lines } = runGoldens(folder, "--all-forms");
    const served = lines.slice(0, -1).map((line) => /^(\S+) served (\d+) cases?$/.exec(line)?.slice(1));
    assert.deepEqual(
      served.map((match) => match?.[0]),
      formulationNames(),
    );
    assert.deepEqual(
      served.filter((match) => match?.[1] !== "0"),
      [
        ["relu-steep-slope", "1"],
        ["relu-comparison", "1"],
      ],
    );
    assert.equal(lines.at(-1), `2 passed, ${formulationNames().length - 2} failed`);
    assert.equal(status, 1);
  });

  it("--form with an unknown name lists the names", () => {
    copy("relu");
    const { status, errors } = runGoldens(folder, "--form", "relu-comparisons");
    assert.equal(status, 2);
    assert.match(errors, /^error\[E_USAGE\]: there is no formulation "relu-comparisons"; they are\n/);
    for (const name of formulationNames()) assert.ok(errors.includes(`\n  ${name}\n`), name);
    for (const args of [["--form"], ["--form", "relu-comparison", "--all-forms"], ["--forms"]]) {
      assert.equal(runGoldens(folder, ...args).status, 2, args.join(" "));
    }
  });

  it("refuses a folder without cases, one that is not there, and wrong usage", () => {
    const empty = runGoldens(folder);
    assert.equal(empty.status, 1);
    assert.match(
      empty.errors,
      /^error\[E_DATA_EMPTY\]: Cannot find a case in ".*": expected NAME\.onnx with NAME\.json\nhint: /,
    );
    const absent = runGoldens(join(folder, "absent"));
    assert.equal(absent.status, 1);
    assert.match(absent.errors, /^error\[E_DATA_NOT_FOUND\]: Cannot find the folder/);
    assert.equal(runGoldens().status, 2);
    assert.equal(runGoldens(folder, folder).status, 2);
    assert.match(runGoldens().errors, /usage: npm run goldens -- DIR/);
  });
});
