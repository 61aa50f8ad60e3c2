import assert from "node:assert/strict";
import { machineBlockSize } from "../support/blocked.ts";
import { compareForms } from "../support/compare-forms.ts";
import { randomNetwork } from "../support/random-network.ts";

const NETWORKS = 60;
const OPERATORS = 9;

describe("lowering: blocked and plain forms", () => {
  for (let seed = 0; seed < NETWORKS; seed++) {
    const laid = seed % 3 > 0;
    it(`compute the same outputs and gradients: random network ${seed}${laid ? ", its filters laid out" : ""}`, async function () {
      const block = await machineBlockSize();
      if (block === 0) this.skip();
      const { differences } = await compareForms(randomNetwork(seed, OPERATORS), { block, laid });
      assert.deepEqual(differences, []);
    });
  }
});
