// The files of the pages, which a service worker keeps for when the studio does not respond.

const SERVICE_WORKER = "/service-worker.js";
const { kept: keptVersion } = document.documentElement.dataset; // of a page that was opened from there

// A browser that does not trust the studio's certificate keeps nothing.
export function keepPages() {
  navigator.serviceWorker?.register(SERVICE_WORKER).catch(() => {});
}

// Whether the studio, which responds again, has other files than this page.
export async function isOutdated() {
  if (keptVersion === undefined) return false;
  const answer = await fetch(SERVICE_WORKER).catch(() => null);
  return Boolean(answer?.ok) && !(await answer.text()).includes(keptVersion);
}
