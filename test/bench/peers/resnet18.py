"""PyTorch's side of the benchmark: reads one JSON request a line, does that work once, and answers with the seconds it took.

Request: {"work": "step" | "inference" | "forward", "batch": N, "size": PX, "batchNorm": "folded" | "batch", "channelsLast": bool}
The network is torchvision's ResNet18 with random weights: speed does not depend on them.
"""
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, norm):
        super().__init__()
        self.a, self.na = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=not norm), nn.BatchNorm2d(outputs) if norm else nn.Identity()
        self.b, self.nb = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=not norm), nn.BatchNorm2d(outputs) if norm else nn.Identity()
        self.skip = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.skip = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=not norm), nn.BatchNorm2d(outputs) if norm else nn.Identity())

    def forward(self, x):
        y = self.nb(self.b(F.relu(self.na(self.a(x)), inplace=True)))
        return F.relu(y + self.skip(x), inplace=True)


def resnet18(classes, norm):
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=not norm), nn.BatchNorm2d(64) if norm else nn.Identity(), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    before = 64
    for i, width in enumerate((64, 128, 256, 512)):
        layers += [Block(before, width, 1 if i == 0 else 2, norm), Block(width, width, 1, norm)]
        before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


class Job:
    def __init__(self, request):
        norm = request["batchNorm"] == "batch"
        self.work = request["work"]
        self.net = resnet18(1000, norm)
        self.x = torch.randn(request["batch"], 3, request["size"], request["size"])
        self.y = torch.arange(request["batch"]) % 1000
        if request["channelsLast"]:
            self.net, self.x = self.net.to(memory_format=torch.channels_last), self.x.to(memory_format=torch.channels_last)
        self.net.train(self.work == "step")
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=1e-6, momentum=0.9)

    def run(self):
        if self.work == "step":
            self.optimizer.zero_grad()
            F.cross_entropy(self.net(self.x), self.y).backward()
            self.optimizer.step()
        else:
            with torch.inference_mode():
                self.net(self.x)


def main():
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    jobs = {}
    for line in sys.stdin:
        if line not in jobs:
            jobs.clear()  # one network in memory at a time
            jobs[line] = Job(json.loads(line))
            for _ in range(2):
                jobs[line].run()
        start = time.perf_counter()
        jobs[line].run()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


if __name__ == "__main__":
    main()
