import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { itShared, readJson, shared } from "../support/fixtures.ts";
import { tarEntries } from "./tar-entries.ts";

const INDEX = "data/hostile-images.json";
const DECODED_FORMATS = new Set(["JPEG", "PNG", "GIF", "WEBP"]);

interface HostileFile {
  readonly file: string;
  readonly class: "valid" | "corrupt" | "unknown";
  readonly kind: string;
}

describe("images/hostile", () => {
  itShared(
    "decodes or refuses by code every file of the hostile corpus",
    "data/hostile-images.tar",
    async function (path) {
      this.timeout(120_000);
      const decoder = sharpDecoder();
      const outcomes = new Map<string, string>();
      const decode = async (name: string, bytes: Uint8Array): Promise<void> => {
        const outcome = await decoder.decode(bytes, { minSidePx: 256 }).then(
          ({ width, height, data }) => (data.length === width * height * 3 ? "ok" : "wrong length"),
          (error: unknown) => errorCode(error) ?? String(error),
        );
        outcomes.set(name, outcome);
      };
      let batch: Promise<void>[] = [];
      for await (const { name, bytes } of tarEntries(path)) {
        batch.push(decode(name, bytes));
        if (batch.length < 16) continue;
        await Promise.all(batch);
        batch = [];
      }
      await Promise.all(batch);

      const { files } = readJson<{ files: readonly HostileFile[] }>(shared(INDEX) ?? assert.fail(INDEX));
      assert.equal(outcomes.size, files.length);
      const uncoded = [...outcomes].filter(([, outcome]) => outcome !== "ok" && !outcome.startsWith("E_IMAGE_"));
      assert.deepEqual(uncoded, []);
      const refused = files.filter(
        (f) => f.class === "valid" && DECODED_FORMATS.has(f.kind) && outcomes.get(f.file) !== "ok",
      );
      assert.deepEqual(
        refused.map((f) => `${f.file}: ${outcomes.get(f.file)}`),
        [],
      );
    },
  );
});
