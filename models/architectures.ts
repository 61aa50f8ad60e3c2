import type { Graph } from "../toolkit/graph/ir.ts";
import { convnet } from "./convnet.ts";
import { mlp } from "./mlp.ts";
import { mobileNetV2 } from "./mobilenet-v2.ts";
import { spelling } from "./model-name.ts";
import { residualCnn } from "./residual-cnn.ts";
import { resnet } from "./resnet.ts";
import { smallCnn } from "./small-cnn.ts";
import { twoLayerNet } from "./two-layer-net.ts";

/** A network that is built here and starts from random weights: no file is needed. */
export interface Architecture {
  /** What a user types: `--mode scratch --model small-cnn`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly title: string;
  /** Side of the pictures it is meant for. */
  readonly sizePx: number;
  /** How many classes it has where nobody says. */
  readonly classes: number;
  readonly build: (shape: ArchitectureShape) => Graph;
}

export interface ArchitectureShape {
  readonly classes: number;
  readonly sizePx: number;
  readonly seed: number;
}

const IMAGENET = { sizePx: 224, classes: 1000 } as const;
const CIFAR = { sizePx: 32, classes: 10 } as const;
const MNIST = { sizePx: 28, classes: 10 } as const;
/** As the course on ConvNets drops it. */
const DROPOUT = 0.5;

/** Every network that can be trained from random weights by its name. */
export const architectures: readonly Architecture[] = [
  {
    name: "linear",
    aliases: ["softmax-regression"],
    title: "softmax regression on the flat picture",
    ...CIFAR,
    build: (shape) => mlp({ ...shape, hidden: [] }),
  },
  {
    name: "two-layer-net",
    title: "one hidden layer of 500 (CS231n)",
    ...CIFAR,
    build: (shape) => twoLayerNet(shape),
  },
  {
    name: "mlp",
    aliases: ["dense"],
    title: "hidden layers of 512 and 256",
    ...CIFAR,
    build: (shape) => mlp(shape),
  },
  {
    name: "mlp-dropout",
    title: "the same with half of each dropped while training",
    ...CIFAR,
    build: (shape) => mlp({ ...shape, dropout: DROPOUT }),
  },
  {
    name: "small-cnn",
    title: "five 3x3 convolutions and two hidden layers of 128",
    ...MNIST,
    build: (shape) => smallCnn(shape),
  },
  {
    name: "small-cnn-bn",
    title: "the same with BatchNorm",
    ...MNIST,
    build: (shape) => smallCnn({ ...shape, batchNorm: true }),
  },
  {
    name: "residual-cnn",
    aliases: ["mnist-cnn"],
    title: "two convolutions and a residual block, with BatchNorm; any size",
    ...MNIST,
    build: ({ classes, seed }) => residualCnn({ classes, seed }),
  },
  {
    name: "convnet",
    title: "three 5x5 convolutions and a hidden layer of 1000",
    ...CIFAR,
    build: (shape) => convnet(shape),
  },
  {
    name: "convnet-bn",
    title: "the same with BatchNorm, and half of the hidden layer dropped while training",
    ...CIFAR,
    build: (shape) => convnet({ ...shape, batchNorm: true, dropout: DROPOUT }),
  },
  ...([18, 34] as const).map(cifarResnet),
  ...([18, 34, 50, 101, 152] as const).map(imagenetResnet),
  {
    name: "resnext50-32x4d",
    aliases: ["resnext50"],
    title: "ResNeXt50 32x4d, torchvision's; any size",
    ...IMAGENET,
    build: ({ classes, seed }) => resnet({ depth: 50, classes, seed, groups: 32, groupWidth: 4 }),
  },
  {
    name: "mobilenet-v2",
    aliases: ["mobilenetv2"],
    title: "MobileNetV2, torchvision's; any size",
    ...IMAGENET,
    build: ({ classes, seed }) => mobileNetV2({ classes, seed }),
  },
];

function cifarResnet(depth: 18 | 34): Architecture {
  return {
    name: `resnet${depth}-cifar`,
    title: `ResNet${depth} with a 3x3 stem and no max-pool, for small pictures; any size`,
    ...CIFAR,
    build: ({ classes, seed }) => resnet({ depth, classes, seed, stem: "cifar" }),
  };
}

function imagenetResnet(depth: 18 | 34 | 50 | 101 | 152): Architecture {
  return {
    name: `resnet${depth}`,
    title: `ResNet${depth}, torchvision's; any size`,
    ...IMAGENET,
    build: ({ classes, seed }) => resnet({ depth, classes, seed }),
  };
}

/** The architecture called `name`, by its name or an alias; case and `_` for `-` do not matter. */
export function findArchitecture(name: string): Architecture | undefined {
  const wanted = spelling(name);
  return architectures.find((a) => a.name === wanted || a.aliases?.includes(wanted));
}

/** The names of all architectures. */
export function architectureNames(): readonly string[] {
  return architectures.flatMap(({ name, aliases = [] }) => [name].concat(aliases));
}
