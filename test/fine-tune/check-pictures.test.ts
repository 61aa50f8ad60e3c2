import assert from "node:assert/strict";
import { checkPictures } from "../../toolkit/fine-tune/check-pictures.ts";
import type { Student } from "../../toolkit/fine-tune/student.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Dim } from "../../toolkit/graph/ir.ts";
import { operators } from "../../toolkit/operators/index.ts";

/** A network that flattens its map where its size is a number, and pools it else. */
function student(shape: readonly Dim[]): Student {
  const b = new GraphBuilder(operators);
  const x = b.input("x", "float32", shape);
  const features = b.op("Flatten", [typeof shape[2] === "number" ? x : b.op("GlobalAveragePool", [x])]);
  const graph = b.build([features]);
  return { graph, input: "x", features: features.name, width: 3, logits: features.name, operators };
}

const settings = { sizePx: 64, batchSize: 4 };
const check =
  (shape: readonly Dim[]): (() => void) =>
  () =>
    checkPictures(student(shape), settings);

describe("fine-tune/check-pictures", () => {
  it("takes any size, or the one that is trained at", () => {
    check(["N", 3, "H", "W"])();
    check(["N", 3, 64, 64])();
    check([4, 3, 64, 64])();
  });

  it("refuses another size with the reason, before anything is run", () => {
    assert.throws(check(["N", 3, 32, 32]), {
      code: "E_SETTING",
      message: /^Cannot train at 64 px: the model takes 32 px only: the output ".*" changes its shape with the picture/,
    });
  });

  it("refuses pictures that are not square, channels behind the extents, and a fixed number of pictures", () => {
    assert.throws(check(["N", 3, 32, 40]), { code: "E_GRAPH", message: /32 x 40 px only/ });
    assert.throws(check(["N", 64, 64, 3]), { code: "E_GRAPH", message: /reads pictures as \[N,64,64,3\]/ });
    assert.throws(check(["N", 1, 64, 64]), { code: "E_GRAPH", message: /expected \[N,3,H,W\]/ });
    assert.throws(check([1, 3, 64, 64]), { code: "E_GRAPH", message: /for 1 at a time and not for 4/ });
  });
});
