"""Agencies' own words: what cannot harm is filled in, everything else is refused before it is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.adapters.letters import LEFT_OUT, Letters, Links
from services.notifications.adapters.wordings import NotAllowed, check, filled
from services.notifications.domain.delivery import Template
from services.notifications.domain.letter import Wording
from services.notifications.domain.wording import EXAMPLES, WORDS, WordingNotUsable
from services.notifications.operations.wordings import preview, require_usable

LETTERS = Letters("https://agency.test")
NAMES = frozenset({"agency", "display_name", "url"})


DEEP = [
    "{{ " + "not " * 250 + "agency }}",
    "{{ agency" + "|upper" * 250 + " }}",
    "{{ " + "not " * 3000 + "agency }}",
    "{{ agency" + "|upper" * 3000 + " }}",
    "{{ agency" + " or agency" * 1900 + " }}",
    "{{ agency" + " if agency else agency" * 800 + " }}",
    "{% if agency %}" * 99 + "x" + "{% endif %}" * 99,
    "{% if agency %}" * 700 + "x" + "{% endif %}" * 700,
    "{% if agency %}" * 41 + "x" + "{% endif %}" * 41,
]
"""What Jinja2 reads, if only just, and Python may not carry out."""


@pytest.mark.parametrize("source", DEEP, ids=lambda source: source[:40])
def test_what_was_kept_before_it_was_refused_gives_way_to_our_words(source: str) -> None:
    wording = Wording("x", source, source)
    letter = LETTERS.write(Template.MESSAGE, "it", {**EXAMPLES, "subject": "s", "text": "t"}, Links(), wording)
    assert "t" in letter.text


@pytest.mark.parametrize("words", ["agency|upper" + "|trim" * 30, "not " * 30 + "agency", "agency or " * 30 + "agency"])
def test_what_is_deep_and_not_too_deep_is_filled_in(words: str) -> None:
    source = "{% if agency %}" * 5 + "{{ " + words + " }}" + "{% elif agency == 'x' %}" * 300 + "{% endif %}" * 5
    check(source, NAMES)
    filled(source, {"agency": "A", "display_name": "B"}, "https://x")


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(10**9) %}x{% endfor %}",
        "{% for a in appointments %}{% for b in appointments %}x{% endfor %}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{{ agency.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ agency|center(1000000000) }}",
        "{{ '%999999999d'|format(1) }}",
        "{% include 'layout.html' %}",
        "{% import 'parts.html' as parts %}",
        "{% macro a() %}{{ a() }}{% endmacro %}",
        "{% set a = 1 %}",
        "{{ agency() }}",
        "{{ cycler('a') }}",
        "{{ self }}",
        "{{ unknown }}",
        "{{ agency",
        "{% if agency %}",
        "{{ [1] * 9 }}",
        "{{ {1: 2} }}",
        "{{ agency ~ agency }}",
        "{{ 2 ** 999 }}",
        "x" * 20_001,
        "{{ " + "(" * 500 + "agency" + ")" * 500 + " }}",
        *DEEP,
    ],
    ids=lambda source: source[:40],
)
def test_what_could_fail_run_long_or_grow_large_is_refused(source: str) -> None:
    with pytest.raises(NotAllowed):
        check(source, NAMES)


@pytest.mark.parametrize(
    "source",
    [
        "Ciao {{ display_name }}",
        "{{ agency|upper }}",
        "{% if agency == 'A' %}x{% elif display_name %}y{% else %}z{% endif %}",
        "{{ 'a' if agency and not display_name else 'b' }}",
        "{% raw %}{{ x }}{% endraw %}",
        "{# a remark #}",
    ],
)
def test_words_filters_and_conditions_are_allowed(source: str) -> None:
    check(source, NAMES)
    filled(source, {"agency": "A", "display_name": "B"}, "https://x")


@given(st.text(max_size=200))
def test_any_text_is_either_refused_or_filled_in(source: str) -> None:
    try:
        check(source, NAMES)
    except NotAllowed:
        return
    assert len(filled(source, {"agency": "A", "display_name": "B"}, "u")) <= 4 * len(source) + 4


def test_a_name_in_own_html_is_text_and_never_markup() -> None:
    wording = Wording("{{ agency }}", "{{ url }} {{ agency }}", "<p><a href='{{ url }}'>{{ agency }}</a></p>")
    words = {"agency": "<script>", "display_name": "x"}
    letter = LETTERS.write(Template.ACTIVATION, "it", words, Links("https://u/#t"), wording)
    assert "&lt;script&gt;" in letter.html
    assert "<script>" not in letter.html
    assert "<a href='https://u/#t'>" in letter.html
    assert "https://u/#t" not in letter.redacted
    assert LEFT_OUT in letter.redacted


def test_a_wording_that_fails_gives_way_to_ours() -> None:
    words = {
        "agency": "Casa",
        "display_name": "Anna",
        "licence_code": "C",
        "userid": "a",
        "valid_until": "morgen",
    }
    links = Links("https://u/#t")
    ours = LETTERS.write(Template.PASSWORD_RESET, "de", words, links)
    for broken in (
        "{{ gone }}",
        "{{ agency.nothing.more }}",
        "{% for x in 1 %}{% endfor %}",
        "{{ 9 * 9 }}",
        "{{ 1 < agency }}",
    ):
        assert LETTERS.write(Template.PASSWORD_RESET, "de", words, links, Wording("s", broken, None)) == ours


@pytest.mark.parametrize("template", WORDS)
def test_every_mail_has_words_to_preview(template: Template) -> None:
    needed = " ".join(f"{{{{ {name} }}}}" for name in sorted(WORDS[template]))
    letter = preview(LETTERS, template, "it", Wording("{{ agency }}", needed, None))
    for name in WORDS[template] & EXAMPLES.keys() - {"text", "appointments"}:
        assert str(EXAMPLES[name]) in letter.text
    assert letter.subject == EXAMPLES["agency"]


@pytest.mark.parametrize(
    "wording",
    [
        Wording("s", "no link", None),
        Wording("s", "{{ url }}", "<p>no link</p>"),
        Wording("{{ url }}", "{{ url }}", None),
        Wording("s", "{{ url }} {{ at }}", None),
    ],
)
def test_a_mail_with_a_link_keeps_it_out_of_the_subject_and_in_the_text(wording: Wording) -> None:
    with pytest.raises(WordingNotUsable):
        require_usable(Template.PASSWORD_RESET, wording)


def test_our_own_words_exist_in_every_language_and_say_what_they_should() -> None:
    words = dict(EXAMPLES)
    for template in WORDS:
        links = Links("https://u/#t" if "url" in WORDS[template] else "", "https://leave/x")
        if template is Template.ACTIVATION:
            continue  # has tests of its own
        texts = {LETTERS.write(template, locale, words, links).text for locale in ("it", "pl", "de", "fr", "en")}
        assert len(texts) == 5
        for text in texts:
            assert ("https://u/#t" in text) == ("url" in WORDS[template])
            assert "https://leave/x" in text


def test_text_that_is_no_template_raises_nothing_unexpected() -> None:
    with pytest.raises(NotAllowed):
        filled("{{ x", {}, "")
