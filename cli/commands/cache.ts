import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { defineCommand, JSON_OPTION } from "../command.ts";
import type { Command } from "../command.ts";
import { bytesText, counted } from "../format.ts";

export const cacheList: Command = defineCommand({
  name: "cache list",
  summary: "Show what is kept on disk between runs",
  examples: ["cache list"],
  positionals: {},
  options: { json: JSON_OPTION },
  async run({ out }) {
    const { cacheFolder } = await import("../../toolkit/data/cache-folder.ts");
    const { cacheUsage } = await import("../../toolkit/data/feature-cache.ts");
    const { activationUsage } = await import("../../toolkit/data/activation-cache.ts");
    const { pictureUsage } = await import("../../toolkit/data/picture-cache.ts");
    const { tuningUsage } = await import("../../toolkit/fine-tune/tuning-cache.ts");
    const folder = cacheFolder();
    const [features, downloads] = [await cacheUsage(folder), await downloadsIn(folder)];
    const [activations, pictures] = [await activationUsage(folder), await pictureUsage(folder)];
    const tunings = await tuningUsage(folder);
    if (out.wantsJson) return out.json({ folder, features, activations, pictures, tunings, downloads });
    out.data(folder);
    out.table([
      ["features", counted(features.files, "file"), bytesText(features.bytes)],
      ["activations", counted(activations.files, "file"), bytesText(activations.bytes)],
      ["pictures", counted(pictures.files, "file"), bytesText(pictures.bytes)],
      ["tunings", counted(tunings.files, "file"), bytesText(tunings.bytes)],
      ["models", counted(downloads.length, "file"), bytesText(downloads.reduce((sum, file) => sum + file.bytes, 0))],
    ]);
  },
});

export const cacheClear: Command = defineCommand({
  name: "cache clear",
  summary: "Remove features, activations, decoded pictures and tunings, and downloaded models where asked",
  examples: ["cache clear", "cache clear --models"],
  positionals: {},
  options: { models: { type: "boolean", help: "remove downloaded models too" }, json: JSON_OPTION },
  async run({ options, out }) {
    const { cacheFolder } = await import("../../toolkit/data/cache-folder.ts");
    const { clearCache } = await import("../../toolkit/data/feature-cache.ts");
    const { clearActivations } = await import("../../toolkit/data/activation-cache.ts");
    const { clearPictures } = await import("../../toolkit/data/picture-cache.ts");
    const { clearTunings } = await import("../../toolkit/fine-tune/tuning-cache.ts");
    const folder = cacheFolder();
    const kept = [await clearCache(folder), await clearActivations(folder), await clearPictures(folder)];
    kept.push(await clearTunings(folder));
    const downloads = options.models ? await downloadsIn(folder) : [];
    for (const { file } of downloads) await rm(join(folder, file), { recursive: true, force: true });
    const files = kept.reduce((sum, usage) => sum + usage.files, downloads.length);
    const bytes = [...kept, ...downloads].reduce((sum, file) => sum + file.bytes, 0);
    if (out.wantsJson) out.json({ folder, removed: { files, bytes } });
    else out.data(`${folder}: removed ${counted(files, "file")}, ${bytesText(bytes)}`);
  },
});

/** Downloads begin with sixteen digits of their digest; nothing else in the folder is ours to remove. */
async function downloadsIn(folder: string): Promise<readonly { readonly file: string; readonly bytes: number }[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const files = names.filter((name) => /^[0-9a-f]{16}-/.test(name)).toSorted();
  return Promise.all(files.map(async (file) => ({ file, bytes: (await stat(join(folder, file))).size })));
}
