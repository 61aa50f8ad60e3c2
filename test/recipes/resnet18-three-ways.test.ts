import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { claimOf, main, settingsFor, threeWays } from "../../recipes/resnet18-three-ways.ts";
import { nineClasses } from "../../recipes/resnet18-three-ways/nine-classes.ts";
import { printNetwork } from "../../recipes/resnet18-three-ways/print-network.ts";
import { stripes } from "../../recipes/resnet18-three-ways/stripes.ts";
import { openModel, openSource } from "../../toolkit/node.ts";
import type { DataSource, Dataset, Part } from "../../toolkit/node.ts";

const ids = (samples: readonly { readonly id: string }[]): readonly string[] => samples.map(({ id }) => id);

/** Ten classes of so many pictures in each part; of the parts, "train" stands for entries that belong to none where it is the only one. */
function source(perClass: number, parts: readonly Part[]): DataSource {
  const classes = Array.from({ length: 10 }, (_, k) => `class-${k}`);
  const entries = parts.flatMap((part) =>
    classes.flatMap((label) =>
      Array.from({ length: perClass }, (_, i) => {
        const id = `${part}/${label}/${i}`;
        return { id, path: id, labels: [label], ...(parts.length > 1 ? { part } : {}) };
      }),
    ),
  );
  return { entries, classes, isMultiLabel: false, bad: [] };
}

/** How many pictures of each class. */
function counts({ classes }: Dataset, samples: Dataset["train"]): readonly number[] {
  return classes.map((_, label) => samples.filter((s) => s.label === label).length);
}

