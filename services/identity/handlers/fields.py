"""Forms of input that several of identity's routes take."""

from typing import Annotated

from pydantic import Field, StringConstraints

from services.contracts.instants import TimeZone
from services.identity.domain.password_rules import LONGEST, MOST_DECOMPOSED

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\r\n]*$")]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]+\.[^@\s<>,;\".]+$"
    ),
]
Telephone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^\+?[0-9(][0-9 ()./-]{3,}$"),
    Field(examples=["+39 0583 000000"]),
]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
Userid = Annotated[str, StringConstraints(min_length=2, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=8, pattern=r"^[A-Za-z0-9]+$")]
LicenceCode = Annotated[str, StringConstraints(to_upper=True, min_length=3, max_length=32, pattern=r"^[A-Za-z0-9-]+$")]
Password = Annotated[
    str, Field(min_length=1, max_length=LONGEST * MOST_DECOMPOSED, json_schema_extra={"writeOnly": True})
]
"""A password as typed, new or present: whatever may be set may be used, however a keyboard composes its letters."""
Timezone = Annotated[TimeZone, Field(examples=["Europe/Rome"])]
