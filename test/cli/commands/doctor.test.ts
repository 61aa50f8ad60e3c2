import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { decodeModel } from "../../../toolkit/onnx/decode.ts";
import { encodeModel } from "../../../toolkit/onnx/encode.ts";
import { fixture } from "../../support/fixtures.ts";
import { writeToyPhotos } from "../../support/toy-photos.ts";
import { jsonLines, PROGRAM, runHere, runProgram, temporaryFolder } from "../cli-case.ts";

const NAMES = [
  "file",
  "head",
  "operators",
  "BatchNorm",
  "gradients",
  "gradient norms",
  "loss at start",
  "one batch",
  "baseline",
];
const RESNET = fixture("resnet18-width8/bn.onnx");

describe("cli/commands/doctor", () => {
  const path = temporaryFolder();

  /** The ResNet with something else in the place of some bytes. */
  async function spoilt(name: string, spoil: (bytes: Uint8Array) => Uint8Array): Promise<string> {
    const file = path(name);
    await writeFile(file, spoil(new Uint8Array(await readFile(RESNET))));
    return file;
  }

  it("its help says what it does with a model and without", async () => {
    const { code, stdout } = await runHere(["doctor", "--help"]);
    assert.equal(code, 0);
    assert.match(stdout, /onnx-graft doctor \[options\] \[model\] \[data\]/);
    for (const flag of ["--head", "--features", "--size", "--classes", "--seed", "--json"])
      assert.ok(stdout.includes(flag), flag);
  });

  for (const [words, message] of [
    [["doctor", "--size", "64"], "Cannot use --size without a model: expected doctor MODEL"],
    [["doctor", RESNET, "--size", "8"], 'Cannot use --size "8": expected a whole number of 16 or more'],
    [["doctor", RESNET, "--clases", "3"], 'unknown option "--clases"'],
    [["doctor", RESNET, "--classes", "1"], 'Cannot use --classes "1": expected a whole number of 2 or more'],
  ] as const) {
    it(`is wrong usage: ${message}`, async () => {
      const { code, stdout, stderr } = await runHere(words);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.ok(stderr.startsWith("error[E_USAGE]: ") && stderr.includes(message), stderr);
    });
  }

  it("a file that is no model, one cut off, and none at all fail with their code", async () => {
    const cases = [
      [path("nothing.onnx"), /^error\[E_MODEL_/],
      [await spoilt("cut.onnx", (bytes) => bytes.slice(0, 5000)), /^error\[E_MODEL_/],
      [await spoilt("text.onnx", () => new TextEncoder().encode("hello, this is no model")), /^error\[E_MODEL_/],
    ] as const;
    for (const [file, expected] of cases) {
      const { code, stdout, stderr } = await runHere(["doctor", file]);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, expected);
      assert.match(stderr, /^hint: /m);
    }
  });

  it("an operator that is not supported, and a head that is not there, are checks that failed", async () => {
    const model = decodeModel(new Uint8Array(await readFile(RESNET)));
    const nodes = model.graph.nodes.map((n) => (n.op === "Relu" ? { ...n, op: "Gulp", domain: "my.domain" } : n));
    const opsets = new Map([...model.opsets, ["my.domain", 1]]);
    await writeFile(path("foreign.onnx"), encodeModel({ ...model, opsets, graph: { ...model.graph, nodes } }));
    const foreign = await runHere(["doctor", path("foreign.onnx"), "--json"]);
    assert.equal(foreign.code, 1);
    const [document, ...others] = jsonLines(foreign.stdout);
    assert.deepEqual([document?.["ok"], others.length], [false, 0]);
    const headless = await runHere(["doctor", RESNET, "--head", "conv1"]);
    assert.equal(headless.code, 1);
    assert.match(headless.stdout, /^ok {5} file: opset/m);
    assert.match(headless.stdout, /^FAILED {2}head: .*\n {8}\S/m);
    assert.match(headless.stderr, /cannot be trained as it is/);
  });

  it("checks a model end to end, on photos and without, as lines and as one JSON document", async function () {
    if (PROGRAM === undefined) this.skip();
    await writeToyPhotos(path("photos"), { train: 6, validation: 2 });
    const words = ["doctor", RESNET, "--size", "32"];
    const lines = await runProgram([...words, "--classes", "4"], { cwd: path() });
    assert.equal(lines.code, 0, lines.stderr);
    assert.deepEqual(
      [...lines.stdout.matchAll(/^ok {5} (.*?):/gm)].map((match) => match[1]),
      NAMES,
    );
    assert.match(lines.stdout, /log 4 = 1\.386/);
    assert.match(lines.stderr, /the model can be trained/);
    const json = await runProgram([...words, path("photos"), "--json", "--seed", "5"], { cwd: path() });
    assert.equal(json.code, 0, json.stderr);
    const [document, ...others] = jsonLines(json.stdout);
    assert.deepEqual([document?.["ok"], document?.["model"], others.length], [true, "bn.onnx", 0]);
    const checks = document?.["checks"] as readonly { name: string; status: string; facts: { classes?: number } }[];
    assert.deepEqual(
      checks.map(({ name }) => name),
      NAMES.toSpliced(4, 0, "inputs"),
    );
    assert.ok(checks.every(({ status }) => status === "ok"));
    assert.equal(checks.find(({ name }) => name === "loss at start")?.facts.classes, 3);
  });

  it("says without a model which blocks training computes in, and of each device whether it is there", async function () {
    if (PROGRAM === undefined) this.skip();
    // devices are tried
    this.timeout(200_000);
    const { code, stdout } = await runProgram(["doctor"], { cwd: path(), env: { ONNX_GRAFT_CACHE: path("cache") } });
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /^ok {5} blocked operators: (training computes in blocks of (8|16) channels$|not used, .* slower)/m,
    );
    for (const device of ["cuda", "webgpu", "dml", "coreml"])
      assert.match(stdout, new RegExp(`^(ok {5}|absent |FAULTY ) ${device}: \\S`, "m"));
    assert.match(stdout, /^ok {6}--device auto: computing on \S/m);
  });

  it("a network of zeros fails, with exit code 1", async function () {
    if (PROGRAM === undefined) this.skip();
    const { graph, ...model } = decodeModel(new Uint8Array(await readFile(RESNET)));
    const constants = new Map(
      [...graph.constants].map(([name, t]) =>
        t.dtype === "float32" ? [name, { ...t, data: new Float32Array(t.data.length) }] : [name, t],
      ),
    );
    await writeFile(path("dead.onnx"), encodeModel({ ...model, graph: { ...graph, constants } }));
    const { code, stdout } = await runProgram(["doctor", path("dead.onnx"), "--size", "32"], { cwd: path() });
    assert.equal(code, 1);
    assert.match(stdout, /^FAILED {2}one batch: /m);
  });
});
