/* People: invited, changed, kept out, removed, by the public API; a link is shown once. */

import { call, post, remove, tellFault } from "./api.js";
import { returnTo } from "./returning.js";
import { said } from "./words.js";

const at = (id) => document.getElementById(id);
const managing = at("manage");
const asking = at("ask");
const made = at("made");
const change = (path, body) => call("PATCH", path, body);
let person = null;
const inviting = '[data-open="invite"]';
let confirmed = null;
let madeFrom = inviting;

function tell(dialog, fault) {
  const box = dialog.querySelector("[data-alert]");
  const whole = dialog.querySelector("[data-alert-box]") ?? box;
  tellFault(box, fault);
  whole.hidden = !fault;
}

/* Do it; what is refused is told in the dialog that asked. */
async function attempt(dialog, work) {
  tell(dialog, null);
  try {
    await work();
  } catch (fault) {
    tell(dialog, fault);
  }
}

/** Show the link; `from` finds the button that asked for it. */
function showLink(answer, words, from) {
  madeFrom = from;
  made.querySelector("[data-words]").textContent = words;
  at("link-text").textContent = location.origin + answer.path + answer.secret;
  made.showModal();
}

function ask({ title, question, confirm }, work) {
  tell(asking, null);
  at("ask-title").textContent = title;
  asking.querySelector("[data-question]").textContent = question;
  asking.querySelector("[data-confirm]").textContent = confirm;
  confirmed = work;
  asking.showModal();
}

const managed = () => `[data-manage="${person.manage}"]`;
const goOn = () => returnTo(managed());

at("invite-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = new FormData(event.target);
  attempt(at("invite"), async () => {
    const answer = await post("/analytics/invitations", { email: fields.get("email").trim(), role: fields.get("role") });
    at("invite").close();
    showLink(answer, said.invited(answer.email), inviting);
  });
});

const works = {
  role: (path) => change(path, { role: at("role").value }).then(goOn),
  out: (path) => change(path, { disabled: true }).then(goOn),
  in: (path) => change(path, { disabled: false }).then(goOn),
  factor: (path) => remove(`${path}/second-factor`).then(goOn),
  remove: (path) => remove(path).then(() => returnTo(inviting)),
  link: async (path) => {
    const answer = await post(`${path}/password-link`);
    managing.close();
    showLink(answer, said.passwordLink(person.called), managed());
  },
};

function manage(data) {
  person = data;
  tell(managing, null);
  at("manage-title").textContent = data.called;
  at("role").value = data.role;
  const shown = { factor: "factor" in data, in: !("out" in data), out: "out" in data };
  for (const item of managing.querySelectorAll("[data-if]")) item.hidden = !shown[item.dataset.if];
  managing.showModal();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const data = button?.dataset;
  if (!data) return;
  if (data.manage) manage(data);
  if (data.do) attempt(managing, () => works[data.do](`/analytics/users/${person.manage}`));
  if (data.withdraw) {
    ask(said.askWithdraw(data.called), () => remove(`/analytics/invitations/${data.withdraw}`).then(() => returnTo(inviting)));
  }
  if (data.require) {
    const isRequired = data.require === "true";
    ask(isRequired ? said.askToRequireFactors : said.askToMakeFactorsOptional, () => change("/analytics/workspace", { requiresSecondFactor: isRequired }).then(() => returnTo("[data-require]")));
  }
});

asking.querySelector("[data-confirm]").addEventListener("click", () => attempt(asking, confirmed));
// The link is gone from the page once its dialog is closed.
made.addEventListener("close", () => { at("link-text").textContent = ""; returnTo(madeFrom); });
