import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DType, fromBytes, tensor, type TensorData } from "../../toolkit/graph/tensor.ts";

/** A tensor as the golden files store it: little-endian bytes in base64. An empty shape is a scalar. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: string;
}

// the tests run from test/ and from dist/test/: fixtures are never copied, so both look for the package's own folder
function packageRoot(from: string): string {
  if (existsSync(join(from, "package.json"))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error(`Cannot find package.json above "${import.meta.url}"`);
  return packageRoot(parent);
}

/** The folder that holds package.json. */
export const root: string = packageRoot(dirname(fileURLToPath(import.meta.url)));

/** The absolute path of `test/fixtures/<path>`. */
export function fixture(path: string): string {
  return join(root, "test", "fixtures", path);
}

/** The absolute path of `../shared/<path>` beside the repository, or undefined where it does not exist. */
export function shared(path: string): string | undefined {
  const found = join(root, "..", "shared", path);
  return existsSync(found) ? found : undefined;
}

/** A suite that needs `../shared/<path>` and receives its absolute path; skipped, with the reason as its title, without it. */
export function describeShared(title: string, path: string, body: (this: Mocha.Suite, path: string) => void): void {
  const found = shared(path);
  describe(title, function () {
    if (found) body.call(this, found);
    else it.skip(missing(path));
  });
}

/** A test that needs `../shared/<path>` and receives its absolute path; skipped, with the reason in its title, without it. */
export function itShared(
  title: string,
  path: string,
  body: (this: Mocha.Context, path: string) => void | Promise<void>,
): void {
  const found = shared(path);
  if (!found) {
    it.skip(`${title} (${missing(path)})`);
    return;
  }
  it(title, function () {
    return body.call(this, found);
  });
}

/** The JSON document at `path`, which the caller knows to be a T. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- a cast at every call would say the same at more length
export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8")) as T;
}

/**
 * The tensor behind its stored form.
 * @throws E_SHAPE where the bytes do not fill the shape
 */
export function readTensor({ shape, dtype, data }: GoldenTensor): TensorData {
  return tensor(dtype, shape, fromBytes(dtype, Uint8Array.from(Buffer.from(data, "base64"))));
}

function missing(path: string): string {
  return `needs ../shared/${path}, which is not here`;
}
