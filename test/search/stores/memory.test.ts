import assert from "node:assert/strict";
import { openIndex } from "../../../toolkit/search/open-index.ts";
import { memoryStore } from "../../../toolkit/search/stores/memory.ts";
import { storeSuite } from "../../support/store-suite.ts";

describe("search/stores/memory", () => {
  storeSuite(async () => memoryStore());

  it("refuses a backup, having no file", async () => {
    const index = await openIndex(memoryStore());
    await assert.rejects(index.backup("copy.db"), { code: "E_STORE" });
  });
});
