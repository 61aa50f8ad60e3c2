/**
 * Seconds from photos to a trained head in the page, on the processor: `node measure-training.js FOLDER [OUT.json] [PHOTOS]`, where FOLDER has a folder of photos for
 * each class. Times are of a visitor with a warm cache: the page, its network and the runtime are loaded before. The way of Teachable Machine, by TensorFlow.js on wasm, is
 * measured after it on the same photos in the same browser.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { describeMachine } from "../bench/machine.ts";
import { readJson, root } from "../support/fixtures.ts";
import { buildPage } from "./build-page.ts";
import { chromiumPath, launchChromium } from "./chromium.ts";
import { serveFolder } from "./serve-folder.ts";
import { openStudio } from "./studio-page.ts";
import { measureTeachable } from "./teachable-page.ts";

const [loadBefore] = loadavg();
const [folder, out = join(root, "test/bench/results/browser.json"), photos = "200"] = process.argv.slice(2);
const chromium = chromiumPath();
if (folder === undefined || chromium === undefined)
  throw new Error("usage: measure-training FOLDER [OUT.json] [PHOTOS], with a chromium");

const classes = readdirSync(folder).toSorted();
/** What the page takes for itself. */
const THREADS = Math.min(4, availableParallelism());
const each = Math.floor(Number(photos) / classes.length);
const built = await buildPage();
const server = await serveFolder(built);
const browser = await launchChromium(chromium);
try {
  const studio = await openStudio(browser, `${server.url}?device=wasm`);
  const { page } = studio;
  page.setDefaultTimeout(600_000);
  for (let i = 2; i < classes.length; i++) await page.getByRole("button", { name: "Add a class" }).click();
  for (const [i, name] of classes.entries()) await page.getByLabel(`Name of class ${i + 1}`).fill(name);
  const files = new Map(classes.map((name) => [name, photosOf(join(folder, name))]));
  const began = performance.now();
  for (const [name, own] of files) {
    const choosing = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: `Choose photos for ${name}` }).click();
    await (await choosing).setFiles([...own]);
  }
  await page.getByText(`${each * classes.length} photos in ${classes.length} classes`).waitFor();
  const read = performance.now();
  const right = await studio.train();
  const trained = performance.now();
  await page.locator(".grades").waitFor();
  const again = performance.now();
  await studio.train();
  const retrained = performance.now();
  await studio.context.close();
  const beside = await measureTeachable(browser, files, THREADS);
  const seconds = (from: number, to: number): number => rounded((to - from) / 1000);
  const { dependencies: _none, devDependencies } = readJson<{
    dependencies: unknown;
    devDependencies: Record<string, string>;
  }>(join(root, "package.json"));
  const machine = describeMachine(undefined);
  const result = {
    what: "Seconds to train a head in the page of recipes/browser, on wasm",
    photos: each * classes.length,
    classes,
    network: "bundled ResNet18 at 128 px",
    rounds: 30,
    seconds: {
      readingPhotos: seconds(began, read),
      featuresAndHead: seconds(read, trained),
      together: seconds(began, trained),
      trainingAgain: seconds(again, retrained),
    },
    rightOnPhotosPutAside: right,
    teachableMachinesWay: {
      what: "TensorFlow.js 4.22 on wasm: MobileNetV2 0.35 at 224 px (random weights), a head of 100 hidden units, 50 epochs",
      seconds: {
        readingAndFeatures: rounded(beside.featureSeconds),
        head: rounded(beside.headSeconds),
        together: rounded(beside.featureSeconds + beside.headSeconds),
      },
    },
    /** Above 1: ours is quicker. */
    ratio: Math.round((100 * 1000 * (beside.featureSeconds + beside.headSeconds)) / (trained - began)) / 100,
    browser: `Chromium ${browser.version()}`,
    "onnxruntime-web": devDependencies["onnxruntime-web"],
    cpu: machine.cpu,
    threads: THREADS,
    // beside what is measured itself, of a machine that may have had other work
    loadAverageBefore: loadBefore,
  };
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(result, undefined, 2)}\n`);
  console.log(JSON.stringify(result.seconds));
} finally {
  await browser.close();
  await server.close();
  rmSync(built, { recursive: true, force: true });
}

/** Paths: the browser opens the files itself, as it does for a visitor. */
function photosOf(path: string): readonly string[] {
  const files = readdirSync(path).toSorted().slice(0, each);
  return files.map((file) => join(path, file));
}

function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
