/** Every error the toolkit throws on purpose has one of these codes. Compare `error.code`: `instanceof` fails when two copies of the package are loaded. */
export type ErrorCode =
  | "E_SWEEP"
  // the model file
  | "E_MODEL_NOT_FOUND"
  | "E_MODEL_EMPTY"
  | "E_MODEL_NOT_ONNX"
  | "E_MODEL_TRUNCATED"
  | "E_MODEL_TOO_LARGE"
  | "E_MODEL_TOO_COMPLEX"
  | "E_MODEL_CYCLE"
  | "E_MODEL_OP"
  | "E_MODEL_OPSET"
  | "E_MODEL_SHAPE"
  | "E_MODEL_INVALID"
  | "E_MODEL_EXTERNAL"
  | "E_MODEL_NONFINITE"
  | "E_MODEL_METADATA"
  // the graph
  | "E_GRAPH"
  | "E_SHAPE"
  | "E_NO_HEAD"
  | "E_NO_FEATURE"
  | "E_NO_VALUE"
  | "E_NO_OPERATOR"
  | "E_NO_GRADIENT"
  | "E_NO_PARAMETERS"
  | "E_NOT_LOWERED"
  // data
  | "E_DATA_NOT_FOUND"
  | "E_DATA_EMPTY"
  | "E_DATA_ONE_CLASS"
  | "E_DATA_LAYOUT"
  | "E_DATA_CLASSES"
  | "E_DATA_FORMAT"
  | "E_DATA_MANIFEST"
  | "E_IMAGE_DECODE"
  | "E_IMAGE_FORMAT"
  | "E_IMAGE_TOO_LARGE"
  | "E_IMAGE_TIMEOUT"
  | "E_IMAGE_READ"
  | "E_IMAGE_CRASH"
  | "E_DECODER"
  | "E_TOO_MANY_BAD"
  // running and training
  | "E_RUNTIME"
  | "E_RUN"
  | "E_DEVICE"
  | "E_SETTING"
  | "E_NONFINITE_LOSS"
  | "E_CHECKPOINT"
  | "E_RUN_FOLDER"
  | "E_RUN_LOCKED"
  | "E_RESUME"
  | "E_PARITY"
  | "E_ACCURACY_LOSS"
  | "E_STOPPED"
  | "E_WRITE"
  | "E_CACHE"
  // search
  | "E_QUERY"
  | "E_QUERY_LABEL"
  | "E_STORE_DRIVER"
  | "E_STORE_VERSION"
  | "E_STORE"
  // downloads
  | "E_DOWNLOAD"
  | "E_DOWNLOAD_CHECKSUM"
  | "E_OFFLINE"
  | "E_MODEL_UNKNOWN"
  // the command line
  | "E_USAGE";

/**
 * An error with a stable code, and a hint that says the way out.
 *
 * The message names the action that failed and the value, with what was expected; it starts upper case and has no full stop.
 */
export class ToolkitError extends Error {
  override readonly name = "ToolkitError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** The error's code, if it is one of ours, whichever copy of the package made it. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** The message of anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
