/// <reference types="vite/client" />
/**
 * Lets the page work offline, where the browser and the host allow it. On a host that sends no headers for shared memory the page is loaded once more, now with them.
 */
export async function workOffline(): Promise<void> {
  if (!("serviceWorker" in navigator) || import.meta.env.MODE !== "production") return;
  try {
    await navigator.serviceWorker.register(new URL("service-worker.js", document.baseURI));
    await navigator.serviceWorker.ready;
  } catch {
    // Not served over https, or forbidden: it is a page like others then.
    return;
  }
  const again = "multiway-isolated";
  if (crossOriginIsolated || sessionStorage.getItem(again) !== null) return;
  sessionStorage.setItem(again, "tried");
  location.reload();
}
