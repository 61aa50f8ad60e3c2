// npm run recipe NAME [-- ARGS]: starts recipes/NAME.ts.
import { start } from "./start.mjs";

const [name = "", ...args] = process.argv.slice(2);
await start(name, args);
