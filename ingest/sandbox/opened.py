"""What notebooks and tools hold: `hexperience.open("hexperience.toml").query("worst_places")`."""

import getpass
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from contracts.errors import QuestionError
from contracts.settings.sections import Settings
from ingest.sandbox.asking import Answer, Asker

if TYPE_CHECKING:
    import xarray as xr


class Opened:
    """The published answers of one operator; to be closed, or used with `with`.

    `settings`: of the operator. Questions go through the sandbox, within the limits of [sql]; an
    answer that a limit cut is warned of.
    """

    def __init__(self, settings: Settings) -> None:
        self._asker = Asker(settings, user=getpass.getuser(), door="notebook")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def query(self, name: str, **params: Any) -> pd.DataFrame:
        """Answer of one of the questions in queries/.

        `name`: of the file, without its ending. `params`: values by the names in its head. Raises
        NothingFound where there is no such question, QuestionError for values that it can't take.
        """
        return _frame(self._asker.query(name, params))

    def sql(self, text: str, **params: Any) -> pd.DataFrame:
        """Answer of one SELECT: hexagons as whole numbers, days as instants at midnight.

        `text`: the SELECT. `params`: values by the names that it has as $name. Raises QuestionError
        where it is none or fails, TooMuch where a limit of [sql] ended it.
        """
        return _frame(self._asker.sql(text, params))

    def dataset(self, text: str, *, dims: Sequence[str], **params: Any) -> "xr.Dataset":
        """Answer of one SELECT as arrays over some of its columns; what has no row is missing.

        `text`, `params`: as of `sql`. `dims`: columns that together name each row once; the others
        become variables, shape (n of each dim). Raises QuestionError where two rows are named
        alike.
        """
        frame = self.sql(text, **params)
        if lacking := [name for name in dims if name not in frame]:
            columns = ", ".join(frame.columns)
            raise QuestionError(f"dims: the answer has no {lacking[0]}; it has: {columns}")
        if frame.duplicated(list(dims)).any():
            raise QuestionError(f"dims: two rows have the same {', '.join(dims)}; group by them")
        return frame.set_index(list(dims)).to_xarray()

    def tables(self, name: str = "") -> pd.DataFrame:
        """Which tables, views and macros there are, or the columns of one, and what each means.

        `name`: of a table or view; empty = all of them.
        """
        return self.query("columns", table_name=name) if name else self.query("tables")

    def close(self) -> None:
        """Ends the process that answers."""
        self._asker.close()


def _frame(answer: Answer) -> pd.DataFrame:
    for note in answer.notes:
        warnings.warn(note, stacklevel=3)
    return answer.frame
