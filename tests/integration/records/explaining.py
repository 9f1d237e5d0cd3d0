"""How a statement of the store runs when one plan must do for all values."""

from collections.abc import Iterator, Sequence
from typing import Any, LiteralString, cast

from services.chassis.database import Row, Transaction, json_object


class Explaining(Transaction):
    """A transaction that keeps the plan by which its query runs when the plan must do for all values."""

    plan: dict[str, Any]

    async def rows(self, sql: LiteralString, *values: object) -> Sequence[Row]:
        await self.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await self.execute(f"PREPARE page AS {sql}")
        given = ", ".join(map(_literal, values))
        text = await self.value(
            cast("LiteralString", f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE page ({given})")
        )
        await self.execute("DEALLOCATE page")
        self.plan = cast("dict[str, Any]", json_object(text.strip()[1:-1])["Plan"])
        return await super().rows(sql, *values)

    @property
    def walked(self) -> set[str]:
        """Return the indexes that were read in order, without those by which single rows are looked up."""
        read = {node["Index Name"] for node in _executed(self.plan) if "Index Name" in node}
        return {name for name in read if not name.endswith("_pkey")} - {"record_rights_of_holder"}

    @property
    def otherwise(self) -> set[str]:
        """Return the ways of reading the table that a page must not take."""
        return {node["Node Type"] for node in _executed(self.plan)} & {"Seq Scan", "Bitmap Heap Scan"}

    @property
    def buffers(self) -> int:
        return self.plan["Shared Hit Blocks"] + self.plan["Shared Read Blocks"]


def _executed(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if node["Actual Loops"]:
        yield node
        for child in node.get("Plans", ()):
            yield from _executed(child)


def _literal(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bool() | int():
            return str(value)
        case list():
            return "'{" + ",".join(map(str, cast("list[object]", value))) + "}'"
        case _:
            return f"'{value}'"
