"""Writes imagenet-classes.json from torchvision's list of categories (BSD-3-Clause), without importing torch.

Usage: python imagenet-classes.py SITE_PACKAGES/torchvision/models/_meta.py > imagenet-classes.json
"""

import ast
import json
import sys

with open(sys.argv[1], encoding="utf-8") as source:
    tree = ast.parse(source.read())

names = next(
    ast.literal_eval(node.value)
    for node in tree.body
    if isinstance(node, ast.Assign) and node.targets[0].id == "_IMAGENET_CATEGORIES"
)
assert len(names) == len(set(names)) == 1000

print(json.dumps(names, indent=2, ensure_ascii=False))
