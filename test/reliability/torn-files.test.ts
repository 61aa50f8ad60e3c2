import assert from "node:assert/strict";
import { openNaiveCheckpoints } from "./naive-checkpoints.ts";
import { damages, tornStates } from "./torn-files.ts";

describe("reliability, torn files", () => {
  it("openCheckpoints() finds the old checkpoint or the new one in 500 states that a loss of power leaves", async () => {
    const found = await tornStates(500);
    assert.deepEqual(found.problems, []);
    assert.ok(found.old > 0 && found.new > 0, `${found.old} old, ${found.new} new: the states say nothing`);
  });

  it("the states show where a writer forgets to sync the file, or the folder, or writes in place", async () => {
    const forgetsFile = await tornStates(100, {
      change: (disk) => ({
        ...disk,
        create: async (path) => ({ ...(await disk.create(path)), sync: () => Promise.resolve() }),
      }),
    });
    const forgetsFolder = await tornStates(100, {
      change: (disk) => ({ ...disk, syncFolder: () => Promise.resolve() }),
    });
    const inPlace = await tornStates(100, { open: openNaiveCheckpoints });
    for (const { problems } of [forgetsFile, forgetsFolder, inPlace]) assert.ok(problems.length > 0);
  });

  it("latest() sees 1,000 damaged bytes and 200 cuts, takes the checkpoint before, and names both", async () => {
    assert.deepEqual(await damages(1000, 200), { damages: 1200, detected: 1200, named: 1200 });
  });
});
