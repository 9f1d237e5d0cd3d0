"""What people may choose among, in words (SB-17..22)."""

from services.chassis.web import Call, Output, Route
from services.notifications.deps import Deps
from services.notifications.domain.category import WORDS
from services.notifications.domain.delivery import Category
from services.notifications.domain.preference import MANDATORY, SYSTEM_DEFAULT


class CategoryWords(Output):
    name: str
    about: str


class CategoryShown(Output):
    category: Category
    mandatory: bool
    wanted: bool
    """Whether it goes out where neither the recipient nor the agency chose."""
    words: dict[str, CategoryWords]
    """By language."""


class CategoriesShown(Output):
    items: list[CategoryShown]


async def list_categories(_deps: Deps, _call: Call) -> CategoriesShown:
    """List the categories of mail and what belongs to each."""
    return CategoriesShown(
        items=[
            CategoryShown(
                category=category,
                mandatory=category in MANDATORY,
                wanted=SYSTEM_DEFAULT.get(category, True),
                words={language: CategoryWords(name=one.name, about=one.about) for language, one in words.items()},
            )
            for category, words in WORDS.items()
        ]
    )


ROUTES = (Route("GET", "/v1/categories", list_categories, gives=CategoriesShown),)
