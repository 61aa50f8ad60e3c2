import assert from "node:assert/strict";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { featureDatabase, featureMemory } from "../../toolkit/web/feature-database.ts";

const row = Float32Array.of(1, 2.5);

describe("web/feature-database", () => {
  before(() => {
    Object.assign(globalThis, { IDBKeyRange });
  });
  after(() => {
    Reflect.deleteProperty(globalThis, "IDBKeyRange");
  });

  it("keeps rows from one opening to the next, each signature and width for itself", async () => {
    const factory = new IDBFactory();
    const first = await featureDatabase("features", factory)("one", 2);
    assert.equal(first.get("a"), undefined);
    first.put("a", row);
    assert.deepEqual(first.get("a"), row);
    await first.close();
    const open = featureDatabase("features", factory);
    assert.deepEqual((await open("one", 2)).get("a"), row);
    assert.equal((await open("one", 3)).get("a"), undefined);
    assert.equal((await open("on", 2)).get("a"), undefined);
    assert.equal((await open("two", 2)).get("a"), undefined);
  });

  it("works where the browser refuses a database", async () => {
    const factory = { open: () => failing() } as unknown as IDBFactory;
    const store = await featureDatabase("features", factory)("one", 2);
    store.put("a", row);
    assert.deepEqual(store.get("a"), row);
    await store.close();
  });

  it("keeps copies: a row may be part of a batch that is used again", async () => {
    for (const open of [featureMemory(), featureDatabase("features", new IDBFactory())]) {
      const store = await open("one", 2);
      const batch = Float32Array.of(1, 2, 3, 4);
      store.put("a", batch.subarray(2));
      batch.fill(0);
      assert.deepEqual(store.get("a"), Float32Array.of(3, 4));
      await store.close();
    }
  });

  it("keeps rows in memory for as long as the page", async () => {
    const open = featureMemory();
    (await open("one", 2)).put("a", row);
    assert.deepEqual((await open("one", 2)).get("a"), row);
    assert.equal((await open("two", 2)).get("a"), undefined);
  });
});

/** A request that fails in its next turn. */
function failing(): EventTarget {
  const request = Object.assign(new EventTarget(), { error: new Error("not here") });
  setTimeout(() => request.dispatchEvent(new Event("error")));
  return request;
}
