// The token stands behind `#`: browsers do not send that part, so it reaches no log, and a mail scanner that
// follows the link changes nothing.
"use strict";

const WORDS = {
  en: {
    heading: "Choose your password", password: "New password", repeat: "The same again", show: "Show what I type",
    submit: "Set password", rules: "At least 8 characters, of three kinds: small letters, capitals, digits, signs.",
    differ: "The two passwords differ.", empty: "Please type a new password.",
    noToken: "This address is not complete. Open the whole link of the mail.",
    failed: "That did not work.", unreachable: "The server cannot be reached. Please try again in a moment.",
    done: "Your password is set. You can sign in now.",
  },
  it: {
    heading: "Scegliere la password", password: "Nuova password", repeat: "Ripetere la password",
    show: "Mostra quello che scrivo", submit: "Imposta password",
    rules: "Almeno 8 caratteri di tre tipi: minuscole, maiuscole, cifre, segni.",
    differ: "Le due password sono diverse.", empty: "Scrivere una nuova password.",
    noToken: "L'indirizzo non è completo. Aprire il collegamento intero del messaggio.",
    failed: "Non è riuscito.", unreachable: "Il server non è raggiungibile. Riprovare tra poco.",
    done: "La password è impostata. Ora è possibile accedere.",
  },
  pl: {
    heading: "Ustaw hasło", password: "Nowe hasło", repeat: "Powtórz hasło", show: "Pokaż wpisywane znaki",
    submit: "Ustaw hasło", rules: "Co najmniej 8 znaków trzech rodzajów: małe litery, wielkie litery, cyfry, znaki.",
    differ: "Hasła różnią się.", empty: "Wpisz nowe hasło.",
    noToken: "Adres jest niepełny. Otwórz cały odnośnik z wiadomości.",
    failed: "Nie udało się.", unreachable: "Serwer jest nieosiągalny. Spróbuj ponownie za chwilę.",
    done: "Hasło zostało ustawione. Możesz się teraz zalogować.",
  },
  de: {
    heading: "Passwort wählen", password: "Neues Passwort", repeat: "Passwort wiederholen",
    show: "Eingabe anzeigen", submit: "Passwort setzen",
    rules: "Mindestens 8 Zeichen aus drei Arten: Kleinbuchstaben, Großbuchstaben, Ziffern, Zeichen.",
    differ: "Die beiden Passwörter sind verschieden.", empty: "Bitte ein neues Passwort eingeben.",
    noToken: "Die Adresse ist unvollständig. Bitte den ganzen Link der E-Mail öffnen.",
    failed: "Das hat nicht geklappt.", unreachable: "Der Server ist nicht erreichbar. Bitte gleich noch einmal versuchen.",
    done: "Das Passwort ist gesetzt. Sie können sich jetzt anmelden.",
  },
  fr: {
    heading: "Choisir le mot de passe", password: "Nouveau mot de passe", repeat: "Répéter le mot de passe",
    show: "Afficher la saisie", submit: "Enregistrer le mot de passe",
    rules: "Au moins 8 caractères de trois sortes : minuscules, majuscules, chiffres, signes.",
    differ: "Les deux mots de passe sont différents.", empty: "Veuillez saisir un nouveau mot de passe.",
    noToken: "L'adresse est incomplète. Ouvrez le lien entier du message.",
    failed: "Cela n'a pas fonctionné.", unreachable: "Le serveur est injoignable. Réessayez dans un instant.",
    done: "Le mot de passe est enregistré. Vous pouvez maintenant vous connecter.",
  },
};

const language = (navigator.languages ?? [navigator.language])
  .map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in WORDS) ?? "en";
const words = WORDS[language];
const element = (id) => document.getElementById(id);

function showProblem(...lines) {
  element("problem").replaceChildren(...lines.map((line) => {
    const paragraph = document.createElement("p");
    paragraph.textContent = line;
    return paragraph;
  }));
}

async function problemLines(response) {
  const problem = await response.json().catch(() => ({}));
  const fields = (problem.errors ?? []).map((error) => error.detail ?? error.message).filter(Boolean);
  const lines = fields.length ? fields : [problem.detail ?? problem.title].filter(Boolean);
  return lines.length ? lines : [words.failed];
}

async function activate(event) {
  event.preventDefault();
  showProblem();
  const [password, repeat] = [element("password"), element("repeat")];
  for (const field of [password, repeat]) field.removeAttribute("aria-invalid");
  const refuse = (field, text) => { field.setAttribute("aria-invalid", "true"); showProblem(text); field.focus(); };
  if (!password.value) return refuse(password, words.empty);
  if (password.value !== repeat.value) return refuse(repeat, words.differ);
  const button = element("form").querySelector("button");
  button.disabled = true;
  try {
    const response = await fetch("/api/identity/v1/activations", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": language },
      body: JSON.stringify({ token, password: password.value }),
    });
    if (!response.ok) return showProblem(...await problemLines(response));
    element("form").hidden = true;
    element("outcome").textContent = words.done;
  } catch {
    showProblem(words.unreachable);
  } finally {
    button.disabled = false;
  }
}

const token = new URLSearchParams(location.hash.slice(1)).get("token");
// Out of the address bar, and so out of the history and of what is copied from it.
history.replaceState(null, "", location.pathname);
document.documentElement.lang = language;
document.title = `${words.heading} · Keyholder`;
for (const place of document.querySelectorAll("[data-text]")) place.textContent = words[place.dataset.text];
if (token) {
  element("form").hidden = false;
  element("form").addEventListener("submit", activate);
  element("show").addEventListener("change", (event) => {
    for (const id of ["password", "repeat"]) element(id).type = event.target.checked ? "text" : "password";
  });
} else {
  showProblem(words.noToken);
}
