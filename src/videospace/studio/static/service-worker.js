// Keeps the files of the pages, and nothing else, so that the studio opens from a home screen while it
// does not respond. What a person does or says is in requests to /api, which pass by.
//
// The studio writes constants above this: VERSION, the address of the WORDS, and the addresses that are
// KEPT, with the digests of the files.

const CACHE = `studio-${VERSION}`;
const PATIENCE_MILLISECONDS = 5000;
const opened = new Set(); // the pages that were opened from the cache, whose other files come from it, too

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
self.addEventListener("fetch", (event) => {
  const { origin, pathname, search } = new URL(event.request.url);
  const address = pathname === WORDS ? pathname + search : pathname;
  if (event.request.method !== "GET" || origin !== location.origin || !Object.hasOwn(KEPT, address)) return;
  if (event.request.mode === "navigate") event.respondWith(openPage(event, address));
  else if (opened.has(event.clientId)) event.respondWith(kept(address));
});

async function keep() {
  const cache = await caches.open(CACHE);
  const requests = Object.entries(KEPT).map(([address, integrity]) => new Request(address, { integrity, cache: "no-store" }));
  await cache.addAll(requests);
  await self.skipWaiting();
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

// Opening the cache would make it anew where a newer version has deleted it.
const kept = (address) => caches.match(address, { cacheName: CACHE, ignoreVary: true });

// The page of the studio or, if it does not respond, the page that was kept.
async function openPage(event, address) {
  const late = new Promise((_, reject) => { setTimeout(reject, PATIENCE_MILLISECONDS); });
  try {
    return await Promise.race([fetch(event.request), late]);
  } catch {
    opened.add(event.resultingClientId);
    return marked(await kept(address));
  }
}

// The page learns which version it is, to reload once a newer studio responds.
async function marked(page) {
  const html = (await page.text()).replace("<html", `<html data-kept="${VERSION}"`);
  return new Response(html, { headers: page.headers });
}
