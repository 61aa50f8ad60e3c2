// Packs what `run.sh` needs on a bare Linux machine with a GPU: Node, the runtime with its Linux libraries, the toolkit and the measurement. After a build:
// node test/bench/gpu/pack.mjs [FOLDER] [--cuda]. With --cuda, the CUDA libraries of the same version of onnxruntime-gpu are fetched by pip and packed, too.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** Packages that measure.js reaches. */
const PACKAGES = ["onnxruntime-node", "protobufjs", "zod"];
const COMPILED = ["toolkit", "models", "test/bench/gpu"];
const LIBRARIES = ["libonnxruntime_providers_cuda.so", "libonnxruntime_providers_shared.so"];

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..", "..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cuda: { type: "boolean", default: false } },
});
const folder = resolve(positionals[0] ?? ".gpu");
const app = mkdtempSync(join(tmpdir(), "onnx-graft-gpu-"));
try {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of COMPILED) {
    cpSync(join(root, "dist", part), join(app, "dist", part), {
      recursive: true,
      filter: (name) => !/\.(d\.ts|map)$/.test(name),
    });
  }
  cpSync(join(root, "package.json"), join(app, "package.json"));
  for (const name of withDependencies(PACKAGES)) copyPackage(name);
  if (values.cuda) addCuda(join(app, "node_modules/onnxruntime-node/bin/napi-v6/linux/x64"));
  cpSync(process.execPath, join(app, "node"));
  chmodSync(join(app, "node"), 0o755);
  run("tar", ["-cJf", join(folder, "app.tar.xz"), "-C", app, "."]);
  for (const name of ["run.sh", "peer.py"]) cpSync(join(here, name), join(folder, name));
  console.log(`packed into ${folder}: copy it to the machine and run sh ${join(folder, "run.sh")} RESULTS`);
} finally {
  rmSync(app, { recursive: true, force: true });
}

/** Packages and all that they need, by name. */
function withDependencies(names) {
  const found = new Set();
  const add = (name) => {
    if (found.has(name)) return;
    found.add(name);
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8"));
    for (const other of Object.keys(dependencies)) add(other);
  };
  names.forEach(add);
  return found;
}

/** A package without type declarations, source maps and the libraries of other systems. */
function copyPackage(name) {
  const left = /\.(map|d\.[cm]?ts)$|\/bin\/napi-v\d+\/(win32|darwin|linux\/(?!x64))/;
  cpSync(join(root, "node_modules", name), join(app, "node_modules", name), {
    recursive: true,
    filter: (path) => !left.test(path.replaceAll("\\", "/")),
  });
}

function addCuda(libraries) {
  const { version } = JSON.parse(readFileSync(join(root, "node_modules/onnxruntime-node/package.json"), "utf8"));
  const wheels = mkdtempSync(join(tmpdir(), "onnx-graft-wheel-"));
  try {
    const flags = [
      "--no-deps",
      "--only-binary=:all:",
      "--python-version",
      "3.12",
      "--platform",
      "manylinux_2_28_x86_64",
    ];
    run("python3", ["-m", "pip", "download", "-q", ...flags, "-d", wheels, `onnxruntime-gpu==${version}`]);
    const wheel = join(
      wheels,
      readdirSync(wheels).find((name) => name.endsWith(".whl")),
    );
    for (const name of LIBRARIES) {
      const { stdout } = run("unzip", ["-p", wheel, `onnxruntime/capi/${name}`]);
      writeFileSync(join(libraries, name), stdout);
    }
  } finally {
    rmSync(wheels, { recursive: true, force: true });
  }
}

function run(command, args) {
  const result = spawnSync(command, args, { stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 31 - 1 });
  if (result.status !== 0) throw new Error(`${command} ended with ${result.status ?? result.error?.message}`);
  return result;
}
