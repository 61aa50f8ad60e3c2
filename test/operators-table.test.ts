import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./support/fixtures.ts";
import { operatorsTable } from "./support/operators-table.ts";

describe("toolkit/operators/README.md", () => {
  it("is what npm run operators-table makes of the operators and the tests", async () => {
    const committed = readFileSync(join(root, "toolkit/operators/README.md"), "utf8");
    assert.equal(committed, await operatorsTable());
  });
});
