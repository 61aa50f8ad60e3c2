"""PyTorch's side of the benchmark: reads one JSON request a line, does that work once, and answers with the seconds it took.

Request: {"network": "resnet18" | "resnet50" | "resnext50" | "mobilenet-v2" | "cifar-convnet" | "head",
          "work": "step" | "inference" | "last-stage" | "transfer", "batch": N, "size": PX (of the head: features),
          "batchNorm": "folded" | "batch", "threads": N (all where absent), "channelsLast": bool, "warmUps": N, "repeats": N}
The architectures are torchvision's and models/convnet.ts, with random weights: speed does not depend on them.
"""
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def conv(inputs, outputs, kernel, stride=1, groups=1, norm=True):
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=not norm)
    return [layer, nn.BatchNorm2d(outputs)] if norm else [layer]


class Residual(nn.Module):
    def __init__(self, layers, skip):
        super().__init__()
        self.layers, self.skip = layers, skip

    def forward(self, x):
        return F.relu(self.layers(x) + self.skip(x), inplace=True)


def residual(inputs, outputs, stride, norm, layers):
    same = stride == 1 and inputs == outputs
    skip = nn.Identity() if same else nn.Sequential(*conv(inputs, outputs, 1, stride, norm=norm))
    return Residual(nn.Sequential(*layers), skip)


def basic(inputs, width, stride, norm):
    first = [*conv(inputs, width, 3, stride, norm=norm), nn.ReLU(inplace=True)]
    return residual(inputs, width, stride, norm, [*first, *conv(width, width, 3, norm=norm)])


def bottleneck(groups, group_width):
    """group_width: channels of a group where width is 64."""
    def block(inputs, width, stride, norm):
        inner = width * group_width * groups // 64
        narrow = [*conv(inputs, inner, 1, norm=norm), nn.ReLU(inplace=True)]
        filtered = [*conv(inner, inner, 3, stride, groups, norm=norm), nn.ReLU(inplace=True)]
        return residual(inputs, 4 * width, stride, norm, [*narrow, *filtered, *conv(inner, 4 * width, 1, norm=norm)])

    return block


def resnet(blocks, block, widening):
    def build(norm):
        layers = [*conv(3, 64, 7, 2, norm=norm), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
        before = 64
        for stage, count in enumerate(blocks):
            width = 64 * 2 ** stage
            for i in range(count):
                layers.append(block(before, width, 2 if stage > 0 and i == 0 else 1, norm))
                before = width * widening
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 1000))

    return build


resnet18 = resnet((2, 2, 2, 2), basic, 1)


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion, norm):
        super().__init__()
        width = inputs * expansion
        widen = [] if expansion == 1 else [*conv(inputs, width, 1, norm=norm), nn.ReLU6(inplace=True)]
        filtered = [*conv(width, width, 3, stride, groups=width, norm=norm), nn.ReLU6(inplace=True)]
        self.layers = nn.Sequential(*widen, *filtered, *conv(width, outputs, 1, norm=norm))
        self.same = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.layers(x) if self.same else self.layers(x)


def mobilenet_v2(norm):
    layers = [*conv(3, 32, 3, 2, norm=norm), nn.ReLU6(inplace=True)]
    before = 32
    for expansion, width, blocks, stride in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ):
        for i in range(blocks):
            layers.append(Inverted(before, width, stride if i == 0 else 1, expansion, norm))
            before = width
    layers += [*conv(before, 1280, 1, norm=norm), nn.ReLU6(inplace=True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000))


def cifar_convnet(norm):
    layers = []
    before = 3
    for width in (32, 64, 64):
        layers += [*conv(before, width, 5, norm=norm), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        before = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024, 1000), nn.ReLU(inplace=True), nn.Linear(1000, 10))


def head(norm):
    return nn.Sequential(nn.Linear(512, 10))


NETWORKS = {
    "resnet18": resnet18,
    "resnet50": resnet((3, 4, 6, 3), bottleneck(1, 64), 4),
    "resnext50": resnet((3, 4, 6, 3), bottleneck(32, 4), 4),
    "mobilenet-v2": mobilenet_v2,
    "cifar-convnet": cifar_convnet,
    "head": head,
}


class Job:
    def __init__(self, request):
        self.work = request["work"]
        self.net = NETWORKS[request["network"]](request["batchNorm"] == "batch")
        batch, size = request["batch"], request["size"]
        self.x = torch.randn(batch, size) if request["network"] == "head" else torch.randn(batch, 3, size, size)
        if self.work == "last-stage":  # as users freeze: the whole forward pass at every step
            self.net.requires_grad_(False)
            self.net[-5:].requires_grad_(True)  # two blocks, pooling, flattening, the head
        if self.work == "transfer":  # pictures that nobody has seen yet: backbone and a new head
            self.net.requires_grad_(False)
            self.net[-1] = nn.Linear(self.net[-1].in_features, 10)
        self.y = torch.arange(batch) % self.net[-1].out_features
        if request["channelsLast"] and self.x.dim() == 4:
            self.net = self.net.to(memory_format=torch.channels_last)
            self.x = self.x.to(memory_format=torch.channels_last)
        self.net.train(self.work != "inference")
        self.optimizer = torch.optim.SGD([p for p in self.net.parameters() if p.requires_grad], lr=1e-6, momentum=0.9)

    def run(self):
        if self.work != "inference":
            self.optimizer.zero_grad()
            F.cross_entropy(self.net(self.x), self.y).backward()
            self.optimizer.step()
        else:
            with torch.inference_mode():
                self.net(self.x)


def serve(open_job):
    """Answers requests by the jobs that open_job makes of them: warmed up "warmUps" times, then run "repeats" times for each request."""
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    jobs = {}
    for line in sys.stdin:
        request = json.loads(line)
        if line not in jobs:
            jobs.clear()  # one network in memory at a time
            if "threads" in request:
                torch.set_num_threads(request["threads"])
            jobs[line] = open_job(request)
            for _ in range(request["warmUps"]):
                jobs[line].run()
        start = time.perf_counter()
        for _ in range(request["repeats"]):
            jobs[line].run()
        print(json.dumps({"seconds": (time.perf_counter() - start) / request["repeats"]}), flush=True)


if __name__ == "__main__":
    serve(Job)
