// What the activation page says. `rules` and `refusals` are called by the codes of the service's problem documents.
export const WORDS = {
  en: {
    heading: "Choose your password", password: "New password", repeat: "The same again", show: "Show what I type",
    submit: "Set password", intro: "Rules for your password:",
    rules: {
      too_short: "at least 8 characters", no_lower_case: "a small letter", no_upper_case: "a capital letter",
      no_digit: "a digit", own_data: "nothing of your name, code, user id or e-mail address",
    },
    refusals: {
      password_refused: "This password does not meet the marked rules.",
      activation_link_over: "This link no longer works. Your administrator can send you a new one.",
      seats_exhausted: "Your agency has no free seat. Please speak to your administrator.",
      limited: "Too many attempts. Please try again in a moment.",
    },
    differ: "The two passwords differ.", empty: "Please type a new password.",
    noToken: "This address is not complete. Open the whole link of the mail.",
    failed: "That did not work.", unreachable: "The server cannot be reached. Please try again in a moment.",
    done: "Your password is set. You can sign in now.",
  },
  it: {
    heading: "Scegliere la password", password: "Nuova password", repeat: "Ripetere la password",
    show: "Mostra quello che scrivo", submit: "Imposta password", intro: "Regole per la password:",
    rules: {
      too_short: "almeno 8 caratteri", no_lower_case: "una lettera minuscola", no_upper_case: "una lettera maiuscola",
      no_digit: "una cifra", own_data: "niente del proprio nome, codice, nome utente o indirizzo e-mail",
    },
    refusals: {
      password_refused: "La password non rispetta le regole segnate.",
      activation_link_over: "Questo collegamento non è più valido. L'amministratore può inviarne uno nuovo.",
      seats_exhausted: "L'agenzia non ha più posti liberi. Rivolgersi all'amministratore.",
      limited: "Troppi tentativi. Riprovare tra poco.",
    },
    differ: "Le due password sono diverse.", empty: "Scrivere una nuova password.",
    noToken: "L'indirizzo non è completo. Aprire il collegamento intero del messaggio.",
    failed: "Non è riuscito.", unreachable: "Il server non è raggiungibile. Riprovare tra poco.",
    done: "La password è impostata. Ora è possibile accedere.",
  },
  pl: {
    heading: "Ustaw hasło", password: "Nowe hasło", repeat: "Powtórz hasło", show: "Pokaż wpisywane znaki",
    submit: "Ustaw hasło", intro: "Zasady dotyczące hasła:",
    rules: {
      too_short: "co najmniej 8 znaków", no_lower_case: "mała litera", no_upper_case: "wielka litera",
      no_digit: "cyfra", own_data: "nic z imienia, nazwiska, kodu, nazwy użytkownika ani adresu e-mail",
    },
    refusals: {
      password_refused: "Hasło nie spełnia zaznaczonych reguł.",
      activation_link_over: "Ten odnośnik już nie działa. Administrator może wysłać nowy.",
      seats_exhausted: "Agencja nie ma wolnych miejsc. Zwróć się do administratora.",
      limited: "Zbyt wiele prób. Spróbuj ponownie za chwilę.",
    },
    differ: "Hasła różnią się.", empty: "Wpisz nowe hasło.",
    noToken: "Adres jest niepełny. Otwórz cały odnośnik z wiadomości.",
    failed: "Nie udało się.", unreachable: "Serwer jest nieosiągalny. Spróbuj ponownie za chwilę.",
    done: "Hasło zostało ustawione. Możesz się teraz zalogować.",
  },
  de: {
    heading: "Passwort wählen", password: "Neues Passwort", repeat: "Passwort wiederholen",
    show: "Eingabe anzeigen", submit: "Passwort setzen", intro: "Regeln für Ihr Passwort:",
    rules: {
      too_short: "mindestens 8 Zeichen", no_lower_case: "ein Kleinbuchstabe", no_upper_case: "ein Großbuchstabe",
      no_digit: "eine Ziffer", own_data: "nichts aus Ihrem Namen, Kürzel, Benutzernamen oder Ihrer E-Mail-Adresse",
    },
    refusals: {
      password_refused: "Dieses Passwort erfüllt die markierten Regeln nicht.",
      activation_link_over: "Dieser Link gilt nicht mehr. Ihre Administration kann Ihnen einen neuen schicken.",
      seats_exhausted: "Ihre Agentur hat keinen Platz mehr frei. Bitte wenden Sie sich an Ihre Administration.",
      limited: "Zu viele Versuche. Bitte gleich noch einmal versuchen.",
    },
    differ: "Die beiden Passwörter sind verschieden.", empty: "Bitte ein neues Passwort eingeben.",
    noToken: "Die Adresse ist unvollständig. Bitte den ganzen Link der E-Mail öffnen.",
    failed: "Das hat nicht geklappt.", unreachable: "Der Server ist nicht erreichbar. Bitte gleich noch einmal versuchen.",
    done: "Das Passwort ist gesetzt. Sie können sich jetzt anmelden.",
  },
  fr: {
    heading: "Choisir le mot de passe", password: "Nouveau mot de passe", repeat: "Répéter le mot de passe",
    show: "Afficher la saisie", submit: "Enregistrer le mot de passe", intro: "Règles du mot de passe :",
    rules: {
      too_short: "au moins 8 caractères", no_lower_case: "une minuscule", no_upper_case: "une majuscule",
      no_digit: "un chiffre", own_data: "rien de vos nom, code, identifiant ou adresse e-mail",
    },
    refusals: {
      password_refused: "Ce mot de passe ne respecte pas les règles marquées.",
      activation_link_over: "Ce lien n'est plus valable. Votre administrateur peut vous en envoyer un nouveau.",
      seats_exhausted: "Votre agence n'a plus de place libre. Adressez-vous à votre administrateur.",
      limited: "Trop de tentatives. Réessayez dans un instant.",
    },
    differ: "Les deux mots de passe sont différents.", empty: "Veuillez saisir un nouveau mot de passe.",
    noToken: "L'adresse est incomplète. Ouvrez le lien entier du message.",
    failed: "Cela n'a pas fonctionné.", unreachable: "Le serveur est injoignable. Réessayez dans un instant.",
    done: "Le mot de passe est enregistré. Vous pouvez maintenant vous connecter.",
  },
};
