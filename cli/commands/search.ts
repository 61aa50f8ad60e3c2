import { stat, writeFile } from "node:fs/promises";
import { extname, isAbsolute, relative } from "node:path";
import { ToolkitError } from "../../toolkit/errors.ts";
import { atLeast, defineCommand, SHARE } from "../command.ts";
import type { Command } from "../command.ts";
import { counted, labelText } from "../format.ts";
import { INDEX_OPTION } from "./index.ts";
import type { Output } from "../output.ts";
import type { Hit } from "../../toolkit/search/label-index.ts";

/** Labels of a hit that people are shown. */
const SHOWN = 3;

export const search: Command = defineCommand({
  name: "search",
  summary: "Find photos by their labels",
  examples: [
    'search "cat AND NOT dog" --index photos.db',
    'search "cat>0.8 OR lynx^2" --rank cosine --limit 50',
    'search "-dog" --sheet found.html',
  ],
  positionals: {
    query: {
      help: "labels with AND, OR, NOT, -label, label>0.8, label^2, lab*, (...)",
      many: true,
      optional: true,
      minus: true,
    },
  },
  options: {
    index: INDEX_OPTION,
    limit: { type: "integer", default: 20, range: atLeast(1), help: "most photos" },
    rank: {
      type: "choice",
      choices: ["weight", "cosine"],
      default: "weight",
      help: "by the weights themselves, or as vectors, where rare labels count more",
    },
    minWeight: {
      type: "number",
      // with none, NOT would rule out every photo that a softmax gives a thousandth of the label
      default: 0.1,
      range: SHARE,
      value: "weight",
      help: "what a label must reach to count, for NOT too",
    },
    labels: { type: "boolean", help: "list the labels that can be searched instead" },
    sheet: { type: "string", value: "file", help: "write the photos found to an .html or .png file" },
    json: { type: "boolean", help: "write one JSON document to stdout" },
  },
  async run({ options, positionals, out }) {
    const { index: path, sheet, limit, rank, minWeight } = options;
    const query = positionals.query.join(" ");
    if (positionals.query.length > 0 === options.labels) {
      throw new ToolkitError("E_USAGE", "Cannot search: expected a query, or --labels", {
        hint: 'for example: onnx-graft search "cat AND NOT dog"',
      });
    }
    if (sheet !== undefined && ![".html", ".png"].includes(extname(sheet).toLowerCase())) {
      throw new ToolkitError("E_USAGE", `Cannot use --sheet "${sheet}": expected a name that ends in .html or .png`, {
        hint: "the ending says how the sheet is written",
      });
    }
    // opening would say it less well
    if (!(await stat(path).catch(() => undefined))) {
      throw new ToolkitError("E_STORE", `Cannot open the index "${path}": there is no such file`, {
        hint: `name one with --index, or make it: onnx-graft index MODEL PHOTOS... --index ${path}`,
      });
    }
    const { openIndex } = await import("../../toolkit/search/open-index.ts");
    const index = await openIndex(path, { readOnly: true });
    try {
      if (options.labels) return sayLabels(out, await index.labels());
      const hits = await index.search(query, { limit, rank, minWeight });
      if (sheet !== undefined) await writeSheet(sheet, query, hits);
      if (out.wantsJson)
        out.json({ query, rank, hits: hits.map(({ paths, score, labels }) => ({ paths, score, labels })) });
      else
        for (const { paths, score, labels } of hits)
          out.data(
            `${score.toFixed(3)}  ${fromHere(paths[0] ?? "")}  ${labels.slice(0, SHOWN).map(labelText).join(", ")}`,
          );
      if (hits.length === 0) out.say("no photo fits");
      if (sheet !== undefined) out.say(`wrote ${sheet}`);
    } finally {
      await index.close();
    }
  },
});

function sayLabels(out: Output, labels: readonly { readonly label: string; readonly photos: number }[]): void {
  if (out.wantsJson) out.json(labels);
  else
    out.table(
      labels.map(({ label, photos }) => [label, photos]),
      ["label", "photos"],
    );
}

/** The path from the working folder, where it leads down. */
function fromHere(path: string): string {
  const from = relative(process.cwd(), path);
  return from === "" || from.startsWith("..") || isAbsolute(from) ? path : from;
}

async function writeSheet(file: string, query: string, hits: readonly Hit[]): Promise<void> {
  const { contactSheetHtml, contactSheetPng, photoDecoder } = await import("../../toolkit/node.ts");
  const { resample, shorterSideSize } = await import("../../toolkit/images/resample.ts");
  const decoder = photoDecoder();
  const shown = [];
  for (const { paths, labels } of hits) {
    const [path = ""] = paths;
    // one that was moved or damaged since leaves an empty tile
    const pixels = await decoder.decode(path, { minSidePx: TILE_PX }).catch(() => undefined);
    const picture = pixels ? resample(pixels, shorterSideSize(pixels, TILE_PX)) : new Uint8Array(0);
    shown.push({ picture, labels: labels.slice(0, SHOWN), caption: fromHere(path) });
  }
  const contents = {
    title: "onnx-graft search",
    sections: [{ title: query, note: counted(hits.length, "photo"), hits: shown }],
  };
  const isPng = extname(file).toLowerCase() === ".png";
  try {
    await writeFile(file, isPng ? await contactSheetPng(contents, decoder) : await contactSheetHtml(contents));
  } catch (cause) {
    throw new ToolkitError("E_WRITE", `Cannot write "${file}": ${cause instanceof Error ? cause.message : ""}`, {
      cause,
    });
  } finally {
    await decoder.close();
  }
}

/** Shorter side of a picture in the sheet. */
const TILE_PX = 160;
