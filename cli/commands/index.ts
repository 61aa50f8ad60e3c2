import { resolve } from "node:path";
import { atLeast, DECODERS_OPTION, defineCommand, JSON_OPTION, SHARE } from "../command.ts";
import type { Command } from "../command.ts";
import { DEVICE_OPTION, pickQuietly } from "../device-option.ts";
import { counted } from "../format.ts";
import { given } from "../given.ts";
import { judgeUnreadable, MAX_BAD_OPTION, sayLeftOut, sortBad } from "../unreadable.ts";
import type { Unreadable } from "../unreadable.ts";

export const INDEX_OPTION = { type: "string", default: "photos.db", value: "file", help: "the index" } as const;

export const index: Command = defineCommand({
  name: "index",
  summary: "Label photos into an index that can be searched",
  examples: ["index runs/photos-1/model.onnx holiday/ --index photos.db"],
  positionals: {
    model: { help: "an ONNX file, or the name of a model" },
    photos: { help: "photos, and folders of photos", many: true },
  },
  options: {
    index: INDEX_OPTION,
    top: { type: "integer", default: 20, range: atLeast(1), help: "most labels kept for a photo" },
    minWeight: { type: "number", default: 0.001, range: SHARE, value: "weight", help: "leave out labels below it" },
    maxBad: MAX_BAD_OPTION,
    threads: { type: "integer", range: atLeast(1), help: "threads of the runtime (default: all cores)" },
    device: DEVICE_OPTION,
    decoders: DECODERS_OPTION,
    json: JSON_OPTION,
  },
  stoppable: true,
  async run({ options, positionals, out, signal }) {
    const { listPhotos, openIndex, openModel, openTagger, tagPhotos } = await import("../../toolkit/node.ts");
    const { photos, bad } = await listPhotos(positionals.photos);
    const { unreadable: lost, others } = sortBad(bad);
    sayLeftOut(out, others);
    const source = await openModel(positionals.model, { signal });
    const device = await pickQuietly(options.device, { out, signal });
    const tagger = await openTagger(source, {
      device,
      ...given({ threads: options.threads, decodeProcesses: options.decoders }),
    });
    const counts = { labelled: 0, unchanged: 0, failed: 0 };
    const unreadable: Unreadable[] = [...lost];
    try {
      const photoIndex = await openIndex(options.index);
      const bar = out.progress({ total: photos.length, label: "photos", transient: true });
      try {
        const { top, minWeight } = options;
        const work = { tagger, index: photoIndex, model: source, top, minWeight, signal, labelledAt: Date.now() };
        // where a search is made from must not matter
        const paths = photos.map((path) => resolve(path));
        let done = 0;
        for await (const { file, status, code = "", message = "" } of tagPhotos(paths, work)) {
          counts[status]++;
          if (status === "failed") unreadable.push({ file, code, message });
          bar.update(++done);
        }
      } finally {
        bar.stop();
        await photoIndex.close();
      }
    } finally {
      await tagger.close();
    }
    const { labelled, unchanged, failed } = counts;
    if (out.wantsJson) out.json({ index: options.index, labelled, unchanged, failed: unreadable.length });
    else {
      out.data(`${options.index}: ${counted(labelled, "photo")} labelled, ${unchanged} unchanged, ${failed} failed`);
      out.say(`Search it: npx onnx-graft search ${JSON.stringify(tagger.labels[0])} --index ${options.index}`);
    }
    return judgeUnreadable(out, { unreadable, total: photos.length + lost.length, maxBad: options.maxBad });
  },
});
