import assert from "node:assert/strict";
import { declaredType, packFilter, unpackFilter } from "../../toolkit/graph/layout.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, int64, sizeOf } from "../../toolkit/graph/tensor.ts";

describe("graph/layout", () => {
  for (const block of [8, 16]) {
    for (const shape of [
      [16, 3, 3, 3],
      [32, 16, 1, 1],
      [48, 1, 5, 3],
      [16, 32, 2, 3],
    ]) {
      it(`unpackFilter() undoes packFilter(): [${shape.join()}] in blocks of ${block}`, () => {
        const filter = float32(shape, fillNormal(sizeOf(shape), 1, 1));
        const packed = packFilter(filter, block);
        assert.deepEqual(packed.shape, [shape[1], shape[0], shape[2], shape[3]]);
        assert.notDeepEqual(packed.data, filter.data);
        assert.deepEqual(unpackFilter(packed, block), filter);
      });
    }
  }

  it("packFilter() puts element [o,i,y,x] at [i][o/B][y][x][o%B], and leaves what it is given", () => {
    const [outputs, inputs, height, width] = [16, 2, 2, 3] as const;
    const shape = [outputs, inputs, height, width];
    const filter = float32(
      shape,
      Array.from({ length: sizeOf(shape) }, (_, i) => i),
    );
    const before = filter.data.slice();
    const { data } = packFilter(filter, 8);
    assert.deepEqual(filter.data, before);
    let at = 0;
    for (let i = 0; i < inputs; i++)
      for (let block = 0; block < outputs; block += 8)
        for (let pixel = 0; pixel < height * width; pixel++)
          for (let lane = 0; lane < 8; lane++)
            assert.equal(data[at++], ((block + lane) * inputs + i) * height * width + pixel);
  });

  it("packFilter() and unpackFilter() refuse what has no whole blocks of outputs", () => {
    for (const t of [float32([12, 2, 1, 1], new Float32Array(24)), float32([16], new Float32Array(16)), int64([1])]) {
      assert.throws(() => packFilter(t, 8), { code: "E_SHAPE" });
      assert.throws(() => unpackFilter(t, 8), { code: "E_SHAPE" });
    }
  });

  it("declaredType() exchanges the channels of a filter, and gives them back", () => {
    const type = { dtype: "float32", shape: [16, "I", 3, 1] } as const;
    const declared = declaredType(type, "filter");
    assert.deepEqual(declared.shape, ["I", 16, 3, 1]);
    assert.deepEqual(declaredType(declared, "filter"), type);
    for (const layout of ["plain", "blocked"] as const) assert.deepEqual(declaredType(type, layout), type);
  });
});
