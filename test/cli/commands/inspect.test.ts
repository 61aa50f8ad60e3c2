import assert from "node:assert/strict";
import { fixture } from "../../support/fixtures.ts";
import { jsonLines, runHere } from "../cli-case.ts";

describe("cli/commands/inspect", () => {
  it("lists the layers of an architecture by its name, with output, parameters, multiply-adds and receptive field", async () => {
    const { code, stdout, stderr } = await runHere(["inspect", "two-layer-net"], { columns: 120 });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^two-layer-net: opset 17\n/);
    assert.match(stdout, /^layer +operator +output +parameters +mul-adds +sees/m);
    assert.match(stdout, /^fc1 +Gemm +1x500 +1,536,500 +1\.54 M +all$/m);
    assert.match(stdout, /^4 layers, 1,541,510 parameters, 1\.54 M multiply-adds a photo$/m);
    // 3072 numbers; of the layers 3072 + 500 + 500 + 10
    assert.match(stdout, /^memory: parameters 6\.2 MB; a photo 12\.3 kB, what the layers make of it 16\.3 kB, twice/m);
  });

  it("shows an architecture at the size asked for, and its receptive fields", async () => {
    const { stdout } = await runHere(["inspect", "small-cnn-bn", "--size", "20", "--json"]);
    const [found] = jsonLines(stdout);
    const layers = found?.["layers"] as readonly { operator: string; output: number[]; receptiveFieldPx: number }[];
    const convs = layers.filter(({ operator }) => operator === "Conv");
    // 3x3 each, and from the third on two pixels apart
    assert.deepEqual(
      convs.map(({ output, receptiveFieldPx }) => [output[2], receptiveFieldPx]),
      [
        [18, 3],
        [16, 5],
        [6, 10],
        [4, 14],
        [4, 18],
      ],
    );
    const totals = found?.["totals"] as { statistics: number } | undefined;
    assert.equal(totals?.statistics, 2 * (16 + 16 + 64 + 64 + 64));
  });

  it("shows a file of the same name rather than the architecture", async () => {
    const { stdout } = await runHere(["inspect", fixture("resnet18-width8/bn.onnx")]);
    assert.match(stdout, /BatchNorm: +has its nodes/);
    assert.match(stdout, /parameters and 1,200 running statistics/);
  });

  it("names the nearest of models and architectures", async () => {
    const { code, stderr } = await runHere(["inspect", "two-layer-nett"]);
    assert.equal(code, 1);
    assert.match(stderr, /E_MODEL_UNKNOWN[^]*did you mean two-layer-net\?/);
  });
});
