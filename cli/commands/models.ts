import { defineCommand, JSON_OPTION } from "../command.ts";
import type { Command } from "../command.ts";
import { bytesText } from "../format.ts";

export const models: Command = defineCommand({
  name: "models",
  summary: "List the models that are known by name",
  examples: ["models", "models --json"],
  positionals: {},
  options: { json: JSON_OPTION },
  async run({ out }) {
    const { cards } = await import("../../models/cards.ts");
    const { architectures } = await import("../../models/architectures.ts");
    if (out.wantsJson) return out.json(cards);
    out.table(
      cards.map((card) => [
        card.name,
        `${card.sizePx} px`,
        card.bundled ? "bundled" : bytesText(card.bytes),
        card.accuracy ? `${card.accuracy.top1.toFixed(1)} %` : "-",
        card.licence,
        card.title,
      ]),
      ["name", "size", "file", "top-1", "licence", "what"],
    );
    out.say('\n"bundled" works without a network; the others are downloaded once: onnx-graft models get NAME');
    const names = architectures.map(({ name }) => name).join(", ");
    out.say(`architectures, for training from random weights (--mode scratch), which need no file: ${names}`);
  },
});

export const modelsGet: Command = defineCommand({
  name: "models get",
  summary: "Download a model, and print where its file lies",
  examples: ["models get resnet18"],
  positionals: { name: { help: "the name of a model (see: onnx-graft models)" } },
  options: { json: JSON_OPTION },
  stoppable: true,
  async run({ positionals, out, signal }) {
    const { findCard } = await import("../../models/cards.ts");
    const { fetchModel } = await import("../../models/download.ts");
    const { cacheFolder } = await import("../../toolkit/data/cache-folder.ts");
    const card = findCard(positionals.name);
    const bar = out.progress({ total: Math.ceil(card.bytes / 1e6), label: `${card.name}, MB`, transient: true });
    try {
      const path = await fetchModel(card, {
        cacheFolder: cacheFolder(),
        signal,
        onProgress: ({ receivedBytes }) => bar.update(Math.floor(receivedBytes / 1e6)),
      });
      bar.stop();
      const { name, bytes, sha256, licence } = card;
      if (out.wantsJson) out.json({ name, path, bytes, sha256, licence });
      else out.data(path);
    } finally {
      bar.stop();
    }
  },
});
