import { ToolkitError } from "../../errors.ts";

/** Two contents whose digests begin with the same 63 bits: about one chance in twenty among a thousand million photos. */
export function collision(path: string): ToolkitError {
  return new ToolkitError("E_STORE", `Cannot add ${JSON.stringify(path)}: another photo has the same image id`, {
    hint: "leave one of the two out of the index",
  });
}
