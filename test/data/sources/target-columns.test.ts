import assert from "node:assert/strict";
import { errorCode, errorMessage } from "../../../toolkit/errors.ts";
import { readTable } from "../../../toolkit/data/sources/manifest-table.ts";
import { targetColumns } from "../../../toolkit/data/sources/target-columns.ts";
import type { TargetColumns } from "../../../toolkit/data/sources/target-columns.ts";

const TABLE =
  "file,label,age,grade,place,split\na.jpg,cat,3,1,home,train\nb.jpg,dog,,2,yard,val\nc.jpg,cat,5.5,1,home,\n";

function columns(targets?: readonly string[], text: string = TABLE): TargetColumns {
  return targetColumns("photos.csv", readTable("photos.csv", text), targets ? { targets } : {});
}

describe("data/sources/target-columns", () => {
  it("targetColumns() takes the labels where nobody says more", () =>
    assert.deepEqual(columns(), { labels: ["label"], numbers: [] }));
  it("targetColumns() takes every column of numbers of a table without labels, and nothing that is about the photo", () =>
    assert.deepEqual(columns(undefined, "file,age,weight,name,x\na.jpg,3,1,tom,\nb.jpg,4,2,kim,7\n"), {
      labels: [],
      numbers: ["age", "x"],
    }));
  it("targetColumns() tells numbers from labels by what stands there, or by what is said", () => {
    assert.deepEqual(columns(["Label", "age", "place"]), { labels: ["label", "place"], numbers: ["age"] });
    assert.deepEqual(columns(["grade", "age"]), { labels: [], numbers: ["grade", "age"] });
    assert.deepEqual(columns(["grade:label", "age:number", "age"]), { labels: ["grade"], numbers: ["age"] });
  });
  it("targetColumns() refuses a column that is not there, or is about the photo, or none", () => {
    for (const [targets, said] of [
      [["ages"], /no column "ages"/],
      [["age", "split"], /"split", which says something else/],
      [[], /no column of/],
    ] as const) {
      assert.throws(
        () => columns(targets),
        (error) => errorCode(error) === "E_DATA_MANIFEST" && said.test(errorMessage(error)),
      );
    }
  });
  it("targetColumns() asks for labels where a table has neither these nor numbers", () =>
    assert.throws(() => columns(undefined, "file,lable\na.jpg,cat\n"), { hint: 'did you mean "lable"?' }));
});
