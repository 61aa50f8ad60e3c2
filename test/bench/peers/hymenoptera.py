"""recipes/hymenoptera.ts in PyTorch: the same settings, seeds, first heads, orders and crops (they come from a hash, which is written out here).

python hymenoptera.py DATA FOLDED.onnx BN.onnx [--json FILE] [--seeds 5] [--full-seeds 3]

Needs torch, onnx, numpy, pillow. The files' initializers must have torchvision's names. A folded file gets its BatchNorm back for full training,
with the statistics of the training photos, as the toolkit does it.
"""

import argparse
import json
import math
import os
import platform
import statistics
import time

import numpy as np
import onnx
import PIL
import torch
from onnx import numpy_helper
from PIL import Image, ImageOps
from torch import nn
from torch.nn import functional

SIZE, RESIZE, BATCH = 224, 256, 16
FROZEN = {"epochs": 30, "rate": 1e-3}
FULL = {"epochs": 5, "rate": 3e-3, "momentum": 0.9, "crop": 0.35, "stem": 0.003}
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
WORD = 0xFFFFFFFF


# --- randomness: toolkit/graph/random.ts (MurmurHash3 x86_32 over words) and toolkit/data/augment.ts


def mix(h, value):
    k = value * 0xCC9E2D51 & WORD
    k = (k << 15 | k >> 17) & WORD
    h ^= k * 0x1B873593 & WORD
    h = (h << 13 | h >> 19) & WORD
    return (h * 5 + 0xE6546B64) & WORD


def finish(h):
    h = (h ^ h >> 16) * 0x85EBCA6B & WORD
    h = (h ^ h >> 13) * 0xC2B2AE35 & WORD
    return h ^ h >> 16


def hashed(*numbers):
    h = 0
    for n in numbers:
        h = mix(mix(h, n & WORD), n >> 32 & WORD)
    return finish(h ^ len(numbers) * 8)


def text_hash(text):
    h = 0
    for c in text:
        h = mix(h, ord(c))
    return finish(h ^ len(text) * 4)


def uniform(seed, name, shape, bound):
    stream = text_hash(name)
    values = [-bound + 2 * bound * (hashed(seed, stream, i) / 2**32) for i in range(math.prod(shape))]
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def epoch_order(count, seed, epoch):
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        j = int(hashed(seed, epoch, i) / 2**32 * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def half_up(x):
    return math.floor(x + 0.5)


def random_crop(width, height, draw):
    for attempt in range(10):
        at = 1 + attempt * 4
        area = width * height * (FULL["crop"] + (1 - FULL["crop"]) * draw(at))
        ratio = 0.75 * (4 / 3 / 0.75) ** draw(at + 1)
        w, h = half_up(math.sqrt(area * ratio)), half_up(math.sqrt(area / ratio))
        if 1 <= w <= width and 1 <= h <= height:
            return math.floor(draw(at + 2) * (width - w + 1)), math.floor(draw(at + 3) * (height - h + 1)), w, h
    w, h = min(width, half_up(height * 4 / 3)), min(height, half_up(width / 0.75))
    return (width - w) // 2, (height - h) // 2, w, h


# --- photos


def read_split(folder):
    classes = sorted(os.listdir(folder))
    files = sorted(f"{c}/{f}" for c in classes for f in os.listdir(os.path.join(folder, c)))
    images, labels = [], []
    for file in files:
        image = ImageOps.exif_transpose(Image.open(os.path.join(folder, file))).convert("RGB")
        images.append(shorter_side(image) if min(image.size) > RESIZE else image)
        labels.append(classes.index(file.split("/")[0]))
    return images, torch.tensor(labels)


def shorter_side(image):
    w, h = image.size
    return image.resize((RESIZE, RESIZE * h // w) if w <= h else (RESIZE * w // h, RESIZE), Image.BILINEAR)


def served(image):
    image = shorter_side(image) if min(image.size) != RESIZE else image
    left, top = round((image.size[0] - SIZE) / 2), round((image.size[1] - SIZE) / 2)
    return to_input(image.crop((left, top, left + SIZE, top + SIZE)))


def augmented(image, seed, epoch, index):
    draw = lambda purpose: hashed(seed, epoch, index, purpose) / 2**32
    left, top, w, h = random_crop(*image.size, draw)
    out = image.crop((left, top, left + w, top + h)).resize((SIZE, SIZE), Image.BILINEAR)
    return to_input(out.transpose(Image.FLIP_LEFT_RIGHT) if draw(0) < 0.5 else out)


def to_input(image):
    x = torch.from_numpy(np.array(image)).float() / 255
    return ((x - MEAN) / STD).permute(2, 0, 1)


# --- ResNet18


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

    def features(self, x):
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))

    def forward(self, x):
        return self.fc(self.features(x))


def norm_of(conv):
    return conv.replace("downsample.0", "downsample.1") if "downsample" in conv else conv.replace("conv", "bn")


def load(path, classes):
    """The network of the file, and whether its BatchNorm was folded: then a norm only adds the bias."""
    values = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in onnx.load(path).graph.initializer}
    net = ResNet18(classes)
    folded = "conv1.bias" in values
    state = net.state_dict()
    for name in state:
        if name.startswith("fc.") or name.endswith("num_batches_tracked"):
            continue
        if name in values:
            state[name] = values[name]
    if folded:
        for conv in [n[: -len(".weight")] for n in state if n.endswith(".weight") and state[n].dim() == 4]:
            norm = norm_of(conv)
            state[f"{norm}.bias"] = values[f"{conv}.bias"]
            state[f"{norm}.running_var"] = torch.full_like(values[f"{conv}.bias"], 1 - 1e-5)
    net.load_state_dict(state)
    return net.eval(), folded


