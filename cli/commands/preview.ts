import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { errorCode, errorMessage, ToolkitError } from "../../toolkit/errors.ts";
import { atLeast, DECODERS_OPTION, defineCommand, FACTOR, JSON_OPTION } from "../command.ts";
import type { Command } from "../command.ts";
import { counted } from "../format.ts";
import { given } from "../given.ts";
import type { Output } from "../output.ts";
import { readTargets } from "../train/targets-option.ts";
import type { AugmentSettings } from "../../toolkit/data/augment.ts";
import type { Dataset } from "../../toolkit/data/dataset.ts";
import type { Sample } from "../../toolkit/data/sample.ts";
import type { PhotoDecoder, View } from "../../toolkit/data/view.ts";
import type { SheetSection } from "../../toolkit/report/contact-sheet.ts";

const ENDINGS = new Set([".html", ".png"]);

export const preview: Command = defineCommand({
  name: "preview",
  summary: "Show photos as a network sees them, evaluated and augmented",
  examples: ["preview photos/", "preview photos/ --augmentation rotate:degrees=15+trivial-augment --out preview.png"],
  positionals: { data: { help: "folders of photos, a table, an archive" } },
  options: {
    augmentation: {
      type: "string",
      value: "text",
      help: "steps joined by +, such as rotate:degrees=15,probability=0.5+trivial-augment (default: a random crop and flip)",
    },
    cropScale: { type: "number", default: 0.08, range: FACTOR, help: "smallest share of a photo in a random crop" },
    photos: { type: "integer", default: 8, range: atLeast(1), help: "photos that are shown" },
    views: {
      type: "integer",
      default: 4,
      range: atLeast(1),
      help: "augmented views of each: those of the first epochs",
    },
    size: { type: "integer", default: 224, range: atLeast(1), value: "px", help: "side of the picture that is seen" },
    resize: {
      type: "integer",
      range: atLeast(1),
      value: "px",
      help: "shorter side of a photo before the middle is cut out (default: the size * 256 / 224)",
    },
    targets: { type: "string", value: "columns", help: "the columns of a table that are learnt, as in train" },
    seed: { type: "integer", default: 0, range: atLeast(0), help: "seed of everything random" },
    out: { type: "string", default: "preview.html", value: "file", help: "an .html or .png file" },
    decoders: DECODERS_OPTION,
    json: JSON_OPTION,
  },
  async run({ options, positionals: { data }, out }) {
    const { augmentation, photos, views, size, resize = Math.round((size * 256) / 224), seed, out: file } = options;
    if (!ENDINGS.has(extname(file).toLowerCase())) {
      throw new ToolkitError("E_USAGE", `Cannot use --out "${file}": expected a name that ends in .html or .png`, {
        hint: "the ending says how the sheet is written",
      });
    }
    if (resize < size) {
      throw new ToolkitError("E_USAGE", `Cannot use --resize "${resize}": expected --size, ${size}, or more`);
    }
    const { cacheFolder, photoDecoder, readDataset } = await import("../../toolkit/node.ts");
    const { photoFetcher } = await import("../photo-fetcher.ts");
    const { epochOrder } = await import("../../toolkit/data/augment.ts");
    const { parseAugmentation } = await import("../../toolkit/data/augment-text.ts");
    const settings = {
      minArea: options.cropScale,
      ...(augmentation === undefined ? {} : parseAugmentation(augmentation)),
    };
    const fetchFile = photoFetcher({ cacheFolder: cacheFolder() });
    const targets = options.targets === undefined ? {} : { targets: readTargets(options.targets) };
    const dataset = await readDataset(data, { seed, fetchFile, ...targets });
    const { train } = dataset;
    const chosen = [...epochOrder(train.length, seed, 0)].slice(0, photos);
    const decoder = photoDecoder(given({ processes: options.decoders }));
    try {
      const look: Look = { decoder, view: { sizePx: size, resizePx: resize }, views, seed, settings };
      const sections: SheetSection[] = [];
      for (const index of chosen) {
        const sample = train[index] as Sample;
        const section = await sectionOf(sample, index, dataset, look, out);
        if (section) sections.push(section);
      }
      if (sections.length === 0) {
        throw new ToolkitError("E_DATA_EMPTY", `Cannot show any of ${counted(chosen.length, "photo")} of "${data}"`);
      }
      await writeSheet(file, { title: "onnx-graft preview", note: augmentation ?? "crop and flip", sections, decoder });
      if (out.wantsJson) out.json({ file, photos: sections.length, views });
      else out.data(file);
    } finally {
      await decoder.close();
    }
  },
});

interface Look {
  readonly decoder: PhotoDecoder;
  readonly view: View;
  readonly views: number;
  readonly seed: number;
  readonly settings: AugmentSettings;
}

/** A photo's views, that of evaluation first; nothing where it cannot be read. */
async function sectionOf(
  sample: Sample,
  index: number,
  dataset: Dataset,
  { decoder, view, views, seed, settings }: Look,
  out: Output,
): Promise<SheetSection | undefined> {
  const { viewPhoto } = await import("../../toolkit/data/view.ts");
  const { sourceOf } = await import("../../toolkit/data/decode-photo.ts");
  const shown = [
    { caption: "evaluated", view },
    // as training draws them: sample and epoch decide
    ...Array.from({ length: views }, (_, epoch) => ({
      caption: `epoch ${epoch + 1}`,
      view: { ...view, crop: { seed, epoch, sample: index, settings } },
    })),
  ];
  try {
    const hits = [];
    for (const { caption, view: one } of shown) {
      hits.push({ picture: await viewPhoto(decoder, sourceOf(sample), one), labels: [], caption });
    }
    return { title: sample.id, note: targetText(sample, dataset), hits };
  } catch (error) {
    if (!errorCode(error)?.startsWith("E_IMAGE_")) throw error;
    out.warn(errorMessage(error));
    return undefined;
  }
}

/** What is learnt of a photo: its labels, and its numbers with their columns' names. */
function targetText({ label, labels = [label], more = [], numbers = [] }: Sample, dataset: Dataset): string {
  const { classes, more: sets = [], columns = [] } = dataset;
  const own = labels.flatMap((place) => classes[place] ?? []);
  const others = more.flatMap((places, set) => places.flatMap((place) => sets[set]?.classes[place] ?? []));
  const known = numbers.flatMap((value, i) => (Number.isNaN(value) ? [] : [`${columns[i] ?? ""} ${value}`]));
  return [...own, ...others, ...known].join(", ");
}

async function writeSheet(
  file: string,
  { decoder, ...sheet }: { title: string; note: string; sections: readonly SheetSection[]; decoder: PhotoDecoder },
): Promise<void> {
  const { contactSheetHtml, contactSheetPng } = await import("../../toolkit/node.ts");
  const isPng = extname(file).toLowerCase() === ".png";
  try {
    await writeFile(file, isPng ? await contactSheetPng(sheet, decoder) : await contactSheetHtml(sheet));
  } catch (cause) {
    throw new ToolkitError("E_WRITE", `Cannot write "${file}": ${errorMessage(cause)}`, { cause });
  }
}
