"""Forms of input that several of notifications' routes take."""

from typing import Annotated

from pydantic import StringConstraints

Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\r\n]*$")]
Address = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254)]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
