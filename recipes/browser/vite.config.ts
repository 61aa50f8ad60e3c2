import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig, type Plugin, type UserConfig } from "vite";

const root = dirname(fileURLToPath(import.meta.url));

/** Threads share memory only in a page that is isolated from other origins. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** What the built page may do: load its own files and nothing else, and send nothing to anybody. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "media-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const SERVICE_WORKER = "service-worker.js";
/** Files of the page that are kept when somebody uses them, not before: of the runtime's builds a browser needs one. */
const LARGE = /^ort\/|\.onnx$/;

/** The built page is held to its policy, and kept for when there is no network. */
const guard: Plugin = {
  name: "guard",
  apply: "build",
  enforce: "post",
  transformIndexHtml: () => [
    { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: POLICY }, injectTo: "head-prepend" },
    { tag: "meta", attrs: { name: "service-worker", content: SERVICE_WORKER }, injectTo: "head" },
  ],
  generateBundle: {
    order: "post",
    handler(_options, bundle) {
      const built = Object.keys(bundle).filter((file) => file !== SERVICE_WORKER && !LARGE.test(file));
      const files = ["./", "icon.svg", "manifest.webmanifest", ...built].toSorted();
      const worker = bundle[SERVICE_WORKER];
      if (worker?.type !== "chunk") throw new Error("the service worker was not built");
      const digest = createHash("sha256").update(worker.code);
      for (const item of Object.values(bundle)) digest.update(item.type === "chunk" ? item.code : item.source);
      const shell = { version: digest.digest("hex").slice(0, 16), files, policy: POLICY };
      worker.code = `self.shell = ${JSON.stringify(shell)};\n${worker.code}`;
    },
  },
};

/** ONNX Runtime's own files as they come, beside the page: its threads load the script from there. */
const RUNTIME_FILES = ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.asyncify"].flatMap((build) => [
  `${build}.mjs`,
  `${build}.wasm`,
]);
const runtimeFolder = dirname(createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));

const runtimeFiles: Plugin = {
  name: "runtime-files",
  generateBundle() {
    for (const name of RUNTIME_FILES) {
      this.emitFile({ type: "asset", fileName: `ort/${name}`, source: readFileSync(join(runtimeFolder, name)) });
    }
  },
};

const config: UserConfig = defineConfig({
  root,
  base: "./",
  plugins: [runtimeFiles, guard],
  // the builds of ONNX Runtime that bring no files of their own
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  worker: { format: "es" },
  preview: { host: "127.0.0.1", headers: isolation },
  build: {
    outDir: "../../dist/browser",
    emptyOutDir: true,
    target: "es2022",
    // a font or picture inside the styles would need a wider policy
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: join(root, "index.html"), "service-worker": join(root, "service-worker.ts") },
      output: {
        entryFileNames: ({ name }) => (name === "service-worker" ? SERVICE_WORKER : "assets/[name]-[hash].js"),
      },
    },
  },
});

export default config;
