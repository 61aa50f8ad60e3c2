import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import sharp from "sharp";
import { contactSheetHtml, contactSheetPng, sharpDecoder } from "../../toolkit/node.ts";
import type { Chart, ContactSheet, Hit } from "../../toolkit/node.ts";
import { count } from "./talk.ts";

/** What a search found. */
export interface Found {
  readonly query: string;
  /** Those that are shown. */
  readonly hits: readonly Hit[];
  readonly total: number;
}

const SIDE_PX = 240;
/** Labels below a picture: the second one tells how sure the first is. */
const LABELS = 2;

export interface SheetOptions {
  readonly folder: string;
  readonly title: string;
  readonly note: string;
  readonly charts: readonly Chart[];
  /** Files are named from here on. */
  readonly photos: string;
}

/** Writes the hits beside the training curves as search.html and search.png into `folder`; returns their paths. */
export async function writeSheet(
  found: readonly Found[],
  { folder, photos, ...about }: SheetOptions,
): Promise<{ html: string; png: string }> {
  const sections = await Promise.all(
    found.map(async ({ query, hits, total }) => ({
      title: query,
      note: total > hits.length ? `the first ${hits.length} of ${count(total, "hit")}` : count(total, "hit"),
      hits: await Promise.all(hits.map((hit) => tile(hit, photos))),
    })),
  );
  const sheet: ContactSheet = { ...about, sections };
  const html = join(folder, "search.html");
  const png = join(folder, "search.png");
  await writeFile(html, await contactSheetHtml(sheet));
  await writeFile(png, await contactSheetPng(sheet, sharpDecoder()));
  return { html, png };
}

async function tile({ paths, labels }: Hit, photos: string): Promise<ContactSheet["sections"][number]["hits"][number]> {
  const [path = ""] = paths;
  const picture = await sharp(path)
    .autoOrient()
    .resize(SIDE_PX, SIDE_PX, { fit: "cover", kernel: "cubic" })
    .jpeg({ quality: 85 })
    .toBuffer();
  return { picture, labels: labels.slice(0, LABELS), caption: relative(photos, path).replaceAll("\\", "/") };
}
