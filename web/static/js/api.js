/* Calls of the public API with the session's cookie and token. */

const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Send JSON by the method; return the answer, or throw an Error whose message can be shown. */
export function call(method, path, body) {
  return answerOf(path, {
    method,
    headers: { "x-csrf-token": token, "content-type": "application/json", accept: "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

export const post = (path, body) => call("POST", path, body);

/** Delete; errors as for post. */
export function remove(path) {
  return answerOf(path, { method: "DELETE", headers: { "x-csrf-token": token, accept: "application/json" } });
}

/** Read JSON; errors as for post, with `isTransient` when trying again may help. */
export function ask(path) {
  return answerOf(path, { headers: { accept: "application/json" } });
}

async function answerOf(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw Object.assign(new Error("The appliance does not answer. Try again in a moment."), { isTransient: true });
  }
  if (response.ok) return response.status === 204 ? null : response.json();
  if (response.status === 401) throw Object.assign(new Error("You are signed out. Open this page again to sign in."), { status: 401 });
  const problem = await response.json().catch(() => ({}));
  const faults = (problem.errors ?? []).map((fault) => fault.detail).filter(Boolean);
  const words = faults.length ? faults.join(" ") : problem.detail || `The appliance answered ${response.status}.`;
  throw Object.assign(new Error(words), { status: response.status, isTransient: response.status >= 500 || response.status === 429 });
}

/** Fetch a page or a part of one as a document; null when it is not there or the session is over. */
export async function fetchDocument(path) {
  try {
    const response = await fetch(path, { headers: { accept: "text/html" } });
    if (!response.ok || response.redirected) return null;
    return new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    return null;
  }
}

/**
 * Call `onChange` whenever the file changes, until its end: by its event stream, or by asking when
 * the stream does not come through. Calls come at most every 700 ms, the last one always.
 */
export function follow(fileId, onChange) {
  const pause = 700;
  let last = 0;
  let waiting = null;
  let isOver = false;
  let poll = null;
  const tell = (file) => {
    clearTimeout(waiting);
    const run = () => { last = Date.now(); onChange(file); };
    if (isOver) run();
    else waiting = setTimeout(run, Math.max(0, last + pause - Date.now()));
  };
  const end = (file) => {
    // An undo under way changes a Completed file once more.
    const isFinal = file.status === "Completed" || file.status === "Failed";
    if (isFinal) { isOver = true; stream.close(); clearInterval(poll); }
  };
  const stream = new EventSource(`/analytics/files/${fileId}/events`);
  stream.onmessage = (event) => {
    const file = JSON.parse(event.data);
    end(file);
    tell(file);
  };
  stream.onerror = () => {
    if (stream.readyState !== EventSource.CLOSED || isOver || poll) return;
    poll = setInterval(async () => {
      const response = await fetch(`/analytics/files/${fileId}`).catch(() => null);
      if (!response?.ok) return;
      const file = await response.json();
      end(file);
      tell(file);
    }, 2000);
  };
  return () => { isOver = true; stream.close(); clearInterval(poll); clearTimeout(waiting); };
}

let announced = 0;
let announcing = null;

/** Say something to who cannot see it change; not more than every three seconds. */
export function announce(words) {
  clearTimeout(announcing);
  announcing = setTimeout(() => {
    announced = Date.now();
    document.getElementById("announce").textContent = words;
  }, Math.max(0, announced + 3000 - Date.now()));
}
