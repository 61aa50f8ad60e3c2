import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { fixture } from "../../support/fixtures.ts";
import { writeToyPhotos } from "../../support/toy-photos.ts";
import { jsonLines, PROGRAM, runHere, runProgram, temporaryFolder } from "../cli-case.ts";

const MODEL = fixture("resnet18-width8/folded.onnx");
const SMALL = ["--model", MODEL, "--size", "32", "--threads", "1", "--crop-scale", "0.5"];
const CUT = "/layer3/layer3.1/relu_1/Relu_output_0";

describe("cli, training a part of the network", () => {
  const at = temporaryFolder();
  before(async function () {
    if (PROGRAM === undefined) this.skip(); // ONNX Runtime's thread needs compiled files
    await writeToyPhotos(at("photos"), { train: 10, validation: 5 });
  });

  const words = (...more: readonly string[]): readonly string[] => [
    "train",
    at("photos"),
    ...SMALL,
    ..."--mode partial --train-from layer4 --views 2 --rate 0.02 --batch-norm batch --json --cache".split(" "),
    at("cache"),
    ...more,
  ];

  it("inspect lists where to cut, train cuts there, and the file that it writes scores as training did", async () => {
    const [found] = jsonLines((await runHere(["inspect", MODEL, "--size", "32", "--json"])).stdout);
    const cuts = found?.["cuts"] as { value: string; unfreeze: number | null; parameterShare: number }[];
    assert.deepEqual(
      cuts.flatMap((c) => (c.unfreeze === 1 ? c.value : [])),
      [CUT],
    );
    const ended = await runHere(words("--epochs", "16", "--out", at("run")));
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, new RegExp(`frozen up to "${CUT}" \\[N,32,2,2\\]`));
    assert.match(
      ended.stderr,
      /activations of 30 photos in 2 views each and 15 to validate take 39 kB in memory and the/,
    );
    const result = jsonLines(ended.stdout).at(-1);
    assert.ok(Number(result?.["top1"]) >= 0.9, `accuracy ${String(result?.["top1"])}`);
    const [measured] = jsonLines((await runHere(["evaluate", at("run/model.onnx"), at("photos"), "--json"])).stdout);
    assert.equal(measured?.["top1"], result?.["top1"]);
  });

  it("Ctrl-C and --resume go on to the end, from activations that are there", async () => {
    const long = words("--epochs", "15", "--out", at("cut"), "--cache-memory", "0.00001");
    let stopped = false;
    const cut = await runProgram(long, {
      cwd: at(),
      watch(child, { stdout }) {
        if (stopped || !stdout.includes("\n")) return;
        stopped = child.kill("SIGINT");
      },
    });
    assert.equal(cut.code, 130, cut.stderr);
    assert.match(cut.stderr, /kB in the cache folder$/m);
    const rest = await runProgram([...long, "--resume"], { cwd: at() });
    assert.equal(rest.code, 0, rest.stderr);
    const epochs = [cut, rest].flatMap(({ stdout }) =>
      jsonLines(stdout).flatMap((line) => (line["type"] === "epoch" ? [line["epoch"]] : [])),
    );
    assert.deepEqual(
      epochs,
      Array.from({ length: 15 }, (_, i) => i + 1),
    );
    assert.ok((await readdir(at("cut"))).includes("model.onnx"));
  });

  it("names what was meant where a layer is not there, and what is wrong with the rest", async () => {
    const refused = async (more: readonly string[], message: RegExp, hint: RegExp): Promise<void> => {
      const { code, stderr } = await runHere(["train", at("photos"), ...SMALL, "--out", at("none"), ...more]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.match(stderr, hint);
    };
    await refused(["--train-from", "layer5"], /Cannot train from "layer5"/, /hint: did you mean "layer[1-4]"/);
    await refused(["--mode", "full", "--unfreeze", "1"], /unfreeze in mode "full"/, /hint: use --mode partial/);
    await refused(
      ["--mode", "partial", "--cache-memory", "0", "--cache-disk", "0"],
      /Cannot cache the activations/,
      /--cache-disk 0\.1/,
    );
  });

  it("cache list and clear count activations", async () => {
    const env = { ONNX_GRAFT_CACHE: at("cache") };
    const list = async (): Promise<unknown> =>
      jsonLines((await runProgram(["cache", "list", "--json"], { cwd: at(), env })).stdout)[0]?.["activations"];
    assert.notDeepEqual(await list(), { files: 0, bytes: 0 });
    assert.equal((await runProgram(["cache", "clear"], { cwd: at(), env })).code, 0);
    assert.deepEqual(await list(), { files: 0, bytes: 0 });
  });
});
