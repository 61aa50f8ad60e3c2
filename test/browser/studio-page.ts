import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import type { Picture } from "./pictures.ts";

/** Longest wait for anything, in milliseconds: the machine may have much else to do. */
const PATIENCE = 90_000;

/** The page as somebody uses it. */
export interface StudioPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained about: errors of scripts, and what the page's policy forbade. */
  readonly complaints: readonly string[];
  /** Chooses files with the button of this name. */
  choose(button: string, files: readonly Picture[]): Promise<void>;
  /** Drops files on a class, by its place. */
  drop(place: number, files: readonly Picture[]): Promise<void>;
  /** Trains, and waits for what it came to: the share of photos put aside that it gets right. */
  train(): Promise<number>;
  /** What it says of a photo: weights by label. */
  weigh(photo: Picture): Promise<ReadonlyMap<string, number>>;
  /** Saves the file it offers, and returns its path. */
  download(folder: string): Promise<string>;
  search(query: string): Promise<readonly string[]>;
}

export async function openStudio(browser: Browser, url: string): Promise<StudioPage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(url);
  await networkIsReady(page);
  const asFiles = (files: readonly Picture[]): { name: string; mimeType: string; buffer: Buffer }[] =>
    files.map(({ name, bytes }) => ({ name, mimeType: mimeOf(name), buffer: bytes }));
  const choose = async (button: string, files: readonly Picture[]): Promise<void> => {
    const choosing = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: button }).click();
    await (await choosing).setFiles(asFiles(files));
  };
  return {
    page,
    context,
    complaints,
    choose,
    drop: (place, files) => dropOn(page.locator(".class").nth(place), files),
    async train() {
      await page.getByRole("button", { name: /^Train/ }).click();
      // the last one's result goes away with the first click
      await page.getByRole("button", { name: /^Train/ }).waitFor({ state: "detached" });
      await page.locator(".score").waitFor();
      return Number.parseInt(await page.locator(".score").innerText(), 10) / 100;
    },
    async weigh(photo) {
      await choose("Choose a photo to try", [photo]);
      await page.getByRole("img", { name: photo.name }).and(page.locator(".view img")).waitFor();
      // the map is of the same look as the weights
      await page.locator(".heat").waitFor();
      await page.waitForTimeout(300);
      const rows = await page
        .locator(".bars li")
        .evaluateAll((items) =>
          items.map((item): [string, number] => [
            item.querySelector(".bar-name")?.textContent ?? "",
            Number((item as HTMLElement).style.getPropertyValue("--weight")),
          ]),
        );
      return new Map(rows);
    },
    async download(folder) {
      const downloading = page.waitForEvent("download");
      await page.getByRole("button", { name: "Download model.onnx" }).click();
      const path = join(folder, "model.onnx");
      await (await downloading).saveAs(path);
      return path;
    },
    async search(query) {
      await page.getByRole("searchbox").fill(query);
      await page.getByRole("button", { name: "Search", exact: true }).click();
      await page.waitForTimeout(500);
      return page.locator(".found-name").allInnerTexts();
    },
  };
}

/** What somebody reads there once the network is loaded. */
export async function networkIsReady(page: Page): Promise<void> {
  await page.getByText(/million weights.*computes on/).waitFor({ timeout: PATIENCE });
}

function mimeOf(name: string): string {
  if (name.endsWith(".png")) return "image/png";
  return name.endsWith(".jpg") ? "image/jpeg" : "application/octet-stream";
}

async function dropOn(target: Locator, files: readonly Picture[]): Promise<void> {
  const plain = files.map(({ name, bytes }) => ({ name, type: mimeOf(name), data: bytes.toString("base64") }));
  const transfer = await target.page().evaluateHandle((items) => {
    const made = new DataTransfer();
    for (const { name, type, data } of items) {
      const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
      made.items.add(new File([bytes], name, { type }));
    }
    return made;
  }, plain);
  await target.dispatchEvent("drop", { dataTransfer: transfer });
}

/** Writes a picture into a folder, and returns its path. */
export function savePicture(folder: string, { name, bytes }: Picture): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Watches the page's own thread: the seconds that it has computed until the answer is asked for, however busy the machine is with other things. */
export async function busySeconds({ page, context }: StudioPage): Promise<() => Promise<number>> {
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const spent = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
  };
  const before = await spent();
  return async () => (await spent()) - before;
}
