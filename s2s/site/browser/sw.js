// The service worker: it keeps the files of the site, so that they come without a network, too. Files of models are
// kept by the page when it fetches them (models.js). The list and the version are put in when the site is built.

const [VERSION, FILES, MODELS] = ["$version", $files, $models];
const SHELL = `lookback-site-${VERSION}`;
const KEPT = "lookback-models";

const urlOf = (path) => new URL(path, registration.scope).href;

async function install() {
  const cache = await caches.open(SHELL);
  await cache.addAll(FILES.map((path) => new Request(urlOf(path), { cache: "reload" })));
  await skipWaiting();
}

// Forget the files of earlier versions, and of models that are not there any more.
async function activate() {
  const old = (name) => name.startsWith("lookback-site-") && name !== SHELL;
  for (const name of (await caches.keys()).filter(old)) await caches.delete(name);
  const [kept, known] = [await caches.open(KEPT), new Set(MODELS.map(urlOf))];
  for (const request of await kept.keys()) if (!known.has(request.url)) await kept.delete(request);
  await clients.claim();
}

async function answer(request) {
  const cache = await caches.open(SHELL);
  const found = await cache.match(request.mode === "navigate" ? urlOf("index.html") : request, { ignoreSearch: true });
  return found ?? fetch(request);
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && request.url.startsWith(registration.scope)) event.respondWith(answer(request));
});
