import { render } from "preact";
import { App } from "./app.tsx";
import { startWorker } from "./ask-worker.ts";
import { settleIn } from "./settle-in.ts";

// the worker starts behind the service worker, so that what it loads is there without a network the next time
await settleIn();
const page = document.querySelector("#page");
if (page) render(<App ask={startWorker()} files={new URL("ort/", document.baseURI).href} />, page);
