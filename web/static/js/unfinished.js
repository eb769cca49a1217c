/* Uploads in parts that were begun and not ended: kept by the browser for each user and workspace. */

const owner = document.querySelector("[data-owner]")?.dataset.owner ?? "";
const memory = `tallydock-uploads:${owner}`;
const most = 20;

/** Return `{fileId, name, size, lastModified, dataset}` of each. */
export function unfinished() {
  try { return JSON.parse(localStorage.getItem(memory) ?? "[]"); } catch { return []; }
}

function keep(list) {
  try { localStorage.setItem(memory, JSON.stringify(list.slice(-most))); } catch { /* Then it lasts as long as the page. */ }
}

export function remember(fileId, { name, size, lastModified }, dataset) {
  keep([...unfinished(), { fileId, name, size, lastModified, dataset }]);
}

export function forget(fileId) {
  const list = unfinished();
  if (list.some((it) => it.fileId === fileId)) keep(list.filter((it) => it.fileId !== fileId));
}

/** Return the begun upload of the same file, or undefined. */
export function begunFor(file) {
  return unfinished().find((it) => it.name === file.name && it.size === file.size && it.lastModified === file.lastModified);
}
