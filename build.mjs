// Builds the package: installs what is missing (--install), generates code from grammars, compiles, completes dist/.
// Plain JavaScript that imports only from Node, because it runs before anything is installed. --generate stops before the compiler.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const flags = new Set(process.argv.slice(2));

const PBJS_FLAGS =
  "-t static-module -w esm --keep-case --no-delimited --no-typeurl --no-verify --no-convert -r onnx --dts";
const generated = [
  {
    source: "toolkit/onnx/onnx.proto",
    output: "toolkit/onnx/schema.js",
    tool: "protobufjs-cli/bin/pbjs",
    args: PBJS_FLAGS.split(" "),
  },
  {
    source: "toolkit/search/query-grammar.peggy",
    output: "toolkit/search/query-grammar.js",
    tool: "peggy/bin/peggy.js",
    args: ["--format", "es", "--dts"],
  },
];

for (const flag of flags) {
  if (flag !== "--install" && flag !== "--generate") fail(`unknown option "${flag}": expected --install or --generate`);
}
process.chdir(root);
if (flags.has("--install")) install();
generate();
if (!flags.has("--generate")) compile();

function install() {
  if (!isOlder("node_modules/.package-lock.json", "package-lock.json")) return;
  // npm hands its own settings down through npm_*; they must not decide how this install goes
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  // --include=dev: under NODE_ENV=production npm would leave the compiler out
  step("install", () => run("npm", ["ci", "--include=dev"], { env, shell: process.platform === "win32" }));
}

function generate() {
  for (const { source, output, tool, args } of generated) {
    const types = declarationOf(output);
    if (!existsSync(source) || !(isOlder(output, source) || isOlder(types, source))) continue;
    step(`generate ${output}`, () => runTool(tool, [...args, "-o", output, source]));
    if (isOlder(output, source) || isOlder(types, source)) fail(`${tool} did not write ${output} and ${types}`);
  }
}

function compile() {
  // a test whose source is gone must not run again
  rmSync("dist", { recursive: true, force: true });
  // with errors tsc would still write, and for a file outside this folder beside its source
  step("compile", () => runTool("typescript/bin/tsc", ["-p", ".", "--noEmitOnError"]));
  for (const { output } of generated) {
    for (const file of [output, declarationOf(output)]) {
      if (!existsSync(file)) continue;
      mkdirSync(join("dist", dirname(file)), { recursive: true });
      copyFileSync(file, join("dist", file));
    }
  }
  // the compiler makes plain files, and npm links the command to this one
  if (existsSync("dist/cli/main.js")) chmodSync("dist/cli/main.js", 0o755);
}

function declarationOf(output) {
  return output.replace(/\.js$/, ".d.ts");
}

function isOlder(file, source) {
  return !existsSync(file) || statSync(file).mtimeMs < statSync(source).mtimeMs;
}

function runTool(tool, args) {
  run(process.execPath, [join("node_modules", tool), ...args]);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { stdio: "inherit", ...options });
  if (result.error) fail(`cannot start ${command}: ${result.error.message}`);
  if (result.status !== 0) fail(`${[command, ...args].join(" ")} failed`, result.status ?? 1);
}

function step(name, action) {
  const start = performance.now();
  action();
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

function fail(message, status = 1) {
  console.error(`build: ${message}`);
  process.exit(status);
}
