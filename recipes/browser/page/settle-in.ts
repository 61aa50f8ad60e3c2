const RELOADED = "reloaded-for-isolation";
/** Longest wait for the service worker, in milliseconds: without one the page works too, but only with a network. */
const PATIENCE = 5000;

/**
 * Waits until the service worker answers for this page: it keeps what is loaded, and isolates the page from other origins, which threads need. A page that its
 * server did not isolate is loaded once more.
 */
export async function settleIn(): Promise<void> {
  const script = document.querySelector<HTMLMetaElement>('meta[name="service-worker"]')?.content;
  if (script === undefined || !("serviceWorker" in navigator)) return;
  try {
    await Promise.race([taken(script), new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  } catch {
    // private windows may refuse one
    return;
  }
  if (globalThis.crossOriginIsolated || !navigator.serviceWorker.controller || sessionStorage.getItem(RELOADED)) return;
  sessionStorage.setItem(RELOADED, "yes");
  location.reload();
  await new Promise(() => {});
}

async function taken(script: string): Promise<void> {
  const { serviceWorker } = navigator;
  const controlled = new Promise<void>((resolve) => {
    if (serviceWorker.controller) resolve();
    else serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true });
  });
  await serviceWorker.register(script);
  await controlled;
}
