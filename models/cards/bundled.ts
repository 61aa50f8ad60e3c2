import { imagenetInput } from "./card.ts";
import type { ModelCard } from "./card.ts";

/** The weights that ship with the package, so that everything works without a network. */
export const bundled: ModelCard = {
  ...imagenetInput,
  name: "bundled",
  aliases: ["resnet18-tiny-imagenet"],
  title: "ResNet18 trained by this project on Tiny-ImageNet-200",
  source: [],
  file: "models/bundled/resnet18-tiny-imagenet.onnx",
  bytes: 22_630_711,
  sha256: "a1f196800f6765cd2d80a542db44967c505a30d8a21c7b082c5ce2f58950286a",
  licence: "MIT",
  training: "Tiny-ImageNet-200: 100,000 pictures of 64 px, 200 classes, 20 epochs from random weights",
  accuracy: { top1: 47.65, top5: 74.11, on: "Tiny-ImageNet-200 validation, 64 px", reportedBy: "onnx-graft" },
  sizePx: 128,
  labels: "models/bundled/labels.json",
  bundled: true,
  opset: 17,
  note: "trained at 64 px; as a backbone for photos it does best at 128 px; use multiples of 32 (72 px loses 13 points of top-1)",
};
