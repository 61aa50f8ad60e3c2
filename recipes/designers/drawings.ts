import { execFile, spawn } from "node:child_process";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ToolkitError } from "../../toolkit/node.ts";

/** One drawing for the process that makes pixels of it. */
export interface Drawing {
  readonly svg: string;
  readonly file: string;
  readonly sizePx: number;
}

/** A picture of a thing: which thing, of which class, drawn by whom. */
export interface Drawn {
  readonly file: string;
  readonly designer: string;
  /** The code points of the character that it stands for. */
  readonly thing: string;
  readonly label: string;
}

/** Four hands that drew the same things, as npm packages. */
export const DESIGNERS = ["noto", "twemoji", "fluent-emoji-flat", "openmoji"] as const;
const PACKAGES: Readonly<Record<(typeof DESIGNERS)[number], string>> = {
  noto: "1.2.9",
  twemoji: "1.2.5",
  "fluent-emoji-flat": "1.2.6",
  openmoji: "1.2.29",
};

interface IconSet {
  readonly icons: Readonly<
    Record<string, { readonly body: string; readonly width?: number; readonly height?: number }>
  >;
  readonly width?: number;
  readonly height?: number;
}

/** The folder of the packages, which npm checks and installs there once. */
async function installed(folder: string): Promise<string> {
  const place = join(folder, "node_modules", "@iconify-json");
  const isThere = await Promise.all(DESIGNERS.map((name) => stat(join(place, name)).catch(() => undefined)));
  if (isThere.every(Boolean)) return place;
  console.log("Fetching the drawings from npm's registry: once, 50 MB ...");
  await mkdir(folder, { recursive: true });
  const wanted = DESIGNERS.map((name) => `@iconify-json/${name}@${PACKAGES[name]}`);
  const command = process.platform === "win32" ? "npm.cmd" : "npm";
  await promisify(execFile)(command, ["install", "--prefix", folder, "--no-save", "--ignore-scripts", ...wanted], {
    shell: process.platform === "win32",
  });
  return place;
}

/** Every thing of the classes, drawn by each designer who has it, as PNG files of `sizePx` on white below `folder`. */
export async function drawings(
  folder: string,
  things: ReadonlyMap<string, string>,
  sizePx: number,
): Promise<readonly Drawn[]> {
  const place = await installed(folder);
  const pictures = join(folder, `pictures-${sizePx}`);
  const all: Drawn[] = [];
  const missing: Drawing[] = [];
  for (const designer of DESIGNERS) {
    const read = async (name: string): Promise<unknown> =>
      JSON.parse(await readFile(join(place, designer, name), "utf8"));
    const set = (await read("icons.json")) as IconSet;
    const names = new Map(Object.entries((await read("chars.json")) as Record<string, string>));
    for (const [thing, label] of things) {
      const icon = set.icons[names.get(thing) ?? names.get(`${thing}-fe0f`) ?? ""];
      if (!icon) continue;
      const file = join(pictures, designer, label, `${thing}.png`);
      all.push({ file, designer, thing, label });
      if (!(await stat(file).catch(() => undefined))) missing.push({ svg: svgOf(icon, set), file, sizePx });
    }
  }
  if (missing.length > 0) await draw(missing);
  return all;
}

function svgOf(icon: IconSet["icons"][string], { width = 16, height = 16 }: IconSet): string {
  const box = `0 0 ${icon.width ?? width} ${icon.height ?? height}`;
  const names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
  return `<svg ${names} viewBox="${box}" width="128" height="128">${icon.body}</svg>`;
}

/** In a process of its own. Files get their names when they are whole. */
async function draw(list: readonly Drawing[]): Promise<void> {
  console.log(`Drawing ${list.length} pictures ...`);
  const own = import.meta.url.endsWith(".ts") ? "./draw.ts" : "./draw.js";
  const unfinished = list.map((d) => ({ ...d, file: `${d.file}.part` }));
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL(own, import.meta.url))], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  child.stdin.end(JSON.stringify(unfinished));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code !== 0) {
    await Promise.all(unfinished.map(({ file }) => rm(file, { force: true })));
    throw new ToolkitError(
      "E_IMAGE_DECODE",
      `Cannot draw the pictures: the process that does it ended with exit code ${code}`,
    );
  }
  for (const { file } of list) await rename(`${file}.part`, file);
}
