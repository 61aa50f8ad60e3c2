import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/fixtures.ts";
import { CASES, missing } from "./cases.ts";

describe("bench/cases", () => {
  it("CASES do in a run what their names say", () => {
    for (const [name, { request, items }] of Object.entries(CASES)) {
      if (!("network" in request)) continue;
      const [, size, batch] = /-(\d+)-b(\d+)/.exec(name) ?? [];
      assert.deepEqual([request.size, request.batch, items], [Number(size), Number(batch), Number(batch)], name);
      const work =
        (["inference", "last-stage", "transfer", "int8"] as const).find((start) => name.startsWith(start)) ?? "step";
      assert.equal(request.work, work, name);
      const [said] = /(folded|batch)$/.exec(name) ?? [];
      if (said !== undefined || name.startsWith("full")) assert.equal(said, request.batchNorm, name);
    }
  });

  it("CASES have a script of the peer", () => {
    for (const { peer, request } of Object.values(CASES)) {
      if (peer === "float32") assert.equal(request.work, "int8");
      else assert.ok(existsSync(join(root, "test/bench/peers", peer)), peer);
    }
  });

  it("missing names what the work needs and is not here", () => {
    const some = CASES["inference-224-b1"];
    assert.ok(some);
    assert.deepEqual(missing(some), []);
    assert.deepEqual(missing({ ...some, needs: ["data/no-such-folder"] }), ["data/no-such-folder"]);
  });
});
