"""PyTorch's side of the benchmark: reads one JSON request a line, does that work once, and answers with the seconds it took.

Request: {"network": "resnet18" | "cifar-convnet" | "mobilenet-v2" | "head", "work": "step" | "inference" | "last-stage",
          "batch": N, "size": PX (of the head: features),
          "batchNorm": "folded" | "batch", "channelsLast": bool, "warmUps": N, "repeats": N}
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
    def __init__(self, inputs, outputs, stride, norm):
        super().__init__()
        self.a = nn.Sequential(*conv(inputs, outputs, 3, stride, norm=norm))
        self.b = nn.Sequential(*conv(outputs, outputs, 3, norm=norm))
        same = stride == 1 and inputs == outputs
        self.skip = nn.Identity() if same else nn.Sequential(*conv(inputs, outputs, 1, stride, norm=norm))

    def forward(self, x):
        y = self.b(F.relu(self.a(x), inplace=True))
        return F.relu(y + self.skip(x), inplace=True)


def resnet18(norm):
    layers = [*conv(3, 64, 7, 2, norm=norm), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    before = 64
    for i, width in enumerate((64, 128, 256, 512)):
        layers += [Residual(before, width, 1 if i == 0 else 2, norm), Residual(width, width, 1, norm)]
        before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 1000))


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


NETWORKS = {"resnet18": resnet18, "mobilenet-v2": mobilenet_v2, "cifar-convnet": cifar_convnet, "head": head}


class Job:
    def __init__(self, request):
        self.work = request["work"]
        self.net = NETWORKS[request["network"]](request["batchNorm"] == "batch")
        batch, size = request["batch"], request["size"]
        self.x = torch.randn(batch, size) if request["network"] == "head" else torch.randn(batch, 3, size, size)
        self.y = torch.arange(batch) % self.net[-1].out_features
        if self.work == "last-stage":  # as users freeze: the whole forward pass at every step
            self.net.requires_grad_(False)
            self.net[-5:].requires_grad_(True)  # two blocks, pooling, flattening, the head
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
            jobs[line] = open_job(request)
            for _ in range(request["warmUps"]):
                jobs[line].run()
        start = time.perf_counter()
        for _ in range(request["repeats"]):
            jobs[line].run()
        print(json.dumps({"seconds": (time.perf_counter() - start) / request["repeats"]}), flush=True)


if __name__ == "__main__":
    serve(Job)
