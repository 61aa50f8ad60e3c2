import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** The browser of this machine; undefined where there is none. */
export function chromiumPath(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const paths = [process.env["CHROMIUM"], ...folders.flatMap((folder) => names.map((name) => join(folder, name)))];
  return paths.find((path) => path !== undefined && existsSync(path));
}

/** Starts it without a window; with WebGPU that the processor imitates, where that is asked for, and a camera that shows a test picture. */
export function launchChromium(
  executablePath: string,
  { webgpu = false }: { readonly webgpu?: boolean } = {},
): Promise<Browser> {
  const imitated = webgpu ? ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"] : [];
  const camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
  return chromium.launch({ executablePath, args: ["--no-sandbox", ...imitated, ...camera] });
}
