import assert from "node:assert/strict";
import { openSide } from "./side.ts";

/** Says what it is, holds `held` MiB, and answers as many requests as it is told with their own number. */
const script = (held: number, requests: number): string => `
  console.log(JSON.stringify({ threads: 3 }));
  const held = Buffer.alloc(${held} * 2 ** 20, 1);
  let answered = 0;
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    if (answered++ === ${requests}) process.exit(held.length > 0 ? 1 : 0);
    console.log(JSON.stringify({ seconds: JSON.parse(line).number }));
  });`;

describe("bench/side", () => {
  it("openSide hands over what the process says about itself and the seconds of each request", async () => {
    const side = await openSide(process.execPath, ["-e", script(1, 2)]);
    try {
      assert.deepEqual(side.about, { threads: 3 });
      assert.equal(await side.seconds({ number: 1.5 }), 1.5);
      assert.equal(await side.seconds({ number: 2.5 }), 2.5);
    } finally {
      await side.close();
    }
  });

  it("openSide tells the most memory of that process, on Linux", async () => {
    const side = await openSide(process.execPath, ["-e", script(300, 1)]);
    try {
      await side.seconds({ number: 1 });
      const peak = side.peakMb();
      if (process.platform === "linux") assert.ok(peak !== null && peak > 300 && peak < 600, `${peak} MiB`);
      else assert.equal(peak, null);
    } finally {
      await side.close();
    }
  });

  it("openSide rejects a request that the process ends at, instead of waiting", async () => {
    const side = await openSide(process.execPath, ["-e", script(1, 0)]);
    await assert.rejects(side.seconds({ number: 1 }), /Cannot measure: the process .* ended/s);
    await side.close();
  });

  it("openSide rejects where the process says nothing", async () => {
    await assert.rejects(openSide(process.execPath, ["-e", ""]), /Cannot measure/);
  });
});
