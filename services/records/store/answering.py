"""Whether a listing answers what is wanted, as SQL: `domain.wanted.answers` is the same rule in Python."""

from typing import Final, LiteralString

ANSWERS: Final[LiteralString] = """(
               offered.standard_status IN ('active', 'coming_soon')
               AND offered.transaction_type = wanted.transaction_type
               AND (wanted.property_types = '{}' OR offered.property_type = ANY (wanted.property_types))
               AND (wanted.property_sub_types = '{}' OR offered.property_sub_type = ANY (wanted.property_sub_types))
               AND (wanted.municipalities = '{}' OR offered.municipality = ANY (wanted.municipalities))
               AND (wanted.districts = '{}' OR offered.district = ANY (wanted.districts))
               AND (wanted.currency IS NULL OR offered.list_price_minor IS NULL OR offered.currency = wanted.currency)
               AND (wanted.list_price_minor_min IS NULL OR offered.list_price_minor >= wanted.list_price_minor_min)
               AND (wanted.list_price_minor_max IS NULL OR offered.list_price_minor <= wanted.list_price_minor_max)
               AND (wanted.living_area_min_cm2 IS NULL OR offered.living_area_cm2 >= wanted.living_area_min_cm2)
               AND (wanted.living_area_max_cm2 IS NULL OR offered.living_area_cm2 <= wanted.living_area_max_cm2)
               AND (wanted.plot_area_min_cm2 IS NULL OR offered.plot_area_cm2 >= wanted.plot_area_min_cm2)
               AND (wanted.plot_area_max_cm2 IS NULL OR offered.plot_area_cm2 <= wanted.plot_area_max_cm2)
               AND (wanted.rooms_min IS NULL OR offered.rooms >= wanted.rooms_min)
               AND (wanted.rooms_max IS NULL OR offered.rooms <= wanted.rooms_max)
               AND (wanted.bedrooms_min IS NULL OR offered.bedrooms_total >= wanted.bedrooms_min)
               AND (wanted.bedrooms_max IS NULL OR offered.bedrooms_total <= wanted.bedrooms_max)
               AND (wanted.floor_min IS NULL OR offered.floor >= wanted.floor_min)
               AND (wanted.floor_max IS NULL OR offered.floor <= wanted.floor_max)
               AND (wanted.year_built_min IS NULL OR offered.year_built >= wanted.year_built_min)
               AND (wanted.year_built_max IS NULL OR offered.year_built <= wanted.year_built_max)
               AND (wanted.conditions = '{}' OR offered.condition = ANY (wanted.conditions))
               AND (wanted.features = '{}' OR NOT EXISTS (
                    SELECT FROM unnest(wanted.features) AS each (feature)
                     WHERE each.feature <> ALL (offered.features))))"""
"""`offered` is the row of a listing, `wanted` that of an inquiry or of search criteria.

Only a listing on offer answers anything; a field that it leaves empty does not answer a wish about it.
"""
