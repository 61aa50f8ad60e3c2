import { errorMessage, ToolkitError } from "../errors.ts";
import type { Model } from "../graph/ir.ts";
import { decodeGraph, standardDomain } from "./decode-graph.ts";
import type { ReadExternal } from "./external.ts";
import { safeInteger } from "./integers.ts";
import { checkBytes, checkFileSize, defaultLimits, type Limits } from "./limits.ts";
import { onnx } from "./schema.js";

export interface DecodeOptions {
  /** Names the file in error texts; "the model" where absent. */
  readonly name?: string;
  /** Reads weights that are kept beside the file; a model that has such is refused without it. */
  readonly readExternal?: ReadExternal;
  readonly limits?: Partial<Limits>;
  /** Accept weights that are NaN or infinite. */
  readonly allowNonfinite?: boolean;
}

/** Versions of the standard operators that `normalise` can bring into one dialect. */
const OPSET_MIN = 7;
const OPSET_MAX = 23;

/**
 * Reads an ONNX file as it stands: no operator is interpreted and no shape inferred. What a file leaves open about a value is UNKNOWN_TYPE.
 * Weights may share memory with `bytes`, which must not be changed afterwards.
 * @throws E_MODEL_EMPTY, E_MODEL_NOT_ONNX, E_MODEL_TRUNCATED, E_MODEL_TOO_LARGE, E_MODEL_TOO_COMPLEX, E_MODEL_CYCLE, E_MODEL_OP, E_MODEL_OPSET,
 *   E_MODEL_SHAPE, E_MODEL_INVALID, E_MODEL_EXTERNAL, E_MODEL_NONFINITE
 */
export function decodeModel(bytes: Uint8Array, options: DecodeOptions = {}): Model {
  const { name: file = "the model", allowNonfinite = false } = options;
  const limits = { ...defaultLimits, ...options.limits };
  checkBytes(bytes, file, limits);
  const proto = parse(bytes, file);
  const opsets = readOpsets(proto, file);
  const functions = new Set((proto.functions ?? []).map((f) => `${standardDomain(f.domain ?? "")}.${f.name ?? ""}`));
  const readExternal = externalWithin(limits, bytes.length, file, options.readExternal);
  const graph = decodeGraph(proto.graph ?? {}, { file, allowNonfinite, functions, readExternal });
  const metadata = new Map((proto.metadata_props ?? []).map((entry) => [entry.key ?? "", entry.value ?? ""]));
  const producer = [proto.producer_name, proto.producer_version].filter(Boolean).join(" ");
  return { graph, opsets, metadata, ...(producer === "" ? {} : { producer }) };
}

function parse(bytes: Uint8Array, file: string): onnx.ModelProto.$Properties {
  try {
    // a plain view: from a Buffer protobufjs makes more Buffers
    return onnx.ModelProto.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw new ToolkitError("E_MODEL_INVALID", `Cannot read ${file}: ${errorMessage(cause)}`, {
      hint: "the file is damaged: fetch it again, or export the model again",
      cause,
    });
  }
}

function readOpsets(proto: onnx.ModelProto.$Properties, file: string): ReadonlyMap<string, number> {
  const opsets = new Map<string, number>();
  for (const entry of proto.opset_import ?? []) {
    const domain = standardDomain(entry.domain ?? "");
    const version = safeInteger(entry.version ?? 0);
    if (opsets.has(domain) && opsets.get(domain) !== version) {
      throw new ToolkitError("E_MODEL_OPSET", `Cannot read ${file}: it declares two opsets of the domain "${domain}"`);
    }
    opsets.set(domain, version);
  }
  const opset = opsets.get("");
  if (opset === undefined || !(opset >= OPSET_MIN && opset <= OPSET_MAX)) {
    const what = opset === undefined ? "declares no opset" : `is of opset ${opset}`;
    throw new ToolkitError("E_MODEL_OPSET", `Cannot read ${file}: it ${what}, expected ${OPSET_MIN} to ${OPSET_MAX}`, {
      hint: "export the model with opset_version=17, or bring it there with onnx.version_converter in Python",
    });
  }
  return opsets;
}

/** Counts what is read beside the file towards the file's own limit. */
function externalWithin(limits: Limits, fileBytes: number, file: string, read: ReadExternal | undefined): ReadExternal {
  let total = fileBytes;
  return (location, offset, length) => {
    if (!read) {
      throw new ToolkitError("E_MODEL_EXTERNAL", `Cannot read ${file}: its weights lie beside it in "${location}"`, {
        hint: "give readExternal, or save the model in one file: onnx.save(onnx.load(path), path) in Python",
      });
    }
    total += length;
    checkFileSize(total, `${file} with its external data`, limits);
    return read(location, offset, length);
  };
}
