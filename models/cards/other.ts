import { imagenetInput, zooSource } from "./card.ts";
import type { ModelCard } from "./card.ts";

const torchvision = {
  ...imagenetInput,
  licence: "BSD-3-Clause",
  training: "ImageNet-1k, torchvision's default weights",
  opset: 17,
} as const;

/** Other networks trained on ImageNet-1k. */
export const others: readonly ModelCard[] = [
  {
    ...torchvision,
    ...zooSource("Computer_Vision/skip/mobilenet_v2_Opset17_torch_hub/mobilenet_v2_Opset17.onnx"),
    name: "mobilenet-v2",
    aliases: ["mobilenetv2", "mobilenet-v2-torchvision"],
    title: "MobileNetV2, torchvision",
    bytes: 13_992_248,
    sha256: "1acdc7323ff91c6e47866b8507af26514b1c2d94f765afc0d210277ea084eb47",
  },
  {
    ...imagenetInput,
    ...zooSource("validated/vision/classification/mobilenet/model/mobilenetv2-12.onnx"),
    name: "mobilenet-v2-zoo",
    title: "MobileNetV2, ONNX model zoo",
    bytes: 13_964_571,
    sha256: "c0c3f76d93fa3fd6580652a45618618a220fced18babf65774ed169de0432ad5",
    licence: "Apache-2.0",
    training: "ImageNet-1k, by the ONNX model zoo",
    accuracy: {
      top1: 69.48,
      top5: 89.26,
      on: "ImageNet-1k validation, 224 px",
      reportedBy: "the ONNX model zoo",
    },
    opset: 12,
  },
  {
    ...torchvision,
    ...zooSource("Computer_Vision/squeezenet1_1_Opset17_torch_hub/squeezenet1_1_Opset17.onnx"),
    name: "squeezenet",
    aliases: ["squeezenet1-1"],
    title: "SqueezeNet 1.1, torchvision",
    bytes: 4_958_202,
    sha256: "fbb553444cab298bcac72cf623694e277dfe11d78662108f91ff46b6acb2cc5f",
  },
  {
    ...torchvision,
    ...zooSource("Computer_Vision/densenet121_Opset17_torch_hub/densenet121_Opset17.onnx"),
    name: "densenet121",
    title: "DenseNet121, torchvision",
    bytes: 32_308_799,
    sha256: "9299d867cac3e0bf40803ac737e3fdaf3cb5976ee65c82961c211a3d8be3bbdd",
  },
  {
    ...torchvision,
    ...zooSource("Computer_Vision/convnext_tiny_Opset17_torch_hub/convnext_tiny_Opset17.onnx"),
    name: "convnext-tiny",
    title: "ConvNeXt tiny, torchvision",
    bytes: 114_441_019,
    sha256: "66ce90ae0aaba2d7df6fac5354a26f58fba8a4e4e104d1404491ffdcfddbb8b1",
  },
];
