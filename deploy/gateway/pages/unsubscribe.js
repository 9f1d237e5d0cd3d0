// Looking at this page changes nothing; the button posts to the very address that mail programs post to.
"use strict";

const WORDS = {
  en: {
    heading: "Unsubscribe", submit: "Unsubscribe", about: "Messages of this kind:", done: "Done: you will get no more of these.",
    failed: "That did not work. Please try again in a moment.", unknown: "This link is not known.",
  },
  it: {
    heading: "Disiscriversi", submit: "Disiscrivimi", about: "Messaggi di questo tipo:", done: "Fatto: non ne riceverai altri.",
    failed: "Non è riuscito. Riprovare tra poco.", unknown: "Questo collegamento non è noto.",
  },
  pl: {
    heading: "Wypisz się", submit: "Wypisz mnie", about: "Wiadomości tego rodzaju:", done: "Gotowe: nie otrzymasz ich więcej.",
    failed: "Nie udało się. Spróbuj ponownie za chwilę.", unknown: "Ten odnośnik jest nieznany.",
  },
  de: {
    heading: "Abmelden", submit: "Abmelden", about: "Nachrichten dieser Art:", done: "Erledigt: Sie erhalten keine weiteren.",
    failed: "Das hat nicht geklappt. Bitte gleich noch einmal versuchen.", unknown: "Dieser Link ist nicht bekannt.",
  },
  fr: {
    heading: "Se désabonner", submit: "Me désabonner", about: "Messages de ce type :", done: "C'est fait : vous n'en recevrez plus.",
    failed: "Cela n'a pas marché. Réessayez dans un instant.", unknown: "Ce lien est inconnu.",
  },
};

const language = (navigator.language || "en").slice(0, 2);
const words = WORDS[language] || WORDS.en;
document.documentElement.lang = WORDS[language] ? language : "en";
for (const element of document.querySelectorAll("[data-text]")) {
  element.textContent = words[element.dataset.text];
}

const outcome = document.getElementById("outcome");
const form = document.getElementById("form");
const token = location.pathname.split("/").pop();

fetch(`/api/notifications/v1/unsubscriptions/${token}`)
  .then(async (answer) => {
    if (answer.status === 404) {
      form.hidden = true;
      outcome.textContent = words.unknown;
      return;
    }
    const told = await answer.json();
    const name = told.names[document.documentElement.lang] || told.category;
    document.getElementById("about").textContent = `${words.about} ${told.agency} (${name})`;
  })
  .catch(() => {});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const answer = await fetch(location.pathname, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    outcome.textContent = answer.ok ? words.done : words.failed;
    form.hidden = answer.ok;
  } catch {
    outcome.textContent = words.failed;
  }
});
