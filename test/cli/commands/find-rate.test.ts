import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fixture } from "../../support/fixtures.ts";
import { writeToyPhotos } from "../../support/toy-photos.ts";
import { jsonLines, PROGRAM, runHere, temporaryFolder } from "../cli-case.ts";

describe("cli/commands/find-rate", () => {
  const at = temporaryFolder();
  before(async function () {
    if (PROGRAM === undefined) this.skip(); // ONNX Runtime's thread needs compiled files
    await writeToyPhotos(at("photos"), { train: 8, validation: 4 });
  });
  const words = (command: string, ...more: readonly string[]): readonly string[] => [
    command,
    at("photos"),
    "--model",
    fixture("resnet18-width8/folded.onnx"),
    ..."--size 32 --mode frozen --threads 1 --batch 8 --cache".split(" "),
    at("cache"),
    ...more,
  ];

  it("find-rate prints a rate and draws the curve", async () => {
    const { code, stdout, stderr } = await runHere(words("find-rate", "--out", at("rate.html")));
    assert.equal(code, 0, stderr);
    assert.match(stdout, /suggested rate\s+0\.\d+/);
    assert.match(stderr, /train with it: --rate 0\.\d+/);
    assert.match(await readFile(at("rate.html"), "utf8"), /Suggested: 0\.\d+[^]*<svg/);
  });

  it("find-rate --json writes the curve, and .svg the picture alone", async () => {
    const { code, stdout, stderr } = await runHere(words("find-rate", "--json", "--out", at("rate.svg")));
    assert.equal(code, 0, stderr);
    const [found] = jsonLines(stdout);
    assert.ok(found && Number(found["suggestion"]) > 0 && found["stage"] === "head");
    assert.ok(Array.isArray(found["points"]) && found["points"].length > 20);
    assert.match(await readFile(at("rate.svg"), "utf8"), /^<svg/);
  });

  it("train --rate auto takes the same rate, and the other options of the craft reach the run", async () => {
    const drawn = "--class-weights 1,2,3 --sampler weighted".split(" ");
    const [found] = jsonLines((await runHere(words("find-rate", ...drawn, "--json", "--out", at("again.svg")))).stdout);
    const rate = Number(Number(found?.["suggestion"]).toPrecision(2));
    const craft = "--rate auto --patience 3 --stop-metric top1 --keep soup --soup-size 2 --time-limit 5m";
    const more = `${craft} --on-non-finite skip --epochs 4`.split(" ");
    const { code, stderr } = await runHere(words("train", ...drawn, ...more, "--out", at("run")));
    assert.equal(code, 0, stderr);
    assert.match(stderr, new RegExp(`training the head with rate ${rate}:`));
    const config = JSON.parse(await readFile(at("run/config.json"), "utf8")) as Record<string, unknown>;
    const expected = {
      rate: "auto",
      patience: 3,
      stopMetric: "top1",
      keep: "soup",
      soupSize: 2,
      timeLimitSeconds: 300,
    };
    for (const [name, value] of Object.entries({ ...expected, classWeights: "1,2,3", sampler: "weighted" }))
      assert.equal(config[name], value, name);
    assert.equal(config["onNonFinite"], "skip");
  });

  it("find-rate and train refuse what they cannot read", async () => {
    const refused = async (command: string, more: readonly string[], message: RegExp): Promise<void> => {
      const { code, stderr } = await runHere(words(command, ...more));
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    };
    await refused(
      "find-rate",
      ["--out", "rate.gif"],
      /Cannot use --out "rate.gif": expected a name that ends in .html/,
    );
    await refused("train", ["--rate", "automatic"], /Cannot use --rate "automatic": expected a number .*, or auto/);
    await refused("train", ["--time-limit", "soon"], /Cannot use --time-limit "soon": expected a time/);
    await refused("train", ["--class-weights", "a,b"], /Cannot use --class-weights "a,b"/);
    await refused("train", ["--stop-metric", "top1"], /stopMetric top1 and no patience/);
  });
});