describe("recipes/resnet18-three-ways", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-three-ways-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("nineClasses() takes the first nine, the same number of each, and tests on what the source keeps for it", async () => {
    const data = await nineClasses(source(30, ["train", "test"]), 0, { train: 12, test: 5 });
    assert.deepEqual(
      data.classes,
      Array.from({ length: 9 }, (_, k) => `class-${k}`),
    );
    assert.deepEqual(counts(data, data.train), Array(9).fill(12));
    assert.deepEqual(counts(data, data.validation), Array(9).fill(5));
    for (const { id, label } of data.train) assert.ok(id.startsWith(`train/class-${label}/`), id);
    for (const { id, label } of data.validation) assert.ok(id.startsWith(`test/class-${label}/`), id);
  });

  it("nineClasses() leaves validation pictures alone where there are test pictures", async () => {
    const data = await nineClasses(source(4, ["train", "validation", "test"]), 0, { train: 9, test: 9 });
    assert.deepEqual([data.train.length, data.validation.length], [36, 36]);
    assert.ok(ids(data.validation).every((id) => id.startsWith("test/")));
    assert.ok(ids(data.train).every((id) => id.startsWith("train/")));
  });

  it("nineClasses() splits a source without parts, and nothing is on both sides", async () => {
    const data = await nineClasses(source(20, ["train"]), 3, { train: 100, test: 100 });
    assert.deepEqual(counts(data, data.train), Array(9).fill(16));
    assert.deepEqual(counts(data, data.validation), Array(9).fill(4));
    assert.equal(new Set([...ids(data.train), ...ids(data.validation)]).size, 180);
  });

  it("nineClasses() draws by the seed", async () => {
    const all = source(30, ["train", "test"]);
    const [first, again, other] = await Promise.all([0, 0, 1].map((s) => nineClasses(all, s, { train: 12, test: 5 })));
    assert.ok(first && again && other);
    assert.deepEqual([ids(first.train), ids(first.validation)], [ids(again.train), ids(again.validation)]);
    assert.notDeepEqual(ids(first.train), ids(other.train));
    assert.notDeepEqual(ids(first.validation), ids(other.validation));
    // not the first ones of each class, nor the same places of both parts
    const places = (samples: Dataset["train"]): readonly string[] =>
      samples.filter(({ label }) => label === 0).map(({ id }) => id.split("/")[2] ?? "");
    assert.notDeepEqual(places(first.train).slice(0, 12), Array.from(Array(12).keys(), String));
    assert.ok(places(first.validation).some((place) => !places(first.train).includes(place)));
  });

  it("nineClasses() refuses fewer classes", async () => {
    const { classes = [], entries, ...rest } = source(3, ["train", "test"]);
    const few = {
      ...rest,
      classes: classes.slice(0, 8),
      entries: entries.filter(({ labels }) => classes.indexOf(labels[0] ?? "") < 8),
    };
    await assert.rejects(nineClasses(few, 0, { train: 2, test: 1 }), { code: "E_DATA_CLASSES", message: /8 classes/ });
  });

  it("nineClasses() reads PathMNIST's form: nine tissues as numbers, in three parts", async () => {
    const path = join(folder, "pathmnist.npz");
    const part = (name: string, perClass: number): Record<string, Uint8Array> => {
      const count = 9 * perClass;
      const labels = Uint8Array.from({ length: count }, (_, i) => i % 9);
      return {
        [`${name}_images.npy`]: npy([count, 4, 4, 3], new Uint8Array(count * 48).fill(perClass)),
        [`${name}_labels.npy`]: npy([count, 1], labels),
      };
    };
    await writeFile(path, zipSync({ ...part("train", 3), ...part("val", 2), ...part("test", 1) }));
    const data = await nineClasses(await openSource(path), 0, { train: 2, test: 5 });
    assert.deepEqual([data.classes.length, data.train.length, data.validation.length], [9, 18, 9]);
    assert.deepEqual(counts(data, data.validation), Array(9).fill(1));
  });

  it("settingsFor() are the course's; tissue is turned upside down, too", () => {
    const names = (data: string | undefined): readonly string[] => {
      const { augment } = settingsFor(data);
      return typeof augment === "object" ? (augment.steps ?? []).map(({ name }) => name) : [];
    };
    const { optimizer, rate, momentum, batchSize, schedule } = settingsFor("cifar10");
    assert.deepEqual([optimizer, rate, momentum, batchSize, schedule], ["sgd", 0.001, 0.9, 128, "constant"]);
    assert.deepEqual(names("cifar10"), ["rotate", "color-jitter"]);
    assert.deepEqual(names(join("data", "pathmnist_64.npz")), ["rotate", "color-jitter", "flip-vertical"]);
    assert.ok((settingsFor(undefined).epochs ?? 0) < (settingsFor("cifar10").epochs ?? 0));
  });

  it("claimOf() wants scratch below frozen, and frozen not above full, in the mean of three seeds", () => {
    const judge = (scratch: number, frozen: number, full: number, seeds = 3, tiny = false): boolean | undefined => {
      const shares = { scratch, frozen, full };
      const rows = Array.from({ length: seeds }, (_, seed) =>
        (["scratch", "frozen", "full"] as const).map((way) => {
          // the seeds differ, their mean does not
          const top1 = shares[way] + (seed - (seeds - 1) / 2) * 0.125;
          return { way, seed, top1, top5Error: 0, loss: 1, seconds: 1 };
        }),
      ).flat();
      return claimOf(rows, tiny).holds;
    };
    assert.equal(judge(0.25, 0.5, 0.75), true);
    assert.equal(judge(0.25, 0.5, 0.5), true);
    assert.equal(judge(0.5, 0.5, 0.75), false);
    assert.equal(judge(0.25, 0.75, 0.5), false);
    assert.equal(judge(0.75, 0.5, 0.625), false);
    assert.equal(judge(0.25, 0.5, 0.75, 2), undefined);
    assert.equal(judge(0.25, 0.5, 0.75, 3, true), undefined);
  });

  it("printNetwork() says what each layer makes, has and sees", async () => {
    const lines = printNetwork(await openModel("residual-cnn", { weights: "random" }), 32);
    const line = (name: string): string =>
      lines.find((text) => text.startsWith(`${name} `))?.replaceAll(/ +/g, " ") ?? "";
    assert.equal(line("layer"), "layer operator output parameters sees");
    assert.equal(line("conv2"), "conv2 Conv 1x64x16x16 18,432 8 px");
    assert.equal(line("fc"), "fc Gemm 1x10 650 all");
    // name, operator, output and what it sees, with the parameters before that where there are any
    const parameters = lines.slice(1, -1).map((text) => {
      const cells = text.trim().split(/ {2,}/);
      return cells.length > 4 ? Number(cells[3]?.replaceAll(",", "")) : 0;
    });
    const sum = parameters.reduce((total, count) => total + count, 0);
    assert.equal(lines.at(-1), `${sum.toLocaleString("en")} parameters in ${lines.length - 2} layers`);
  });

  it("threeWays() trains on drawn stripes in each way, writes its figures and judges nothing", async function () {
    this.timeout(120_000);
    const lines: string[] = [];
    const claims = await threeWays({
      say: (text) => void lines.push(text),
      out: folder,
      cacheFolder: join(folder, "cache"),
    });
    assert.deepEqual(
      claims.map(({ holds }) => holds),
      [undefined],
    );
    const result = JSON.parse(await readFile(join(folder, "result.json"), "utf8")) as {
      rows: { way: string; top1: number; top5Error: number; loss: number }[];
      summary: Record<string, { top1: { mean: number } }>;
    };
    assert.deepEqual(
      result.rows.map(({ way }) => way),
      ["scratch", "frozen", "full"],
    );
    for (const { way, top1, top5Error, loss } of result.rows) {
      assert.ok(top1 >= 0 && top5Error >= 0 && top1 + top5Error <= 1, way);
      assert.ok(loss > 0 && loss < 10, `${way}: loss ${loss}`);
      assert.equal(result.summary[way]?.top1.mean, top1);
    }
    // each way begins elsewhere or trains other weights
    assert.equal(new Set(result.rows.map(({ loss }) => loss)).size, 3);
    assert.match(await readFile(join(folder, "result.md"), "utf8"), /^\| fully fine-tuned \(v1\) \| /m);
  });

  it("stripes() draws other pictures for each class and part", () => {
    const { entries, classes } = stripes({ train: 3, test: 2 });
    assert.equal(classes?.length, 9);
    assert.equal(entries.filter(({ part }) => part === "train").length, 27);
    const pictures = entries.map(({ picture }) =>
      typeof picture === "object" && "data" in picture ? picture.data.join() : "",
    );
    assert.equal(new Set(pictures).size, 45);
  });

  it("main() refuses to start without pictures", async () => {
    await assert.rejects(main([]), { code: "E_USAGE", hint: /--tiny/ });
  });
});

/** The file that NumPy writes of bytes. */
function npy(shape: readonly number[], bytes: Uint8Array): Uint8Array {
  const head = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const padded = `${head.padEnd(117)}\n`;
  const start = Buffer.from("\u0093NUMPY\u0001\u0000\u0000\u0000", "latin1");
  start.writeUInt16LE(padded.length, 8);
  return Buffer.concat([start, Buffer.from(padded, "latin1"), bytes]);
}
