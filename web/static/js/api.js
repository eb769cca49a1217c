/* Calls of the public API with the session's cookie and token. */

import { inEnglish } from "./texts.js";
import { said } from "./words.js";

/* Read at every call: signing in again, in another tab, brings another one (`shell.js`). */
const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Send JSON by the method; return the answer, or throw an Error whose message can be shown. */
export function call(method, path, body) {
  return answerOf(path, {
    method,
    headers: { "x-csrf-token": token(), "content-type": "application/json", accept: "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

export const post = (path, body) => call("POST", path, body);

/** Delete; errors as for post. */
export function remove(path) {
  return answerOf(path, { method: "DELETE", headers: { "x-csrf-token": token(), accept: "application/json" } });
}

/** Read JSON; errors as for post, with `isTransient` when trying again may help. */
export function ask(path) {
  return answerOf(path, { headers: { accept: "application/json" } });
}

const pauses = [500, 2000];

/** Read JSON as `ask` does, twice more where that may help: a moment's fault is nobody's concern. */
export async function patiently(path) {
  for (const pause of pauses) {
    try {
      return await ask(path);
    } catch (fault) {
      if (!fault.isTransient) throw fault;
    }
    await new Promise((go) => { setTimeout(go, pause); });
  }
  return ask(path);
}

async function answerOf(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw Object.assign(new Error(said.noAnswer), { isTransient: true });
  }
  if (response.ok) return response.status === 204 ? null : response.json();
  if (response.status === 401) document.dispatchEvent(new Event("signedout"));
  if (response.status === 401) throw Object.assign(new Error(said.signedOut), { status: 401 });
  const problem = await response.json().catch(() => ({}));
  const faults = (problem.errors ?? []).map((fault) => fault.detail).filter(Boolean);
  // What the API says is English on every page.
  const told = faults.length ? faults.join(" ") : problem.detail;
  throw Object.assign(new Error(told || said.answered(response.status)), {
    status: response.status, isEnglish: Boolean(told), isTransient: response.status >= 500 || response.status === 429,
  });
}

/** Put a fault in words into its place; none empties it. */
export function tellFault(place, fault) {
  place.textContent = fault?.message ?? "";
  return inEnglish(place, Boolean(fault?.isEnglish));
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
