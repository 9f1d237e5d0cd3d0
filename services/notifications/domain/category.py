"""What each category of mail is about, in the languages that mails are written in (SB-17..21)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.notifications.domain.delivery import Category


@dataclass(frozen=True, slots=True)
class Words:
    """What a category is called, and which mails belong to it."""

    name: str
    about: str


WORDS: Final[Mapping[Category, Mapping[str, Words]]] = {
    Category.SECURITY: {
        "it": Words("Sicurezza", "Attivazione, password e accessi al tuo account. Non si può disattivare."),
        "pl": Words("Bezpieczeństwo", "Aktywacja, hasła i logowania na Twoje konto. Nie można z nich zrezygnować."),
        "de": Words("Sicherheit", "Aktivierung, Passwörter und Anmeldungen an Ihrem Konto. Nicht abbestellbar."),
        "fr": Words("Sécurité", "Activation, mots de passe et connexions à votre compte. Ne peut être désactivé."),
        "en": Words("Security", "Activation, passwords and sign-ins of your account. Cannot be switched off."),
    },
    Category.GENERAL: {
        "it": Words("Generale", "Annunci generali."),
        "pl": Words("Ogólne", "Ogłoszenia ogólne."),
        "de": Words("Allgemeines", "Allgemeine Mitteilungen."),
        "fr": Words("Général", "Annonces générales."),
        "en": Words("General", "General announcements."),
    },
    Category.SERVICES: {
        "it": Words("Prodotti e servizi", "Dettagli degli ordini, benvenuto, attivazioni."),
        "pl": Words("Produkty i usługi", "Szczegóły zamówień, powitanie, aktywacje."),
        "de": Words("Produkte und Dienste", "Bestelldetails, Begrüßung, Freischaltungen."),
        "fr": Words("Produits et services", "Détails des commandes, bienvenue, activations."),
        "en": Words("Products and services", "Order details, welcome, activations."),
    },
    Category.DOMAIN: {
        "it": Words("Domini", "Avvisi di rinnovo, conferme di registrazione."),
        "pl": Words("Domeny", "Przypomnienia o odnowieniu, potwierdzenia rejestracji."),
        "de": Words("Domains", "Verlängerungshinweise, Registrierungsbestätigungen."),
        "fr": Words("Domaines", "Avis de renouvellement, confirmations d'enregistrement."),
        "en": Words("Domains", "Renewal notices, registration confirmations."),
    },
    Category.ADMINISTRATION: {
        "it": Words("Amministrazione", "Fatture, ordini, scadenze degli accessi, rapporto settimanale."),
        "pl": Words("Administracja", "Faktury, zamówienia, wygasające dostępy, raport tygodniowy."),
        "de": Words("Verwaltung", "Rechnungen, Bestellungen, endende Zugänge, Wochenbericht."),
        "fr": Words("Administration", "Factures, commandes, accès qui prennent fin, rapport hebdomadaire."),
        "en": Words("Administration", "Invoices, orders, accesses that end, the weekly report."),
    },
    Category.SUPPORT: {
        "it": Words("Assistenza", "Avvisi sulle richieste di assistenza."),
        "pl": Words("Pomoc", "Powiadomienia o zgłoszeniach."),
        "de": Words("Unterstützung", "Mitteilungen zu Anfragen an den Support."),
        "fr": Words("Assistance", "Avis sur les demandes d'assistance."),
        "en": Words("Support", "Notices about support tickets."),
    },
    Category.APPOINTMENTS: {
        "it": Words("Riepilogo del giorno", "I tuoi appuntamenti di oggi, ogni mattina."),
        "pl": Words("Plan dnia", "Twoje spotkania na dziś, co rano."),
        "de": Words("Tagesübersicht", "Ihre Termine des Tages, jeden Morgen."),
        "fr": Words("Résumé du jour", "Vos rendez-vous du jour, chaque matin."),
        "en": Words("Daily summary", "Your appointments of the day, every morning."),
    },
    Category.MATCHES: {
        "it": Words("Corrispondenze", "Immobili che corrispondono a quello che cercano i tuoi clienti."),
        "pl": Words("Dopasowania", "Oferty odpowiadające temu, czego szukają Twoi klienci."),
        "de": Words("Treffer", "Immobilien, die zu dem passen, was Ihre Kunden suchen."),
        "fr": Words("Correspondances", "Biens qui correspondent à ce que cherchent vos clients."),
        "en": Words("Matches", "Listings that answer what your clients are looking for."),
    },
    Category.INVITATIONS: {
        "it": Words("Inviti", "Inviti ad appuntamenti, modifiche e annullamenti."),
        "pl": Words("Zaproszenia", "Zaproszenia na spotkania, ich zmiany i odwołania."),
        "de": Words("Einladungen", "Einladungen zu Terminen, Änderungen und Absagen."),
        "fr": Words("Invitations", "Invitations à des rendez-vous, modifications et annulations."),
        "en": Words("Invitations", "Invitations to appointments, changes and cancellations."),
    },
}
