import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { residualCnn } from "../../models/residual-cnn.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { atPictureSize } from "../../toolkit/passes/at-picture-size.ts";
import { runHere } from "../cli/cli-case.ts";
import { buildPage } from "./build-page.ts";
import { chromiumPath, launchChromium } from "./chromium.ts";
import { type Picture, picture } from "./pictures.ts";
import { type FolderServer, serveFolder } from "./serve-folder.ts";
import { busySeconds, networkIsReady, openStudio, savePicture, type StudioPage } from "./studio-page.ts";

/** So small that no decoder reduces it: page and command line see the same pixels. */
const SMALL = { width: 120, height: 100, format: "png" } as const;
/** The same for a network of 28 px. */
const TINY = { width: 40, height: 32, format: "png" } as const;
const PHOTO = { width: 640, height: 480, format: "jpeg" } as const;

const chromium = chromiumPath();

describe("recipes/browser", function () {
  this.timeout(240_000);
  let folder = "";
  let built = "";
  let browser: Browser;

  before(async function () {
    if (chromium === undefined) {
      console.log("      no chromium on this machine: the page is not tested");
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), "studio-"));
    built = await buildPage();
    browser = await launchChromium(chromium, { webgpu: true });
  });

  after(async () => {
    await browser?.close();
    for (const path of [folder, built]) if (path !== "") rmSync(path, { recursive: true, force: true });
  });

  it("is less than 1 MB of code and styles", () => {
    const files = readdirSync(built, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const code = files.filter(
      ({ name, parentPath }) => /\.(js|css|html|json|svg|webmanifest)$/.test(name) && !parentPath.endsWith("ort"),
    );
    const bytes = code.reduce((sum, { name, parentPath }) => sum + statSync(join(parentPath, name)).size, 0);
    assert.ok(code.length > 5);
    assert.ok(bytes < 1e6, `${bytes} bytes`);
  });

  describe("on the processor", () => {
    let server: FolderServer;
    let studio: StudioPage;
    let model = "";
    const weights = new Map<string, ReadonlyMap<string, number>>();
    const requests: string[] = [];
    let asked = 0;

    before(async () => {
      // a host of plain files: what isolates the page must come from its service worker
      server = await serveFolder(built, { isolated: false });
      studio = await openStudio(browser, `${server.url}?device=wasm`);
      asked = server.asked.length;
      studio.context.on("request", (request) => requests.push(request.url()));
    });
    after(async () => {
      await studio?.context.close();
      await server?.close();
    });

    it("is isolated from other origins, so that threads may share memory", async () => {
      assert.equal(await studio.page.evaluate("crossOriginIsolated"), true);
    });

    it("says what is missing before it can train", async () => {
      await studio.page.getByText("Add 3 more photos to “Class 1”").waitFor();
      assert.equal(await studio.page.getByRole("button", { name: "Train", exact: true }).isDisabled(), true);
    });

    it("takes photos that are dropped on a class or chosen for it, and leaves out what is none, in words", async () => {
      const discs = await drawn("disc", 12, SMALL);
      const whole = (discs[0] as Picture).bytes;
      const broken = { name: "broken.jpg", bytes: Buffer.from(whole.subarray(0, whole.length / 2)) };
      await studio.page.getByLabel("Name of class 1").fill("disc");
      await studio.page.getByLabel("Name of class 2").fill("two stripes");
      await studio.drop(0, [...discs, broken, discs[0] as Picture]);
      await studio.page.getByText("12 photos", { exact: true }).waitFor();
      const message = studio.page.locator(".message");
      await message.getByText("2 files were left out").waitFor();
      assert.match(await message.innerText(), /broken\.jpg: the file is damaged/);
      assert.match(await message.innerText(), /disc-0\.png: it is in “disc” already/);
      await studio.page.getByRole("button", { name: "Close this message" }).click();
      await studio.choose("Choose photos for two stripes", await drawn("stripes", 12, SMALL));
      await studio.page.getByText("12 photos", { exact: true }).nth(1).waitFor();
    });

    it("trains a head, with a curve, while the page stays smooth", async () => {
      const busy = await busySeconds(studio);
      const right = await studio.train();
      assert.ok(right >= 0.75, `right: ${right}`);
      const seconds = await busy();
      assert.ok(seconds < 1, `the page's own thread computed for ${seconds} s`);
      assert.ok((await studio.page.locator(".chart .line.held").getAttribute("d"))?.includes("L"));
    });

    it("weighs new photos and shows where it looks", async () => {
      const [small, photo] = [await picture("stripes", 100, SMALL), await picture("disc", 101, PHOTO)];
      for (const one of [small, photo]) {
        savePicture(folder, one);
        weights.set(one.name, await studio.weigh(one));
      }
      assert.equal(top(weights.get(small.name)), "two stripes");
      assert.equal(top(weights.get(photo.name)), "disc");
    });

    it("looks at what the camera shows, and takes photos with it", async () => {
      const { page } = studio;
      await page.getByRole("button", { name: "Camera", exact: true }).click();
      await page.locator(".view video").waitFor();
      await page.locator(".bars").waitFor();
      await page.getByRole("button", { name: "Stop the camera" }).click();
      await page.getByRole("button", { name: "Take photos for disc with the camera" }).click();
      await page.locator("dialog video").waitFor();
      await page.waitForTimeout(1000);
      await page.getByRole("button", { name: "Take photos", exact: true }).click();
      await page
        .getByRole("dialog")
        .getByText(/\d taken/)
        .waitFor();
      await page.getByRole("button", { name: "Done" }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      // a press that lasts takes more than one
      await page
        .getByText(/^1[3-9] photos$/)
        .first()
        .waitFor();
    });

    it("gives a file that the command line reads, with the same weights", async () => {
      model = await studio.download(folder);
      const names = [...weights.keys()];
      const said = await commandLine(
        model,
        names.map((name) => join(folder, name)),
      );
      for (const [i, name] of names.entries()) {
        assert.equal(top(said[i]), top(weights.get(name)));
        expectAlike(said[i], weights.get(name), name.endsWith(".png") ? 1e-3 : 0.03);
      }
    });

    it("labels a collection, and finds photos by what is on them", async () => {
      const [discs, stripes] = [await drawn("disc", 3, SMALL, 200), await drawn("stripes", 3, SMALL, 200)];
      await studio.choose("Choose photos to label", [...discs, ...stripes]);
      await studio.page.getByText("6 photos labelled").waitFor();
      assert.deepEqual((await studio.search("disc > 0.5")).toSorted(), namesOf(discs));
      assert.deepEqual((await studio.search('"two stripes" NOT disc > 0.5')).toSorted(), namesOf(stripes));
      assert.deepEqual(await studio.search("disc AND ("), []);
      await studio.page.getByText("This search cannot be understood").waitFor();
    });

    it("asks nobody for anything while it is used", () => {
      // the browser looks by itself whether there is a newer page
      const others = server.asked.slice(asked).filter((line) => line !== "GET /service-worker.js");
      assert.deepEqual(others, []);
      assert.deepEqual(
        requests.filter((url) => !url.startsWith("blob:")),
        [],
      );
      assert.deepEqual(studio.complaints, []);
    });

    it("works without a network after the first visit, and remembers what it has labelled", async () => {
      await server.close();
      await studio.page.reload();
      await networkIsReady(studio.page);
      await studio.page.getByText("6 photos labelled").waitFor();
      assert.equal((await studio.search("disc > 0.5")).length, 3);
      await studio.page.getByRole("button", { name: "Use drawn shapes" }).click();
      await studio.page.getByText("24 photos", { exact: true }).nth(2).waitFor();
    });
  });

  describe("on the graphics card", () => {
    let server: FolderServer;
    let studio: StudioPage;

    before(async () => {
      server = await serveFolder(built);
      studio = await openStudio(browser, `${server.url}?device=webgpu`);
    });
    after(async () => {
      await studio?.context.close();
      await server?.close();
    });

    it("says in words that a file is no network, and takes another one that is", async () => {
      const { page } = studio;
      await page.locator(".workplace summary").click();
      await page.getByText(/Now: graphics card/).waitFor();
      await studio.choose("Choose another network", [{ name: "broken.onnx", bytes: Buffer.from("not a network") }]);
      await page.getByText("This file is no ONNX network").waitFor();
      await page.getByRole("button", { name: "Close this message" }).click();
      const graph = atPictureSize(residualCnn({ classes: 2, width: 4 }), 28);
      const bytes = encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() });
      await studio.choose("Choose another network", [{ name: "small.onnx", bytes: Buffer.from(bytes) }]);
      await page.getByText(/small\.onnx, 0\.0 million weights, sees 28 × 28 pixels/).waitFor();
    });

    it("trains all layers, and gives a file with the same weights for the command line", async () => {
      const { page } = studio;
      await studio.choose("Choose photos for Class 1", await drawn("disc", 8, TINY));
      await studio.choose("Choose photos for Class 2", await drawn("stripes", 8, TINY));
      await page.getByText("8 photos", { exact: true }).nth(1).waitFor();
      await page.getByRole("radio", { name: /All layers at once/ }).check();
      await page.getByLabel("Rounds through all photos").fill("1");
      await studio.train();
      const photo = await picture("disc", 300, TINY);
      const weights = await studio.weigh(photo);
      const [said] = await commandLine(await studio.download(folder), [savePicture(folder, photo)]);
      expectAlike(said, weights, 1e-3);
      assert.deepEqual(
        studio.complaints.filter((text) => !text.includes("broken.onnx")),
        [],
      );
    });

    it("goes on with a file that it made", async () => {
      const { page } = studio;
      const bytes = readFileSync(join(folder, "model.onnx"));
      await page.reload();
      await networkIsReady(page);
      await page.locator(".workplace summary").click();
      await studio.choose("Choose another network", [{ name: "model.onnx", bytes }]);
      const weights = await studio.weigh(await picture("disc", 300, TINY));
      assert.deepEqual([...weights.keys()].toSorted(), ["Class 1", "Class 2"]);
    });
  });

  it("computes on the processor where there is no WebGPU, and says so", async () => {
    const server = await serveFolder(built);
    const plain = await launchChromium(chromium ?? "");
    try {
      const { page } = await openStudio(plain, `${server.url}?device=webgpu`);
      await page.locator(".workplace summary").click();
      await page.getByText(/Now: processor, .*, because this browser (has no WebGPU|finds no graphics card)/).waitFor();
    } finally {
      await plain.close();
      await server.close();
    }
  });
});

