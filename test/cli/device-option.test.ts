import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { DEVICE_OPTION } from "../../cli/device-option.ts";
import { DEVICES } from "../../toolkit/runtime/device.ts";
import { fixture } from "../support/fixtures.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";
import { runHere, temporaryFolder } from "./cli-case.ts";

const MODEL = fixture("resnet18-width8/bn.onnx");
/** A provider that ONNX Runtime does not have on this platform. */
const ELSEWHERE = process.platform === "win32" ? "coreml" : "dml";

describe("cli/device-option", () => {
  it("has all devices that there are", () => assert.deepEqual(DEVICE_OPTION.choices, DEVICES));

  const path = temporaryFolder();
  before(() => writeToyPhotos(path("photos"), { train: 4, validation: 2, sizePx: 32 }));

  for (const command of ["train", "find-rate", "sweep", "label", "index", "evaluate", "doctor"]) {
    it(`${command} takes a device by its name, and no other word`, async () => {
      const help = await runHere([command, "--help"], { columns: 200 });
      for (const device of DEVICES) assert.ok(help.stdout.includes(device), device);
      const { code, stderr } = await runHere([command, MODEL, path("photos"), "--device", "gpu"]);
      assert.equal(code, 2);
      assert.match(stderr, /^error\[E_USAGE\]: .*(one of auto, cpu, webgpu, cuda, dml, coreml, wasm|too many)/);
    });
  }

  for (const [device, reason] of [
    ["wasm", "it is for pages"],
    [ELSEWHERE, "ONNX Runtime has it for"],
  ] as const) {
    it(`--device ${device} fails with the reason before anything is written`, async () => {
      const out = path(`run-${device}`);
      const asked = ["--device", device];
      const words = [
        ["train", path("photos"), "--model", MODEL, "--out", out, ...asked],
        ["sweep", path("photos"), "--model", MODEL, "--rate", "0.1,0.2", "--out", out, ...asked],
        ["label", MODEL, path("photos"), ...asked],
        ["evaluate", MODEL, path("photos"), ...asked],
      ];
      for (const line of words) {
        const { code, stdout, stderr } = await runHere(line);
        assert.deepEqual([code, stdout], [1, ""], line[0]);
        assert.ok(stderr.includes(`error[E_DEVICE]: Cannot compute on ${device}: ${reason}`), stderr);
        assert.ok(stderr.includes("hint: compute on the CPU with --device cpu"), stderr);
      }
      assert.equal(existsSync(out), false);
    });
  }
});
