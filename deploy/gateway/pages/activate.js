// The token stands behind `#`: browsers do not send that part, so it reaches no log, and a mail scanner that
// follows the link changes nothing.
import { WORDS } from "./words.js";

// One page for a first password and for a new one.
const TARGETS = {
  "/activate": "/api/identity/v1/activations",
  "/reset-password": "/api/identity/v1/password-resets",
};

const language = (navigator.languages ?? [navigator.language])
  .map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in WORDS) ?? "en";
const words = WORDS[language];
const element = (id) => document.getElementById(id);

// The texts of the rules that the agency has, by the codes with which a password is refused.
function textsOf(rules) {
  const counted = (code, number) => words.rules[code].replace("{n}", number);
  const kind = (name, code) => rules.kinds.includes(name) && words.rules[code];
  return {
    too_short: counted("too_short", rules.shortest),
    too_long: counted("too_long", rules.longest),
    no_lower_case: kind("lower", "no_lower_case"),
    no_upper_case: kind("upper", "no_upper_case"),
    no_digit: kind("digit", "no_digit"),
    common: words.rules.common,
    own_data: words.rules.own_data[rules.own_data],
    reused: rules.remembered > 0 && counted("reused", rules.remembered),
  };
}

function showRules(rules) {
  const texts = Object.entries(textsOf(rules)).filter(([, text]) => text);
  element("rules").replaceChildren(...texts.map(([code, text]) => {
    const rule = document.createElement("li");
    rule.dataset.code = code;
    rule.textContent = text;
    return rule;
  }));
}

function markRules(broken) {
  for (const rule of element("rules").children) rule.classList.toggle("broken", broken.includes(rule.dataset.code));
}

function refuse(field, text) {
  element("problem").textContent = text;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

async function showRefusal(response) {
  const problem = await response.json().catch(() => ({}));
  const errors = problem.errors ?? [];
  markRules(errors.map((error) => error.code));
  const others = errors.filter((error) => !(error.code in words.rules)).map((error) => error.detail);
  const text = others.join(" ") || (words.refusals[problem.code] ?? problem.detail ?? words.failed);
  if (problem.code === "password_refused") return refuse(element("password"), text);
  element("problem").textContent = text;
}

function post(path, body) {
  return fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": language },
    body: JSON.stringify(body),
  });
}

async function begin() {
  try {
    const response = await post(`${TARGETS[location.pathname]}/password-rules`, { token });
    if (!response.ok) return await showRefusal(response);
    showRules(await response.json());
    element("form").hidden = false;
  } catch {
    element("problem").textContent = words.unreachable;
  }
}

async function activate(event) {
  event.preventDefault();
  element("problem").textContent = "";
  markRules([]);
  const [password, repeat] = [element("password"), element("repeat")];
  for (const field of [password, repeat]) field.removeAttribute("aria-invalid");
  if (!password.value) return refuse(password, words.empty);
  if (password.value !== repeat.value) return refuse(repeat, words.differ);
  const button = element("form").querySelector("button");
  button.disabled = true;
  try {
    const response = await post(TARGETS[location.pathname], { token, password: password.value });
    if (!response.ok) return await showRefusal(response);
    element("form").hidden = true;
    element("outcome").textContent = words.done;
  } catch {
    element("problem").textContent = words.unreachable;
  } finally {
    button.disabled = false;
  }
}

// Another link put into the address bar of this page changes only what stands behind `#`.
addEventListener("hashchange", () => location.reload());
const token = new URLSearchParams(location.hash.slice(1)).get("token");
// Out of the address bar, and so out of the history and of what is copied from it.
history.replaceState(null, "", location.pathname);
document.documentElement.lang = language;
document.title = `${words.heading} · Keyholder`;
for (const place of document.querySelectorAll("[data-text]")) place.textContent = words[place.dataset.text];
if (token) {
  element("form").addEventListener("submit", activate);
  element("show").addEventListener("change", (event) => {
    for (const id of ["password", "repeat"]) element(id).type = event.target.checked ? "text" : "password";
  });
  begin();
} else {
  element("problem").textContent = words.noToken;
}