/** What the command line says of a picture, by label. */
async function commandLine(model: string, paths: readonly string[]): Promise<readonly ReadonlyMap<string, number>[]> {
  const { stdout, stderr, code } = await runHere(["label", model, ...paths, "--min-weight", "0", "--json"]);
  assert.equal(code, 0, stderr);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as CliLine);
  return lines.map(({ labels }) => new Map(labels.map(({ label, weight }) => [label, weight])));
}

interface CliLine {
  readonly file: string;
  readonly labels: readonly { readonly label: string; readonly weight: number }[];
}

function expectAlike(
  found: ReadonlyMap<string, number> | undefined,
  expected: ReadonlyMap<string, number> | undefined,
  tolerance: number,
): void {
  assert.deepEqual([...(found?.keys() ?? [])].toSorted(), [...(expected?.keys() ?? [])].toSorted());
  for (const [label, weight] of found ?? []) {
    const other = expected?.get(label) ?? Number.NaN;
    assert.ok(Math.abs(weight - other) < tolerance, `${label}: ${weight} and ${other}`);
  }
}

function drawn(
  kind: "disc" | "stripes",
  count: number,
  options: Parameters<typeof picture>[2],
  first = 0,
): Promise<readonly Picture[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => picture(kind, first + i, options)));
}

function namesOf(pictures: readonly Picture[]): readonly string[] {
  return pictures.map(({ name }) => name).toSorted();
}

function top(weights: ReadonlyMap<string, number> | undefined): string | undefined {
  return [...(weights ?? [])].toSorted((a, b) => b[1] - a[1])[0]?.[0];
}
