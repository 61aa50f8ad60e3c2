import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Pixels } from "../../toolkit/images/decoder.ts";
import { centreBox, evaluationView, resample, shorterSideSize } from "../../toolkit/images/resample.ts";

/** The picture from which Pillow 13.0 made the digests below. */
function pattern(width: number, height: number): Pixels {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = (x * 7 + y * 13 + c * 29 + x * y * 3) % 256;
    }
  }
  return { width, height, data };
}

const source = pattern(37, 23);
const from = { left: 5, top: 3, width: 19, height: 17 };

function sameAsPillow(actual: Pixels, size: readonly [number, number], sha256: string): void {
  assert.deepEqual([actual.width, actual.height], size);
  assert.equal(createHash("sha256").update(actual.data).digest("hex"), sha256);
}

describe("images/resample", () => {
  it("reduces to the bytes that Pillow's BILINEAR gives", () => {
    const out = resample(source, { width: 11, height: 9 });
    assert.deepEqual([...out.data.subarray(0, 6)], [29, 58, 87, 59, 88, 117]);
    sameAsPillow(out, [11, 9], "8630baff11b5e74401fa83b1cfe3d8432ba72ec90545f57064cbf4dd55192c0d");
  });

  it("enlarges to Pillow's bytes", () => {
    const out = resample(source, { width: 80, height: 61 });
    sameAsPillow(out, [80, 61], "87e1c44349f1af45c3ae5d6050c161a9721cf6d977e3f3c4baa3712670d49df4");
  });

  it("enlarges one side and then reduces the other to Pillow's bytes", () => {
    const out = resample(source, { width: 50, height: 10 });
    sameAsPillow(out, [50, 10], "a43298df38f5235d4e6882ffafe9a2a32d8256b23453594d7b41b91b5200167c");
  });

  it("crops first, so that nothing outside the crop shows", () => {
    const out = resample(source, { from, width: 16, height: 16 });
    sameAsPillow(out, [16, 16], "b664f9e15c74fba3f2a81e94fd910aef8fb24942a4544e05b4e7b4da9127b6c9");
  });

  it("mirrors what it made", () => {
    const out = resample(source, { from, width: 16, height: 16, flip: true });
    sameAsPillow(out, [16, 16], "7fb63d073d0caad521ad068b28b923ffff83b65aa112e2fffd68916e4136c1de");
  });

  it("reduces to one pixel", () => {
    assert.deepEqual([...resample(source, { width: 1, height: 1 }).data], [131, 128, 127]);
  });

  it("returns an equal picture where the size does not change", () => {
    assert.deepEqual(resample(source, { width: 37, height: 23 }), source);
  });

  it("computes only a window with the same bytes as the whole", () => {
    const whole = resample(source, { width: 30, height: 40 });
    const window = { left: 7, top: 11, width: 5, height: 20 };
    const cut = resample(whole, { from: window, width: 5, height: 20 });
    assert.deepEqual(resample(source, { width: 30, height: 40, window }), cut);
  });
});

describe("images/resample shorterSideSize and centreBox", () => {
  it("truncates the longer side and rounds half a pixel to even, as torchvision does", () => {
    assert.deepEqual(shorterSideSize({ width: 37, height: 23 }, 41), { width: 65, height: 41 });
    assert.deepEqual(shorterSideSize({ width: 23, height: 37 }, 20), { width: 20, height: 32 });
    assert.deepEqual(centreBox({ width: 65, height: 41 }, 32), { left: 16, top: 4, width: 32, height: 32 });
    assert.equal(centreBox({ width: 35, height: 35 }, 32).left, 2);
  });

  it("never makes a side of no pixels", () => {
    assert.deepEqual(shorterSideSize({ width: 1, height: 5000 }, 4), { width: 4, height: 20_000 });
    assert.deepEqual(shorterSideSize({ width: 5000, height: 1 }, 1), { width: 5000, height: 1 });
  });
});

describe("images/resample evaluationView", () => {
  it("gives the bytes of Pillow's resize and centre crop", () => {
    const out = evaluationView(source, 16, 20);
    sameAsPillow(out, [16, 16], "f07b31699dee13be5c8770a8c3e088fb8ed214e9898493d39bffabbe5590273b");
  });

  it("gives them when it enlarges, too", () => {
    const out = evaluationView(source, 32, 41);
    sameAsPillow(out, [32, 32], "8e9a126e1f2f9bb68a20cb58ddf81e55555a5d574c524daf7d42c16e8d4e247a");
  });

  it("takes no more memory than the view of a picture one pixel wide", () => {
    const thin = { width: 1, height: 200_000, data: new Uint8Array(600_000).fill(9) };
    const out = evaluationView(thin, 224, 256);
    assert.equal(out.data.length, 224 * 224 * 3);
    assert.ok(out.data.every((v) => v === 9));
  });
});
