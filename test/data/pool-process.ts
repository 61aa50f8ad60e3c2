/** Opens a pool and tells which processes it has; at SIGINT tells what the photos under way came to, and ends without closing it. */
import { decodePool } from "../../toolkit/data/decode-pool.ts";

const isSource = import.meta.url.endsWith(".ts");
const file = new URL(isSource ? "./misbehaving-process.ts" : "./misbehaving-process.js", import.meta.url);
const pool = decodePool({ processes: 2, file });
await Promise.all([pool.run({ source: "1 50" }), pool.run({ source: "2 50" }), pool.run({ source: "3 50" })]);
const work = Promise.all([pool.run({ source: "5 700" }), pool.run({ source: "6 700" })]);
const finish = async (): Promise<void> => {
  process.send?.((await work).map(({ pixels }) => pixels.width));
  process.exitCode = 7;
  process.disconnect();
};
process.on("SIGINT", () => void finish());
process.send?.(pool.pids());
