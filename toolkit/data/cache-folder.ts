import { homedir } from "node:os";
import { posix, win32 } from "node:path";

export interface CachePlace {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: string;
  readonly home?: string;
}

/**
 * Where downloads and computed features are kept: ONNX_GRAFT_CACHE; else onnx-graft in XDG_CACHE_HOME (ignored unless absolute, as its
 * specification asks), in ~/.cache, on macOS in ~/Library/Caches, on Windows in LOCALAPPDATA.
 */
export function cacheFolder({
  env = process.env,
  platform = process.platform,
  home = homedir(),
}: CachePlace = {}): string {
  const own = env["ONNX_GRAFT_CACHE"];
  if (own) return own;
  const path = platform === "win32" ? win32 : posix;
  const xdg = env["XDG_CACHE_HOME"];
  if (xdg && path.isAbsolute(xdg)) return path.join(xdg, "onnx-graft");
  if (platform === "darwin") return path.join(home, "Library", "Caches", "onnx-graft");
  if (platform === "win32")
    return path.join(env["LOCALAPPDATA"] ?? path.join(home, "AppData", "Local"), "onnx-graft", "cache");
  return path.join(home, ".cache", "onnx-graft");
}
