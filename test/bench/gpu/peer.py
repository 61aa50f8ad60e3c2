"""The same ResNet18 in PyTorch on the first CUDA device: training steps and inference, float32 (TF32 off and on) and float16 by autocast.

python peer.py RESULT.json [--size 224] [--batch 32,128] [--steps 20]
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional

WARM_UP = 3


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


def resnet18(classes=1000):
    stages = [(64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)]
    blocks = [block for i, o, stride in stages for block in (Block(i, o, stride), Block(o, o, 1))]
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes))


def timed(once, steps):
    times = []
    for i in range(WARM_UP + steps):
        torch.cuda.synchronize()
        start = time.perf_counter()
        once()
        torch.cuda.synchronize()
        if i >= WARM_UP:
            times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def measure(work, precision, batch, size, steps):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    net = resnet18().cuda()
    x, y = torch.randn(batch, 3, size, size), torch.arange(batch) * 37 % 1000
    half = precision == "float16"
    if work == "inference":
        net.eval()

        def once():
            with torch.no_grad(), torch.autocast("cuda", torch.float16, enabled=half):
                net(x.cuda(non_blocking=True)).cpu()

    else:
        optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
        scaler = torch.amp.GradScaler("cuda", enabled=half)

        def once():
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cuda", torch.float16, enabled=half):
                loss = functional.cross_entropy(net(x.cuda(non_blocking=True)), y.cuda(non_blocking=True))
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            loss.item()

    milliseconds = timed(once, steps)
    return {"device": "PyTorch", "work": work, "precision": precision, "batch": batch, "sizePx": size, "milliseconds": milliseconds, "imagesPerSecond": 1000 * batch / milliseconds}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("result")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", default="32,128")
    parser.add_argument("--steps", type=int, default=20)
    args = parser.parse_args()
    rows = []
    for work in ("inference", "step"):
        for precision in ("float32", "tf32", "float16"):
            for batch in map(int, args.batch.split(",")):
                rows.append(measure(work, precision, batch, args.size, args.steps))
                print(rows[-1], flush=True)
    machine = {"gpu": torch.cuda.get_device_name(0), "torch": torch.__version__}
    with open(args.result, "w") as file:
        json.dump({"machine": machine, "rows": rows}, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
