import assert from "node:assert/strict";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { openIndex } from "../../../toolkit/search/open-index.ts";
import { indexedDbStore } from "../../../toolkit/search/stores/indexeddb.ts";
import { photo, storeSuite } from "../../support/store-suite.ts";

describe("search/stores/indexeddb", () => {
  before(() => {
    Object.assign(globalThis, { IDBKeyRange });
  });
  after(() => {
    Reflect.deleteProperty(globalThis, "IDBKeyRange");
  });

  storeSuite(() => indexedDbStore("index", new IDBFactory()));

  it("keeps everything until it is opened again", async () => {
    const factory = new IDBFactory();
    const first = await openIndex(await indexedDbStore("photos", factory));
    await first.add([photo("a.jpg", { dog: 0.9, cat: 0.2 }), photo("b.jpg", { cat: 0.8 })]);
    await first.remove("b.jpg");
    await first.close();
    const again = await openIndex(await indexedDbStore("photos", factory));
    assert.deepEqual(
      (await again.search("cat")).flatMap((hit) => hit.paths),
      ["a.jpg"],
    );
    assert.equal((await again.stats()).files, 1);
    await again.close();
  });

  it("lets two tabs read and write one index", async () => {
    const factory = new IDBFactory();
    const [one, other] = [
      await openIndex(await indexedDbStore("photos", factory)),
      await openIndex(await indexedDbStore("photos", factory)),
    ];
    await one.add([photo("a.jpg", { dog: 0.9 })]);
    await other.add([photo("b.jpg", { cat: 0.7 }), photo("c.jpg", { dog: 0.3 })]);
    for (const index of [one, other]) {
      assert.deepEqual(
        (await index.search("dog")).flatMap((hit) => hit.paths),
        ["a.jpg", "c.jpg"],
      );
    }
    await Promise.all([one.close(), other.close()]);
  });

  it("makes its log short, and another tab reads on behind it", async () => {
    const factory = new IDBFactory();
    const watching = await openIndex(await indexedDbStore("photos", factory));
    const writing = await openIndex(await indexedDbStore("photos", factory));
    await writing.add([photo("first.jpg", { early: 0.5 })]);
    assert.equal((await watching.search("early")).length, 1);
    for (let round = 0; round < 12; round++) {
      const batch = Array.from({ length: 100 }, (_, i) => photo(`${i}.jpg`, { [`round ${round}`]: 0.5 }));
      await writing.add(batch);
    }
    // 1,001 changes became one record after the tenth round; two more follow
    assert.equal(await records(factory), 3);
    assert.equal((await watching.search('"round 11"')).length, 20);
    assert.equal((await watching.search('"round 3"')).length, 0);
    assert.equal((await watching.search("early")).length, 1);
    assert.equal((await watching.stats()).files, 101);
    await Promise.all([watching.close(), writing.close()]);
  });

  it("says so where the browser refuses", async () => {
    const factory = new IDBFactory();
    const store = await indexedDbStore("photos", factory);
    await store.close();
    await assert.rejects(store.size(), { code: "E_STORE", message: /Cannot read the index/ });
  });
});

async function records(factory: IDBFactory): Promise<number> {
  const db = await new Promise<IDBDatabase>((resolve) => {
    const request = factory.open("photos");
    request.addEventListener("success", () => resolve(request.result));
  });
  const count = await new Promise<number>((resolve) => {
    const request = db.transaction("log").objectStore("log").count();
    request.addEventListener("success", () => resolve(request.result));
  });
  db.close();
  return count;
}
