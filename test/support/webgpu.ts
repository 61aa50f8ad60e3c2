import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";
import { root } from "./fixtures.ts";

/** SwiftShader, a Vulkan driver that computes on the CPU, as Debian's chromium and Google's Chrome bring it. */
const DRIVERS = [
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib64/chromium-browser/vk_swiftshader_icd.json",
  "/opt/google/chrome/vk_swiftshader_icd.json",
];
const LOADERS = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];

/** Why there is no WebGPU to test on. */
const NO_WEBGPU = "needs libvulkan.so.1 and SwiftShader's vk_swiftshader_icd.json, or VK_DRIVER_FILES set";

/**
 * The environment under which onnxruntime-node's WebGPU provider finds a Vulkan driver, for a process that is to be started: the one that is set, or SwiftShader.
 * Undefined where there is none.
 */
export function webgpuEnvironment(): NodeJS.ProcessEnv | undefined {
  const set = process.env["VK_DRIVER_FILES"] ?? process.env["VK_ICD_FILENAMES"];
  const driver = set ?? DRIVERS.find((path) => existsSync(path));
  const isLoadable = LOADERS.some((folder) => existsSync(join(folder, "libvulkan.so.1")));
  if (driver === undefined || !isLoadable) return undefined;
  return { ...process.env, VK_DRIVER_FILES: driver, XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"] ?? tmpdir() };
}

/** A suite that needs WebGPU; skipped, with the reason as its title, without it. */
export function describeWebgpu(title: string, body: (this: Mocha.Suite) => void): void {
  describe(title, function () {
    if (webgpuEnvironment()) body.call(this);
    else it.skip(NO_WEBGPU);
  });
}

/** Variables that tell a script of `runOnWebgpu` where its result goes and where its log is. */
const RESULT = "ONNX_GRAFT_WEBGPU_RESULT";
const LOG = "ONNX_GRAFT_WEBGPU_LOG";

/**
 * Runs `test/<script>`, named without its ending, in a process that has WebGPU, and returns what it hands to `giveResult`: a driver that crashes takes no test with it. Its
 * standard error output goes to a file that it may read itself (`readLog`), since the runtime logs there what it placed where; what it prints is seen where it `tells`.
 */
export async function runOnWebgpu<T>(
  script: string,
  args: readonly string[] = [],
  { tells = false }: { readonly tells?: boolean } = {},
): Promise<T> {
  const env = webgpuEnvironment();
  if (!env) throw new Error(NO_WEBGPU);
  const own = fileURLToPath(import.meta.url);
  const isSource = own.endsWith(".ts");
  const file = join(dirname(own), "..", `${script}${extname(own)}`);
  const folder = mkdtempSync(join(tmpdir(), "webgpu-"));
  const [result, log] = [join(folder, "result"), join(folder, "log")];
  const fd = openSync(log, "a");
  try {
    const child = spawn(process.execPath, [...(isSource ? ["--import=tsx"] : []), file, ...args], {
      cwd: root,
      env: { ...env, [RESULT]: result, [LOG]: log },
      stdio: ["ignore", tells ? "inherit" : "ignore", fd],
    });
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    if (code !== 0) {
      const end = readFileSync(log, "utf8").slice(-2000);
      throw new Error(`${script} ended with ${signal ?? `exit code ${code}`}\n${end}`);
    }
    return deserialize(readFileSync(result)) as T;
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
}

/** In a script of `runOnWebgpu`: what it has found. */
export function giveResult(value: unknown): void {
  writeFileSync(pathIn(RESULT), serialize(value));
}

/** In a script of `runOnWebgpu`: what was logged since it was last asked. */
export function readLog(): () => string {
  const path = pathIn(LOG);
  let read = statSync(path).size;
  return () => {
    const length = statSync(path).size - read;
    const bytes = Buffer.alloc(length);
    const fd = openSync(path, "r");
    readSync(fd, bytes, 0, length, read);
    closeSync(fd);
    read += length;
    return bytes.toString("utf8");
  };
}

function pathIn(variable: string): string {
  const path = process.env[variable];
  if (path === undefined) throw new Error(`${variable} is not set: this script is started by runOnWebgpu`);
  return path;
}
