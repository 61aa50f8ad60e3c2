#!/bin/sh
# Measures on the machine it runs on, from what pack.mjs has put beside it: sh run.sh [RESULTS] [arguments of measure.js]. Nothing is downloaded. PyTorch is measured
# beside it where `python3` has it and sees a GPU (PYTHON names another).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
results=${1:-$here/results}
[ $# -gt 0 ] && shift
app=$(mktemp -d)
trap 'rm -rf "$app"' EXIT
tar -xJf "$here/app.tar.xz" -C "$app"
mkdir -p "$results"
# a WebGPU provider looks for a folder of the user's
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$app}"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader >"$results/gpu.txt" 2>/dev/null || echo "no NVIDIA driver" >"$results/gpu.txt"
cat "$results/gpu.txt"
"$app/node" "$app/dist/test/bench/gpu/measure.js" --json "$results/gpu.json" "$@"
python=${PYTHON:-python3}
if "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
  "$python" "$here/peer.py" "$results/gpu-pytorch.json"
else
  echo "PyTorch is not here, or sees no GPU: nothing beside it"
fi