def new_head(net, classes, seed):
    bound = 1 / math.sqrt(512)
    net.fc.weight.data = uniform(seed, "head.weight", (classes, 512), bound)
    net.fc.bias.data = uniform(seed, "head.bias", (classes,), bound)


@torch.no_grad()
def restore(net, photos):
    """BatchNorm back into a folded network: m, v of every norm's output; g = sqrt(v + eps)."""
    norms = {name: m for name, m in net.named_modules() if isinstance(m, nn.BatchNorm2d)}
    sums = {name: [0, 0.0, 0.0] for name in norms}

    def add(name):
        def hook(_, __, y):
            y = y.double()
            sums[name][0] += y.numel() // y.shape[1]
            sums[name][1] = sums[name][1] + y.sum((0, 2, 3))
            sums[name][2] = sums[name][2] + (y * y).sum((0, 2, 3))

        return hook

    hooks = [m.register_forward_hook(add(name)) for name, m in norms.items()]
    for batch in photos.split(BATCH):
        net(batch)
    for hook in hooks:
        hook.remove()
    modules = dict(net.named_modules())
    for conv in [n for n, m in modules.items() if isinstance(m, nn.Conv2d)]:
        name = norm_of(conv)
        norm, (count, total, squares) = norms[name], sums[name]
        m = total / count
        v = (squares / count - m * m).clamp(min=0)
        g, b = (v + norm.eps).sqrt(), norm.bias.double()
        r = v / (g * g)
        modules[conv].weight.data = (modules[conv].weight.double() / g[:, None, None, None]).float()
        norm.weight.data, norm.bias.data = (g * (r + norm.eps).sqrt()).float(), m.float()
        norm.running_mean.data, norm.running_var.data = ((m - b) / g).float(), r.float()


# --- training


def cosine(rate, step, steps):
    return rate * (1 + math.cos(math.pi * step / steps)) / 2


@torch.no_grad()
def score(forward, inputs, labels):
    logits = torch.cat([forward(x) for x in inputs.split(BATCH)])
    return (logits.argmax(1) == labels).float().mean().item(), functional.cross_entropy(logits, labels).item()


def train(forward, optimizer, batches, rate, steps):
    for step, (x, y) in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = cosine(rate, step, steps) * group.get("factor", 1)
        optimizer.zero_grad()
        functional.cross_entropy(forward(x), y).backward()
        optimizer.step()


