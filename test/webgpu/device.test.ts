import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseDevice } from "../../toolkit/node/choose-device.ts";
import type { ChosenDevice } from "../../toolkit/node/choose-device.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { placementsOf } from "../../toolkit/node/probe-device.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { encodeGraph } from "../../toolkit/train/encode-graph.ts";
import { describeWebgpu, webgpuEnvironment } from "../support/webgpu.ts";

/** On two busy cores shaders take long to be compiled. */
const LIMIT_SECONDS = 280;
const VARIABLES = ["VK_DRIVER_FILES", "XDG_RUNTIME_DIR"] as const;

describeWebgpu("webgpu/device", function () {
  this.timeout(300_000);
  let cacheFolder: string;
  const others = VARIABLES.map((name) => process.env[name]);
  before(async () => {
    cacheFolder = await mkdtemp(join(tmpdir(), "devices-"));
    // processes that try a device take the environment from this one
    const environment = webgpuEnvironment();
    for (const name of VARIABLES) process.env[name] = environment?.[name];
  });
  after(async () => {
    for (const [i, name] of VARIABLES.entries()) {
      if (others[i] === undefined) delete process.env[name];
      else process.env[name] = others[i];
    }
    await rm(cacheFolder, { recursive: true, force: true });
  });

  const choose = (limitSeconds: number): Promise<ChosenDevice> =>
    chooseDevice({ device: "webgpu", cacheFolder, limitSeconds });

  it("chooseDevice() tries WebGPU, whose numbers are right, need not try it again, and says what it leaves to the CPU", async () => {
    const { provider, text } = await choose(LIMIT_SECONDS);
    assert.deepEqual([provider, text], ["webgpu", "computing on webgpu, as asked"]);
    const step = join(cacheFolder, "graph.onnx");
    const b = new GraphBuilder(operators);
    const softly = b.op("Relu", [b.input("x", "float32", [2, 3])]);
    await writeFile(step, encodeGraph(b.build([b.op("Mod", [softly, softly], { fmod: 1 })])));
    const placed = await placementsOf({ device: "webgpu", model: step }, { limitSeconds: LIMIT_SECONDS });
    assert.deepEqual(placed.onCpu, { Mod: 1 });
    // nothing could be tried in this time
    assert.equal((await choose(0.001)).provider, "webgpu");
  });
});
