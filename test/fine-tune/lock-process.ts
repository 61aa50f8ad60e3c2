/** Wants the lock of a folder once it is told to, says whether it got it, and holds it until its input ends: `lock-process FOLDER` */
import { once } from "node:events";
import { errorCode } from "../../toolkit/errors.ts";
import { takeLock } from "../../toolkit/fine-tune/run-lock.ts";

const [folder = ""] = process.argv.slice(2);
process.stdout.write("ready\n");
await once(process.stdin, "data");
const ended = once(process.stdin, "end");
process.stdin.resume();
try {
  const release = await takeLock(folder);
  process.stdout.write("held\n");
  await ended;
  await release();
} catch (error) {
  process.stdout.write(`${errorCode(error) ?? String(error)}\n`);
}
