"""Many rows in one parameter: a common table expression over a JSON array of arrays.

The statement's text never changes with the number of rows, so both databases and SQLAlchemy keep it compiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import CTE, JSON, ColumnElement, Text, bindparam, cast, func, literal_column, select
from sqlalchemy.types import TypeEngine

__all__ = ["batch_cte", "batch_rows"]


def batch_cte(dialect: str, columns: Mapping[str, type[TypeEngine[Any]]]) -> CTE:
    """Return the expression ``v`` with ``columns``, read from the bound parameter ``rows``."""
    rows = bindparam("rows", type_=Text)
    if dialect == "postgresql":
        source = func.json_array_elements(cast(rows, JSON)).table_valued("value")
        items: list[ColumnElement[Any]] = [
            source.c.value.op("->>")(literal_column(str(number))) for number in range(len(columns))
        ]
    else:
        source = func.json_each(rows).table_valued("value")
        items = [func.json_extract(source.c.value, literal_column(f"'$[{number}]'")) for number in range(len(columns))]
    named = [cast(item, kind).label(name) for item, (name, kind) in zip(items, columns.items(), strict=True)]
    return select(*named).select_from(source).cte("v")


def batch_rows(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Return the parameters for `batch_cte`: one array per row, in the order of its columns."""
    return {"rows": orjson.dumps(list(rows)).decode()}
