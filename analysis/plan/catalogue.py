"""The catalogue of actions: what each costs, what it relieves, what it excludes."""

import difflib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contracts.errors import SettingsError
from contracts.fields import FIELDS
from contracts.settings.sections import Plan as PlanSettings
from contracts.settings.sections import Settings

DEFAULT = Path(__file__).with_name("actions.toml")
_KINDS = FIELDS["kind"].choices
KEYS = {"cell": "cell_id", "sector": "sector_id", "site": "site_id"}
# relief beyond this is read off no curve
MOST_RELIEF = 0.5
AND = " + "

Share = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Action(_Part):
    """One action: what it costs, what it treats, and what it does there."""

    name: str = Field(pattern=r"^\w+$")
    kind: Literal[_KINDS]  # type: ignore[valid-type]
    at: Literal["cell", "sector", "site"]
    cost: float = Field(ge=0)
    crew_weeks: float = Field(0, ge=0)
    relief: tuple[Share, Share, Share] | None = None
    fix: tuple[Share, Share, Share] | None = None
    needs: tuple[Literal["free_band", "azimuth"], ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> "Action":
        for name, effect in (("relief", self.relief), ("fix", self.fix)):
            if effect is not None and not effect[0] <= effect[1] <= effect[2]:
                raise ValueError(f"{name}: give low, likely and high, ascending")
        if self.relief is None and self.fix is None:
            raise ValueError("give relief or fix; without an effect it is never chosen")
        if self.relief is not None and self.relief[2] > MOST_RELIEF:
            raise ValueError(f"relief: at most {MOST_RELIEF}; no curve tells of more")
        return self


class Bundle(_Part):
    """Actions that may be done at one place together."""

    actions: tuple[str, ...] = Field(min_length=2)


class Exclusion(_Part):
    """Where actions can't be done; without actions none can."""

    actions: tuple[str, ...] = ()
    region: str | None = None
    site_id: str | None = None
    sector_id: str | None = None
    cell_id: str | None = None
    why: str = ""

    @property
    def where(self) -> dict[str, str]:
        """The columns that name the place, each with its value."""
        return self.model_dump(exclude={"actions", "why"}, exclude_none=True)

    @model_validator(mode="after")
    def _somewhere(self) -> "Exclusion":
        if not self.where:
            raise ValueError("name a region, site_id, sector_id or cell_id")
        return self


class Catalogue(_Part):
    """All actions that a plan may choose from."""

    currency: str = Field(min_length=1)
    invented: bool = False
    bands: tuple[str, ...] = ()
    action: tuple[Action, ...]
    bundle: tuple[Bundle, ...] = ()
    exclude: tuple[Exclusion, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> "Catalogue":
        if not self.action:
            raise ValueError("no action: there is nothing to choose from")
        named = [action.name for action in self.action]
        names_used = {name for bundle in self.bundle for name in bundle.actions}
        names_used |= {name for exclusion in self.exclude for name in exclusion.actions}
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise ValueError(f"action {twice[0]}: named twice")
        for bundle in self.bundle:
            if len(set(bundle.actions)) < len(bundle.actions):
                raise ValueError(f"bundle {AND.join(bundle.actions)}: one action twice")
        if unknown := sorted(names_used - set(named)):
            raise ValueError(f"no action '{unknown[0]}'; there are: {', '.join(named)}")
        return self


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue of a file; raises SettingsError with all its faults.

    `path`: of a TOML file.
    """
    try:
        return Catalogue(**tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError("[plan] catalogue can't be read", [str(error)]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML", [str(error)]) from None
    except ValidationError as error:
        faults = [f"{' '.join(map(str, e['loc'])) or 'catalogue'}: {e['msg']}"
                  for e in error.errors()]  # fmt: skip
        raise SettingsError(f"{path}: {len(faults)} fault(s) in the catalogue", faults) from None


def catalogue_of(settings: Settings, cells: pd.DataFrame) -> Catalogue:
    """The catalogue of the settings, else the packaged one.

    `settings`: section [plan] names the file, or none. `cells`: table `cell`. Raises SettingsError
    where the catalogue can't be used, and where it or [plan] names a place that no cell is at: an
    exclusion that excludes nothing is a slip.
    """
    named = settings.plan.catalogue
    catalogue = read_catalogue(settings.resolve(named) if named else DEFAULT)
    if len(cells) and (unknown := list(_unknown(catalogue, settings.plan, cells))):
        raise SettingsError("[plan] and its catalogue name places that are not known", unknown)
    return catalogue


def _unknown(catalogue: Catalogue, limits: PlanSettings, cells: pd.DataFrame) -> Iterator[str]:
    """Each place that is named and is not in the inventory of any day, with the nearest there."""
    regions = {"crew_weeks": limits.crew_weeks, "floors": limits.floors}
    named = [
        (where, "region", name) for where, names in regions.items() for name in names if name != "*"
    ]
    for number, exclusion in enumerate(catalogue.exclude, 1):
        named += [(f"[[exclude]] number {number}", *place) for place in exclusion.where.items()]
    names_there = {
        column: set(cells[column].dropna()) for column in {column for _, column, _ in named}
    }
    for where, column, name in named:
        if name not in names_there[column]:
            close = difflib.get_close_matches(name, names_there[column], 1)
            nearest = f"; did you mean {close[0]}?" if close else ""
            yield f"{where}: no cell has {column} '{name}'{nearest}"
