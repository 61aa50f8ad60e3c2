// npm run demo: what must work before anything is installed is in start.mjs; the demo itself is demo.ts.
import { start } from "./start.mjs";

await start("demo", process.argv.slice(2));