def frozen(net, features, data, seed):
    (_, train_labels), (_, val_labels) = data
    count = len(train_labels)
    new_head(net, 2, seed)
    optimizer = torch.optim.AdamW(net.fc.parameters(), lr=FROZEN["rate"], weight_decay=0)
    batches = (
        (features[0][rows], train_labels[rows])
        for epoch in range(FROZEN["epochs"])
        for rows in torch.tensor(epoch_order(count, seed, epoch)).split(BATCH)
    )
    train(net.fc, optimizer, batches, FROZEN["rate"], FROZEN["epochs"] * math.ceil(count / BATCH))
    return score(net.fc, features[1], val_labels)


def groups(net):
    """A group for each parameter, with what its rate is multiplied by: FULL["stem"] at the first layer, evenly on a log scale to 1 at the head."""
    layers = list(dict.fromkeys(name.rsplit(".", 1)[0] for name, _ in net.named_parameters()))
    depth = {layer: i / (len(layers) - 1) for i, layer in enumerate(layers)}
    return [{"params": [p], "factor": FULL["stem"] ** (1 - depth[name.rsplit(".", 1)[0]])} for name, p in net.named_parameters()]


def full(net, data, val_inputs, seed):
    (images, labels), (_, val_labels) = data
    new_head(net, 2, seed)
    net.eval()  # BatchNorm keeps its stored statistics; its scale and shift are trained
    per_epoch = math.ceil(len(images) / BATCH)
    optimizer = torch.optim.SGD(groups(net), lr=FULL["rate"], momentum=FULL["momentum"])

    def batches():
        for epoch in range(FULL["epochs"]):
            order = epoch_order(len(images), seed, epoch)
            for k in range(per_epoch):
                rows = order[k * BATCH : (k + 1) * BATCH]
                yield torch.stack([augmented(images[i], seed, epoch, i) for i in rows]), labels[rows]

    train(net, optimizer, batches(), FULL["rate"], FULL["epochs"] * per_epoch)
    return score(net.eval(), val_inputs, val_labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--json")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--full-seeds", type=int, default=3)
    args = parser.parse_args()
    data = [read_split(os.path.join(args.data, split)) for split in ("train", "val")]
    inputs = [torch.stack([served(image) for image in images]) for images, _ in data]
    rows = []

    def run(mode, path, seed, job):
        started = time.perf_counter()
        top1, loss = job()
        row = {"mode": mode, "model": os.path.basename(path), "seed": seed, "top1": top1, "loss": loss, "seconds": time.perf_counter() - started}
        rows.append(row)
        print(f"{mode:7} {row['model']:24} seed {seed}  {top1:.4f}            loss {loss:.4f} {row['seconds']:.0f} s", flush=True)

    for i, path in enumerate(args.models):
        if i == 0 and args.seeds > 0:
            net, _ = load(path, 2)
            with torch.no_grad():
                features = [torch.cat([net.features(x) for x in part.split(BATCH)]) for part in inputs]
            for seed in range(args.seeds):
                run("frozen", path, seed, lambda: frozen(net, features, data, seed))
        for seed in range(args.full_seeds):
            net, folded = load(path, 2)
            if folded:
                restore(net, inputs[0])
            run("full", path, seed, lambda: full(net, data, inputs[1], seed))

    print("\nValidation accuracy of the last epoch, mean +- standard deviation over seeds")
    summary = []
    for mode, model in dict.fromkeys((r["mode"], r["model"]) for r in rows):
        tops = [r["top1"] for r in rows if (r["mode"], r["model"]) == (mode, model)]
        spread = statistics.stdev(tops) if len(tops) > 1 else 0.0
        summary.append({"mode": mode, "model": model, "seeds": len(tops), "mean": statistics.mean(tops), "spread": spread})
        print(f"{mode:7} {model:24} {len(tops)} seeds {statistics.mean(tops):.4f} +- {spread:.4f}")
    if args.json:
        versions = {"torch": torch.__version__, "pillow": PIL.__version__, "python": platform.python_version()}
        settings = {"sizePx": SIZE, "resizePx": RESIZE, "batchSize": BATCH, "frozen": FROZEN, "full": FULL}
        with open(args.json, "w") as file:
            json.dump({"peer": "PyTorch", "settings": settings, "versions": versions, "summary": summary, "rows": rows}, file, indent=2)


if __name__ == "__main__":
    main()
