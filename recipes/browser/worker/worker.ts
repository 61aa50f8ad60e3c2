/** The thread of the page in which everything heavy happens: photos are decoded, networks run and trained, labels kept and searched. */
import { config } from "zod";
import type { Answer, Ask, CallName, FromWorker, NewsOf, ToWorker, Trouble } from "../calls.ts";
import { openAlbum } from "./album.ts";
import { openWorkshop } from "./workshop.ts";

// it would try out whether code may be made at run time, which the page forbids
config({ jitless: true });

const workshop = openWorkshop();
const album = openAlbum(workshop);

type Handlers = {
  [K in CallName]: (ask: Ask<K>, tell: (news: NewsOf<K>) => void) => Promise<Answer<K>>;
};

const handlers: Handlers = { ...workshop.calls, ...album };

function post(message: FromWorker): void {
  self.postMessage(message);
}

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  const { id, name, ask } = data;
  const handle = handlers[name] as (ask: unknown, tell: (news: unknown) => void) => Promise<unknown>;
  handle(ask, (news) => post({ id, kind: "news", news })).then(
    (answer) => post({ id, kind: "answer", answer }),
    (error: unknown) => post({ id, kind: "trouble", trouble: troubleOf(error) }),
  );
});

function troubleOf(error: unknown): Trouble {
  const { code, message, hint } = error as { code?: unknown; message?: unknown; hint?: unknown };
  return {
    message: typeof message === "string" ? message : String(error),
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof hint === "string" ? { hint } : {}),
  };
}
