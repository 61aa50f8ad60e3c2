import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { readAxis, readSpace } from "../../../cli/sweep/read-space.ts";
import { temporaryFolder } from "../cli-case.ts";

describe("cli/sweep/read-space", () => {
  const path = temporaryFolder();

  it("readAxis() reads a value, several, and ranges with the scale that is meant", () => {
    for (const [text, expected] of [
      ["0.9", 0.9],
      ["adamw", "adamw"],
      ["0,1e-4,1e-2", [0, 1e-4, 1e-2]],
      ["sgd, adamw", ["sgd", "adamw"]],
      ["true,false", [true, false]],
      ["1e-4..1e-1", { from: 1e-4, to: 0.1, scale: "log" }],
      ["1e-4..1e-1:linear", { from: 1e-4, to: 0.1, scale: "linear" }],
      ["0.5..0.9", { from: 0.5, to: 0.9, scale: "linear" }],
      ["0.5..0.9:log", { from: 0.5, to: 0.9, scale: "log" }],
      ["0..1", { from: 0, to: 1, scale: "linear" }],
      ["8..64", { from: 8, to: 64, scale: "linear" }],
      ["8..128", { from: 8, to: 128, scale: "log" }],
    ] as const)
      assert.deepEqual(readAxis("rate", text), expected, text);
  });

  it("readAxis() refuses what is none of these, and says what is", () => {
    for (const text of ["1..", "..1", "1..x", "2..1", "1...2", "1,,2", "", "1..2:cubic"]) {
      assert.throws(() => readAxis("warmUp", text), {
        code: "E_USAGE",
        message: `Cannot use --warm-up "${text}": expected a value, values, or a range`,
        hint: /1e-4\.\.1e-1 is a range/,
      });
    }
  });

  it("readSpace() sorts settings with one value from those that are swept, under the names of the API", async () => {
    const { space, settings } = await readSpace(undefined, {
      rate: "1e-3..1e-2",
      batch: "8,16",
      epochs: "5",
      decay: undefined,
    });
    assert.deepEqual(space, { rate: { from: 1e-3, to: 1e-2, scale: "log" }, batchSize: [8, 16] });
    assert.deepEqual(settings, { epochs: 5 });
  });

  it("readSpace() takes a file, and options count more", async () => {
    const file = path("space.json");
    const written = { rate: [1, 2], decay: { from: 0, to: 1 }, epochs: 9, ema: [0.9], optimizer: { name: "sgd" } };
    await writeFile(file, JSON.stringify(written));
    const { space, settings } = await readSpace(file, { rate: "0.1", epochs: "3,4" });
    assert.deepEqual(space, { decay: { from: 0, to: 1 }, epochs: [3, 4] });
    assert.deepEqual(settings, { rate: 0.1, averageDecay: 0.9, optimizer: { name: "sgd" } });
  });

  it("readSpace() refuses a file that is not there, no JSON, or no object", async () => {
    await writeFile(path("list.json"), "[1]");
    await writeFile(path("text.json"), "rate: 1");
    for (const name of ["list.json", "text.json", "nothing.json"])
      await assert.rejects(readSpace(path(name), {}), {
        code: "E_USAGE",
        message: /^Cannot read the space ".*json": /,
      });
  });
});
