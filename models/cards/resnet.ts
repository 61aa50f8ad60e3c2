import { imagenetInput, zooSource } from "./card.ts";
import type { Accuracy, ModelCard } from "./card.ts";

const torchvision = {
  ...imagenetInput,
  licence: "BSD-3-Clause",
  training: "ImageNet-1k, torchvision's default weights",
  note: "BatchNorm folded into the convolutions, input `x` fixed at [1,3,224,224]",
} as const;

const mxnet = {
  ...imagenetInput,
  licence: "Apache-2.0",
  training: "ImageNet-1k, MXNet's Gluon model zoo",
  opset: 7,
  note: "BatchNormalization nodes, input `data`",
} as const;

const resnet18Accuracy = imagenet(69.76, 89.08, "torchvision");

/** ResNets trained on ImageNet-1k (He et al. 2015, arXiv 1512.03385; v2: He et al. 2016, arXiv 1603.05027). */
export const resnets: readonly ModelCard[] = [
  {
    ...torchvision,
    ...zooSource("Computer_Vision/resnet18_Opset17_torch_hub/resnet18_Opset17.onnx"),
    name: "resnet18",
    aliases: ["resnet18-opset17", "resnet18-torchvision"],
    title: "ResNet18, torchvision",
    bytes: 46_748_516,
    sha256: "eef70310eb26bdbc70babb290ee3239599ea9aed406bade711e3d2693b9d20e8",
    accuracy: resnet18Accuracy,
    opset: 17,
  },
  {
    ...torchvision,
    ...zooSource("Computer_Vision/resnet18_Opset16_torch_hub/resnet18_Opset16.onnx"),
    name: "resnet18-opset16",
    title: "ResNet18, torchvision, opset 16",
    bytes: 46_748_516,
    sha256: "c1d4d6ca5f18fd516165ed2192bf15a0cb28ac9c02a6c0089249dcdc802f3c86",
    accuracy: resnet18Accuracy,
    opset: 16,
  },
  {
    ...torchvision,
    ...zooSource("Computer_Vision/resnet18_Opset18_torch_hub/resnet18_Opset18.onnx"),
    name: "resnet18-opset18",
    title: "ResNet18, torchvision, opset 18",
    bytes: 46_748_516,
    sha256: "d9569854dc9a225248845b0853486a98ab1c0cdcd48dad19fb245430879a038e",
    accuracy: resnet18Accuracy,
    opset: 18,
  },
  {
    ...imagenetInput,
    ...zooSource("Computer_Vision/resnet18_Opset17_timm/resnet18_Opset17.onnx"),
    name: "resnet18-timm",
    title: "ResNet18, timm",
    bytes: 46_748_544,
    sha256: "67c3a659a13f072f7dbbb2eb04a6b09979929c49ef5acf643730a2eeead9649a",
    licence: "Apache-2.0",
    training: "ImageNet-1k, timm's default weights",
    opset: 17,
    note: torchvision.note,
  },
  {
    ...mxnet,
    ...zooSource("validated/vision/classification/resnet/model/resnet18-v1-7.onnx"),
    name: "resnet18-zoo-v1",
    title: "ResNet18 v1, ONNX model zoo",
    bytes: 46_820_737,
    sha256: "4e8f8653e7a2222b3904cc3fe8e304cd8b339ce1d05fd24688162f86fb6df52c",
    accuracy: imagenet(69.93, 89.29, "the ONNX model zoo"),
  },
  {
    ...mxnet,
    ...zooSource("validated/vision/classification/resnet/model/resnet18-v2-7.onnx"),
    name: "resnet18-zoo-v2",
    title: "ResNet18 v2 (pre-activation), ONNX model zoo",
    bytes: 46_806_737,
    sha256: "3b4d048057854022232aa20bf68262e31718ab7119a17f920b8a2dc1433f824b",
    accuracy: imagenet(69.7, 89.49, "the ONNX model zoo"),
  },
  {
    ...mxnet,
    ...zooSource("validated/vision/classification/resnet/model/resnet34-v1-7.onnx"),
    name: "resnet34",
    aliases: ["resnet34-zoo-v1"],
    title: "ResNet34 v1, ONNX model zoo",
    bytes: 87_302_588,
    sha256: "883a41b2e30ddc2e422c108b091b5e70b92d37dc5c345a2c563dcae27971e2cc",
    accuracy: imagenet(73.73, 91.4, "the ONNX model zoo"),
  },
  {
    ...torchvision,
    ...zooSource("Computer_Vision/resnet50_Opset17_torch_hub/resnet50_Opset17.onnx"),
    name: "resnet50",
    aliases: ["resnet50-torchvision"],
    title: "ResNet50, torchvision",
    bytes: 102_146_338,
    sha256: "eb6eabe74f278fb55336e49e639b2367dda69f6f3b0d86dea7ffa9d55e6a0939",
    opset: 17,
  },
];

function imagenet(top1: number, top5: number, reportedBy: string): Accuracy {
  return { top1, top5, on: "ImageNet-1k validation, 224 px", reportedBy };
}
