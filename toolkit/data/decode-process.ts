/** The process that decodes: a photo that ends or hangs it is lost, and nothing else. */
import { readImageSync } from "../images/read-image.ts";
import { serveJobs } from "./serve-jobs.ts";

serveJobs(async (options) => {
  // imported only now, so that the parent is told where it fails
  const { sharpDecoder } = await import("../images/sharp.ts");
  return { decoder: sharpDecoder(options), read: (source) => readImageSync(source, options.maxBytes) };
});
