import assert from "node:assert/strict";
import sharp from "sharp";
import { dataUri, encodePng } from "../../toolkit/report/picture.ts";

const pixels = { width: 5, height: 3, data: Uint8Array.from({ length: 45 }, (_, i) => (i * 97) & 255) };

describe("report/picture", () => {
  it("encodePng() writes a file that reads back to the same pixels", async () => {
    const { data, info } = await sharp(await encodePng(pixels))
      .raw()
      .toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height, info.channels], [5, 3, 3]);
    assert.deepEqual(new Uint8Array(data), pixels.data);
  });

  it("dataUri() names the type by the content, and gives null for what no browser shows", async () => {
    const png = await encodePng(pixels);
    assert.equal(await dataUri(pixels), `data:image/png;base64,${Buffer.from(png).toString("base64")}`);
    assert.equal(await dataUri(png), await dataUri(pixels));
    const jpeg = await sharp({ create: { width: 2, height: 2, channels: 3, background: "red" } })
      .jpeg()
      .toBuffer();
    assert.match((await dataUri(new Uint8Array(jpeg))) ?? "", /^data:image\/jpeg;base64,/);
    assert.equal(await dataUri(new TextEncoder().encode("<svg onload='x'/>")), null);
  });
});
