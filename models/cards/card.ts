/** What is known about one pretrained model: where it comes from, how to feed it, what it may be used for. Cards are data. */
export interface ModelCard {
  /** What a user types: `--model resnet18`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly title: string;
  /** Where the file is downloaded, in the order of trying; empty for the bundled one. */
  readonly source: readonly string[];
  /** The file's own name; for the bundled one its path in the package. */
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hex digest of the file. A card whose digest nobody has verified is left out. */
  readonly sha256: string;
  /** SPDX names, of the weights. */
  readonly licence: string;
  /** What it was trained on, and by whom. */
  readonly training: string;
  readonly accuracy?: Accuracy;
  /** The network eats (u8 / 255 - mean) / std, channel by channel. */
  readonly mean: Channels;
  readonly std: Channels;
  /** Height and width of the pictures it was trained for. */
  readonly sizePx: number;
  readonly channels: "RGB" | "BGR";
  readonly layout: "NCHW" | "NHWC";
  /** The class names in the order of the outputs: ImageNet's, or the path of a JSON file in the package. */
  readonly labels: "imagenet-1k" | `models/${string}.json`;
  /** Present for the weights that ship with the package. */
  readonly bundled?: true;
  readonly opset: number;
  readonly note?: string;
}

/** Shares of the pictures of `on`, in percent, as `reportedBy` states them. */
export interface Accuracy {
  readonly top1: number;
  readonly top5: number;
  readonly on: string;
  readonly reportedBy: string;
}

/** One number for each of red, green and blue. */
export type Channels = readonly [number, number, number];

/** What all the ImageNet models here share. */
export const imagenetInput: Pick<ModelCard, "mean" | "std" | "sizePx" | "channels" | "layout" | "labels"> = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  sizePx: 224,
  channels: "RGB",
  layout: "NCHW",
  labels: "imagenet-1k",
};

/**
 * The two places that serve a file of the ONNX model zoo: its Hugging Face mirror, and the repository itself.
 * `path` is the file's path in github.com/onnx/models. The mirror has one repository for each: named after the folder, and after
 * the file for those under `validated/`.
 */
export function zooSource(path: string): Pick<ModelCard, "source" | "file"> {
  const parts = path.split("/");
  const file = parts.at(-1) ?? "";
  const repository = path.startsWith("validated/") ? file.replace(/\.onnx$/, "") : parts.at(-2);
  return {
    source: [
      `https://huggingface.co/onnxmodelzoo/${repository}/resolve/main/${file}`,
      `https://github.com/onnx/models/raw/main/${path}`,
    ],
    file,
  };
}
