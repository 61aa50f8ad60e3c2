"""PyTorch's side of the benchmark on real photos, as networks.py: ResNet18 at 224 px, from the files of the photos on. Needs torch, numpy, pillow.

Request: {"work": "label" | "first-label" | "frozen", "data": [folder, ...], "epochs": N, "channelsLast": bool, "warmUps": N, "repeats": N}
label: every photo from disk into a new SQLite index: its digest, its likeliest labels, its features; two processes decode.
first-label: one photo; weights are random instead of read, which takes PyTorch about as long.
frozen: the transfer-learning tutorial: a new head on a fixed backbone, which runs over every photo in every epoch; two processes decode.
"""
import hashlib
import math
import os
import random
import sqlite3
import tempfile

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from networks import resnet18, serve

MEAN, STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
SIZE, RESIZE, PROCESSES = 224, 256, 2
BATCH, LABEL_BATCH = 16, 32


def photos_of(folder):
    return sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)


def tensor(image):
    return torch.from_numpy(((np.asarray(image, np.float32) / 255 - MEAN) / STD).transpose(2, 0, 1).copy())


def middle(image):
    w, h = image.size
    scale = RESIZE / min(w, h)
    if scale != 1:
        image = image.resize((round(w * scale), round(h * scale)), Image.BILINEAR)
    left, top = (image.size[0] - SIZE) // 2, (image.size[1] - SIZE) // 2
    return image.crop((left, top, left + SIZE, top + SIZE))


def random_crop(image):
    """RandomResizedCrop and RandomHorizontalFlip of torchvision."""
    w, h = image.size
    box = (0, 0, w, h)
    for _ in range(10):
        area, ratio = w * h * random.uniform(0.08, 1), math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        cw, ch = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < cw <= w and 0 < ch <= h:
            left, top = random.randint(0, w - cw), random.randint(0, h - ch)
            box = (left, top, left + cw, top + ch)
            break
    image = image.resize((SIZE, SIZE), Image.BILINEAR, box=box)
    return image.transpose(Image.FLIP_LEFT_RIGHT) if random.random() < 0.5 else image


class Photos(Dataset):
    def __init__(self, files, classes, crop):
        self.files, self.classes, self.crop = files, classes, crop

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        with Image.open(self.files[i]) as image:
            picture = tensor(self.crop(image.convert("RGB")))
        label = self.classes.index(os.path.basename(os.path.dirname(self.files[i]))) if self.classes else i
        return picture, label


class Job:
    def __init__(self, request):
        self.run = {"label": self.label, "first-label": self.first_label, "frozen": self.frozen}[request["work"]]
        self.folders, self.epochs = request["data"], request["epochs"]
        self.format = torch.channels_last if request["channelsLast"] else torch.contiguous_format
        self.net = resnet18(norm=request["work"] == "frozen").eval().to(memory_format=self.format)

    def see(self, pictures):
        return pictures.to(memory_format=self.format)

    def label(self):
        files = [file for folder in self.folders for file in photos_of(folder)]
        with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
            index = sqlite3.connect(os.path.join(folder, "index.db"))
            index.execute("CREATE TABLE photos (id INTEGER PRIMARY KEY, path TEXT, sha256 TEXT, features BLOB)")
            index.execute("CREATE TABLE labels (photo INTEGER, label INTEGER, weight REAL)")
            for pictures, numbers in DataLoader(Photos(files, None, middle), LABEL_BATCH, num_workers=PROCESSES):
                features = self.net[:-1](self.see(pictures))
                weights, labels = F.softmax(self.net[-1](features), 1).topk(20)
                for row, i in enumerate(numbers.tolist()):
                    with open(files[i], "rb") as file:
                        digest = hashlib.sha256(file.read()).hexdigest()
                    index.execute("INSERT INTO photos VALUES (?, ?, ?, ?)", (i, files[i], digest, features[row].numpy().tobytes()))
                    found = zip(labels[row].tolist(), weights[row].tolist())
                    index.executemany("INSERT INTO labels VALUES (?, ?, ?)", [(i, label, w) for label, w in found if w >= 0.001])
            index.execute("CREATE INDEX by_label ON labels (label, weight)")
            index.commit()
            index.close()

    def first_label(self):
        with Image.open(photos_of(self.folders[0])[0]) as image, torch.inference_mode():
            F.softmax(self.net(self.see(tensor(middle(image.convert("RGB")))[None])), 1).topk(5)

    def frozen(self):
        parts = {part: photos_of(os.path.join(self.folders[0], part)) for part in ("train", "val")}
        classes = sorted(os.listdir(os.path.join(self.folders[0], "train")))
        self.net.requires_grad_(False)
        self.net[-1] = nn.Linear(512, len(classes))
        optimizer = torch.optim.SGD(self.net[-1].parameters(), lr=1e-3, momentum=0.9)
        # kept from epoch to epoch, which the tutorial does not: starting them anew would cost it more on so few photos
        workers = {"num_workers": PROCESSES, "persistent_workers": True}
        loaders = {
            "train": DataLoader(Photos(parts["train"], classes, random_crop), BATCH, shuffle=True, **workers),
            "val": DataLoader(Photos(parts["val"], classes, middle), BATCH, **workers),
        }
        for _ in range(self.epochs):
            self.net.train()
            for pictures, labels in loaders["train"]:
                optimizer.zero_grad()
                F.cross_entropy(self.net(self.see(pictures)), labels).backward()
                optimizer.step()
            self.net.eval()
            with torch.inference_mode():
                for pictures, labels in loaders["val"]:
                    (self.net(self.see(pictures)).argmax(1) == labels).float().mean().item()


if __name__ == "__main__":
    serve(Job)
