import { atLeast, DECODERS_OPTION, defineCommand, SHARE } from "../command.ts";
import type { Command } from "../command.ts";
import { answersText } from "../answers-text.ts";
import { DEVICE_OPTION, pickQuietly } from "../device-option.ts";
import { given } from "../given.ts";
import { testTimeViewsIn, TTA_OPTION } from "../test-time-option.ts";
import { judgeUnreadable, MAX_BAD_OPTION, sayLeftOut, sortBad } from "../unreadable.ts";
import type { Unreadable } from "../unreadable.ts";

/** Labels of less weight are left out where the model does not say from where on they count. */
const MIN_WEIGHT = 0.01;

export const label: Command = defineCommand({
  name: "label",
  summary: "Write the labels of photos, a line each",
  examples: ["label runs/photos-1/model.onnx holiday/", "label bundled cat.jpg --top 1 --json"],
  positionals: {
    model: { help: "an ONNX file, or the name of a model (see: onnx-graft models)" },
    photos: { help: "photos, and folders of photos", many: true },
  },
  options: {
    top: { type: "integer", default: 3, range: atLeast(1), help: "most labels of a photo" },
    minWeight: {
      type: "number",
      range: SHARE,
      value: "weight",
      help: "leave out labels below it (default: the thresholds in the model's file, else 0.01)",
    },
    tta: TTA_OPTION,
    maxBad: MAX_BAD_OPTION,
    threads: { type: "integer", range: atLeast(1), help: "threads of the runtime (default: all cores)" },
    device: DEVICE_OPTION,
    decoders: DECODERS_OPTION,
    json: { type: "boolean", help: "one JSON value a photo" },
  },
  stoppable: true,
  async run({ options, positionals, out, signal }) {
    const views = testTimeViewsIn(options.tta);
    const { listPhotos, openModel, openTagger } = await import("../../toolkit/node.ts");
    const { photos, bad } = await listPhotos(positionals.photos);
    const { unreadable: lost, others } = sortBad(bad);
    sayLeftOut(out, others);
    if (photos.length + lost.length === 0)
      out.warn(`there is no photo in ${positionals.photos.map((path) => `"${path}"`).join(", ")}`);
    const source = await openModel(positionals.model, { signal });
    const device = await pickQuietly(options.device, { out, signal });
    const tagger = await openTagger(source, {
      device,
      ...given({ threads: options.threads, decodeProcesses: options.decoders, views }),
    });
    const unreadable: Unreadable[] = [...lost];
    try {
      for (const { file, code, message } of out.wantsJson ? lost : []) out.json({ file, error: { code, message } });
      const { top } = options;
      const minWeight = options.minWeight ?? (tagger.metadata.thresholds ? undefined : MIN_WEIGHT);
      for await (const photo of tagger.labelAll(photos, { top, signal, ...given({ minWeight }) })) {
        if (out.closed) break;
        if ("error" in photo) {
          unreadable.push({ file: photo.file, ...photo.error });
          if (out.wantsJson) out.json({ file: photo.file, error: photo.error });
        } else if (out.wantsJson) {
          const { file, labels, heads, numbers } = photo;
          out.json({ file, labels, ...given({ heads, numbers }) });
        } else {
          out.data(`${photo.file}  ${answersText(photo)}`);
        }
      }
    } finally {
      await tagger.close();
    }
    return judgeUnreadable(out, { unreadable, total: photos.length + lost.length, maxBad: options.maxBad });
  },
});
