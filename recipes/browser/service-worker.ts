/** Keeps everything that the page has loaded, so that it works without a network, and says what the page may do. */

interface Shell {
  /** Another text for another build. */
  readonly version: string;
  /** What is kept before anybody asks for it: all but the large files. */
  readonly files: readonly string[];
  readonly policy: string;
}

/** What of the global scope of a service worker is used here. */
interface Scope {
  /** Written in front of this file when it is built. */
  readonly shell: Shell;
  readonly location: Location;
  readonly caches: CacheStorage;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(kind: "install" | "activate", listen: (event: Waiting) => void): void;
  addEventListener(kind: "fetch", listen: (event: Fetching) => void): void;
}

interface Waiting {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const scope = globalThis as unknown as Scope;
const { version, files, policy } = scope.shell;
const NAME = `onnx-graft-${version}`;

scope.addEventListener("install", (event) => event.waitUntil(install()));
scope.addEventListener("activate", (event) => event.waitUntil(activate()));
scope.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const isOwn = new URL(url).origin === scope.location.origin;
  // the page needs nothing from elsewhere and sends nothing to anybody
  event.respondWith(isOwn && method === "GET" ? answer(event.request) : Promise.resolve(Response.error()));
});

async function install(): Promise<void> {
  const cache = await scope.caches.open(NAME);
  await cache.addAll(files.map((file) => new Request(file, { cache: "reload" })));
  await scope.skipWaiting();
}

async function activate(): Promise<void> {
  const names = await scope.caches.keys();
  const old = names.filter((name) => name.startsWith("onnx-graft-") && name !== NAME);
  await Promise.all(old.map((name) => scope.caches.delete(name)));
  await scope.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cache = await scope.caches.open(NAME);
  // whatever the address says behind "?", it is the one page
  const kept = await cache.match(request, { ignoreSearch: true });
  if (kept) return guarded(kept);
  const fresh = await fetch(request);
  if (fresh.status !== 200) return guarded(fresh);
  const { pathname } = new URL(request.url);
  await cache.put(pathname, fresh.clone()).catch(() => {
    // no room: it is loaded again the next time
  });
  return guarded(fresh);
}

/** The same response, which isolates the page from other origins, and holds its workers to its policy. */
function guarded(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Content-Security-Policy", policy);
  const { status, statusText } = response;
  return new Response(status === 204 || status === 304 ? null : response.body, { status, statusText, headers });
}
