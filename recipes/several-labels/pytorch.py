"""recipes/several-labels.ts in PyTorch: the same collages, first weights, batches and settings, which the recipe has written to JOB.

python pytorch.py JOB.json RESULT.json

Needs torch, onnx, numpy, pillow. The model's initializers must have torchvision's names. Layers, losses, gradients, BatchNorm and the optimizer are PyTorch's; mean
average precision is counted here anew, so that nothing of the toolkit judges itself.
"""

import json
import math
import os
import platform
import sys
import time

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from PIL import Image
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        skip = stride > 1 or i != o
        self.downsample = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o)) if skip else nn.Identity()

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(y + self.downsample(x))


class ResNet18(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        for n, (i, o) in enumerate([(64, 64), (64, 128), (128, 256), (256, 512)], 1):
            setattr(self, f"layer{n}", nn.Sequential(Block(i, o, 1 if n == 1 else 2), Block(o, o, 1)))
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.fc(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3)))


def load(path, head):
    values = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in onnx.load(path).graph.initializer}
    net = ResNet18(len(head["bias"]))
    state = net.state_dict()
    for name in state:
        if name in ("fc.weight", "fc.bias") or name.endswith("num_batches_tracked"):
            continue
        state[name] = values[name]
    state["fc.weight"] = torch.tensor(head["weight"], dtype=torch.float32).reshape(state["fc.weight"].shape)
    state["fc.bias"] = torch.tensor(head["bias"], dtype=torch.float32)
    net.load_state_dict(state)
    return net


def read(folder, part, classes, job):
    size, mean, std = (job["sizePx"],) * 2, job["mean"], job["std"]
    pictures = (Image.open(os.path.join(folder, file)).convert("RGB") for file, _ in part)
    pixels = np.stack([np.array(picture.resize(size, Image.BILINEAR)) for picture in pictures])
    inputs = (torch.from_numpy(pixels).float() / 255 - torch.tensor(mean)) / torch.tensor(std)
    targets = torch.zeros(len(part), classes)
    for row, (_, labels) in enumerate(part):
        targets[row, labels] = 1
    return inputs.permute(0, 3, 1, 2).contiguous(), targets


def average_precision(scores, holds):
    """Precision at each place where recall rises, weighted by the rise; equal scores are one place."""
    order = np.argsort(-scores, kind="stable")
    scores, holds = scores[order], holds[order]
    hits = np.cumsum(holds)
    ends = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    rises = np.diff(np.concatenate([[0], hits[ends]]))
    return float((rises * hits[ends] / (ends + 1)).sum() / hits[-1])


def train(job, net, inputs, targets, orders):
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), lr=job["rate"], momentum=job["momentum"])
    batch = job["batchSize"]
    steps = len(orders) * (len(inputs) // batch)
    step = 0
    losses = []
    for order in orders:
        total = 0.0
        for rows in torch.tensor(order)[: len(inputs) // batch * batch].split(batch):
            for group in optimizer.param_groups:
                group["lr"] = job["rate"] * (1 + math.cos(math.pi * step / steps)) / 2
            optimizer.zero_grad()
            loss = functional.binary_cross_entropy_with_logits(net(inputs[rows]), targets[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
            step += 1
        losses.append(total / (len(inputs) // batch * batch))
    return losses


@torch.no_grad()
def probabilities(net, inputs):
    net.eval()
    return torch.cat([torch.sigmoid(net(x)) for x in inputs.split(100)]).numpy()


def main():
    path, result = sys.argv[1:]
    with open(path) as file:
        job = json.load(file)
    folder = os.path.dirname(path)
    classes = len(job["classes"])
    (inputs, targets), (test_inputs, test_targets) = (
        read(folder, job[part], classes, job) for part in ("train", "test")
    )
    rows = []
    for run in job["runs"]:
        started = time.perf_counter()
        net = load(job["model"], run["head"])
        losses = train(job, net, inputs, targets, run["orders"])
        found = probabilities(net, test_inputs)
        seconds = time.perf_counter() - started
        perClass = [average_precision(found[:, k], test_targets[:, k].numpy()) for k in range(classes)]
        rows.append({"side": "PyTorch", "seed": run["seed"], "meanAveragePrecision": sum(perClass) / classes, "perClass": perClass, "losses": losses, "seconds": seconds})
        print(f"PyTorch     seed {run['seed']}   mAP {rows[-1]['meanAveragePrecision']:.4f}   last loss {losses[-1]:.4f}   {seconds:.0f} s", flush=True)
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    with open(result, "w") as file:
        json.dump({"versions": versions, "threads": torch.get_num_threads(), "rows": rows}, file)


if __name__ == "__main__":
    main()
