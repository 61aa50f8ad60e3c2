"""How far training in PyTorch's two memory formats moves apart: drift.py DATA FOLDED.onnx STEPS. The settings, batches and head are those of drift.ts."""
import json
import math
import sys

import torch
from torch.nn import functional

import hymenoptera as course


def train(data, path, steps, memory_format):
    images, labels = data
    net, _ = course.load(path, 2)
    course.restore(net, torch.stack([course.served(image) for image in images]))
    course.new_head(net, 2, 0)
    net = net.eval().to(memory_format=memory_format)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    losses, first = [], None
    for step in range(steps):
        epoch, k = divmod(step, math.ceil(len(images) / course.BATCH))
        rows = course.epoch_order(len(images), 0, epoch)[k * course.BATCH : (k + 1) * course.BATCH]
        x = torch.stack([course.augmented(images[i], 0, epoch, i) for i in rows]).to(memory_format=memory_format)
        optimizer.zero_grad()
        loss = functional.cross_entropy(net(x), labels[rows])
        loss.backward()
        first = first or [p.grad.clone() for p in net.parameters()]
        optimizer.step()
        losses.append(loss.item())
    return losses, first, [p.detach().clone() for p in net.parameters()]


def distance(a, b):
    difference = sum(((p - q) ** 2).sum().item() for p, q in zip(a, b))
    return math.sqrt(difference / sum((p * p).sum().item() for p in a))


if __name__ == "__main__":
    split = course.read_split(sys.argv[1] + "/train")
    runs = [train(split, sys.argv[2], int(sys.argv[3]), form) for form in (torch.contiguous_format, torch.channels_last)]
    (losses, first, last), (other_losses, other_first, other_last) = runs
    print(json.dumps({
        "firstGradients": distance(first, other_first),
        "parameters": distance(last, other_last),
        "loss": max(abs(a - b) for a, b in zip(losses, other_losses)),
        "lastLosses": [other_losses[-1], losses[-1]],
    }))
