import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Browser } from "playwright-core";
import { installTfjs } from "../bench/tfjs.ts";
import { root } from "../support/fixtures.ts";
import { type FolderServer, serveFolder } from "./serve-folder.ts";

/** What the page of test/bench/peers/teachable took for the same photos. */
export interface TeachableSeconds {
  readonly photos: number;
  readonly featureSeconds: number;
  readonly headSeconds: number;
}

/** Trains a head in the way of Teachable Machine, in a page of its own with TensorFlow.js on wasm. */
export async function measureTeachable(
  browser: Browser,
  classes: ReadonlyMap<string, readonly string[]>,
  threads: number,
): Promise<TeachableSeconds> {
  const tfjs = installTfjs();
  const folder = mkdtempSync(join(tmpdir(), "teachable-"));
  let server: FolderServer | undefined;
  try {
    copyPage(folder, tfjs.folder);
    server = await serveFolder(folder);
    const page = await browser.newPage();
    page.setDefaultTimeout(600_000);
    await page.goto(`${server.url}?threads=${threads}&classes=${classes.size}`);
    await page.locator("button:enabled").waitFor();
    for (const [i, files] of [...classes.values()].entries())
      await page
        .locator("input")
        .nth(i)
        .setInputFiles([...files]);
    await page.locator("button").click();
    const output = page.locator("output:not(:empty)");
    await output.waitFor();
    const result = JSON.parse(await output.innerText()) as TeachableSeconds & { error?: string };
    if (result.error !== undefined) throw new Error(`Cannot measure TensorFlow.js: ${result.error}`);
    await page.close();
    return result;
  } finally {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
    tfjs.remove();
  }
}

/** The page, and what it loads of TensorFlow.js. */
function copyPage(folder: string, tfjsFolder: string): void {
  const copy = (from: string): void => copyFileSync(from, join(folder, basename(from)));
  const peers = join(root, "test/bench/peers");
  for (const name of ["index.html", "teachable.js"]) copy(join(peers, "teachable", name));
  copy(join(peers, "tfjs-networks.mjs"));
  const distOf = (name: string): string => join(tfjsFolder, "node_modules/@tensorflow", name, "dist");
  copy(join(distOf("tfjs"), "tf.min.js"));
  const wasm = distOf("tfjs-backend-wasm");
  copy(join(wasm, "tf-backend-wasm.min.js"));
  for (const name of readdirSync(wasm).filter((file) => file.endsWith(".wasm"))) copy(join(wasm, name));
}
