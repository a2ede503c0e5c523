"""The home page: the map, and beside it the worst places or one hexagon's story."""

from typing import Any

import pandas as pd
import streamlit as st

from contracts.errors import InputError
from contracts.fields import FIELDS
from views import hexmap
from views.drawing.outlines import Box
from views.drawing.stillmap import reaching
from views.panels import hexagon, place
from views.panels.drawn import Drawn
from views.panels.hexagon import HIDDEN
from views.panels.worst import LIST, Worst, listed, worst
from views.shared import data, filters, pickers, url
from views.shared.heading import head
from views.shared.page import notes, plain, run_facts, theme
from views.words import driving
from views.words.colours import scale
from views.words.numbers import amount, day, interval, number, period, rows
from views.words.sentences import UNRELEASED, counts, worse

_HEIGHT = 640
_WIDTH = 800
_CLICKED = "map clicked"
_LINK = "two maps"
_TABLE = 1000
_MOST_MASTS = 10_000
# km2 of a hexagon, by level (H3 core documentation, "Tables of cell statistics")
_AREA = {1: "610,000", 2: "86,800", 3: "12,400", 4: "1,770", 5: "253", 6: "36", 7: "5.2",
         8: "0.74", 9: "0.11"}  # fmt: skip


def page() -> None:
    """Draws the page: pickers, the map, and beside it the list or the chosen hexagon."""
    facts = run_facts()
    layers = data.answer("map_layers")
    title, layer_box, period_box, compare_box = st.columns(
        [0.39, 0.23, 0.21, 0.17], vertical_alignment="bottom"
    )
    with title:
        head(facts, "Where the network hurts its customers", filtered=True)
    if layers.empty:
        st.info(
            "No figure of any hexagon is published: neither counters nor events had a position "
            "inside the operator's box. The page Quality says what became of each source."
        )
        return
    with layer_box:
        layer = pickers.layer_picker(layers)
    with period_box:
        drawn = Drawn(layer, pickers.period_picker(layers, layer))
    with compare_box:
        comparing = pickers.switch("Compare", "compare", help="Two maps that move together")
    filters.caption(
        "Shown are hexagons and places with at least one such cell, with the figures "
        "of all their cells",
        metric=layer.metric,
    )
    _standing()
    _not_the_network()
    levels = _levels(drawn)
    places = worst(drawn, finest=int(levels["level"].max()), by=pickers.picked(LIST) or "first")
    if comparing:
        _two_maps(layers, drawn, places)
        _beside(facts, drawn, places)
        return
    left, right = st.columns([0.63, 0.37], gap="medium")
    with left:
        _map(drawn, places)
        notes()
    with right, st.container(height=_HEIGHT + 60, border=False, gap="xsmall"):
        _beside(facts, drawn, places)


def _beside(facts: pd.Series, drawn: Drawn, places: Worst) -> None:
    chosen, place_key = url.chosen_hex(), url.chosen_place()
    ranked = place.found(place_key) if place_key else None
    if place_key and ranked is not None:
        place.story(place_key, ranked, facts)
    elif chosen:
        _ranked_here(chosen, places)
        hexagon.story(chosen, facts, drawn)
    else:
        listed(places)


def _ranked_here(chosen: str, places: Worst) -> None:
    """Ways to the places of the list that the map shows in the chosen hexagon."""
    for entry in places.entries:
        if entry.hex_text == chosen and entry.place:
            st.button(f"{plain(entry.name)}: {plain(entry.value)} ({plain(entry.between)})",
                      on_click=url.go_to, args=[chosen, entry.place], type="tertiary",
                      icon=":material/arrow_back:", help="This place of the list")  # fmt: skip


# --- how the network does ----------------------------------------------------------------------


def _standing() -> None:
    """The network's drop rate now and before, and what is new, in one row of figures."""
    weeks = data.answer("network_standing")
    if weeks.empty:
        return
    news = next(iter(rows(data.answer("news"))))
    with st.container(horizontal=True, gap="large", vertical_alignment="center"):
        for week in rows(weeks):
            st.markdown(_rate(week), width="content", help=_counted(week))
        for text in _news(news):
            st.markdown(text, width="content")


def _not_the_network() -> None:
    """How much of complaints and of detractors is not the network's, in the newest month known."""
    shares = data.answer("network_shares", region="")
    newest = shares[shares["is_newest"].fillna(value=False).astype(bool)]
    said = [driving.elsewhere(row) for row in rows(newest.dropna(subset=["network_share"]))]
    if said:
        # the sentence of the page Drivers, which has regions and months too
        st.caption(f"{plain(' '.join(said))} [Drivers](drivers)")


def _rate(week: Any) -> str:
    now = week.compared == "newest week"
    name = "All calls, newest week" if now else str(week.compared)
    mark = "" if now or week.is_apart else ", within chance"
    figure = plain(number(week.drop_rate, "share"))
    span = plain(interval(week.drop_rate_lo, week.drop_rate_hi, "share"))
    title = f":small[:gray[{name[0].upper()}{name[1:]}{mark}]]"
    return f"{title}  \n**{figure}** dropped :gray[:small[{span}]]"


def _counted(week: Any) -> str:
    span = interval(week.drop_rate_lo, week.drop_rate_hi, "share")
    return plain(
        f"{period('week', week.period_start, week.period_end)}: {amount(week.dropped_calls)} of "
        f"{amount(week.call_attempts)} calls; {span}, 90 %. Within chance: the intervals of the "
        "two weeks touch."
    )


def _news(news: Any) -> tuple[str, ...]:
    since = plain(day(news.since))
    changed = f"**{news.n_worse}** worse, **{news.n_better}** better"
    done = f"**{news.n_done}** done, **{news.n_planned}** planned"
    return (
        f":small[:gray[Changes of cells since {since}]]  \n{changed}",
        f":small[:gray[Interventions since {since}]]  \n{done}",
    )


# --- the map ----------------------------------------------------------------------------------


def _two_maps(layers: pd.DataFrame, drawn: Drawn, places: Worst) -> None:
    left, right = st.columns(2, gap="small")
    with right, st.container(horizontal=True):
        layer = pickers.layer_picker(layers, param="layer2", like=drawn.layer.key)
        before = pickers.earlier(layers, drawn.layer, drawn.span)
        other = Drawn(layer, pickers.period_picker(layers, layer, param="period2", like=before))
    with left, st.container(height=38, border=False, vertical_alignment="center"):
        st.markdown(f"**{plain(drawn.layer.title)}** {plain(drawn.span.title)}")
    with left:
        _map(drawn, places, against=other)
        notes()
    with right:
        _map(other, places, against=drawn, name="map2")


@st.fragment
def _map(drawn: Drawn, places: Worst, *, name: str = "map", against: Drawn | None = None) -> None:
    """One map, run anew alone when it is moved; a click runs the whole page.

    `against`: what the map beside it shows; the two move together, and of the same layer they have
    the same colours.
    """
    if st.session_state.pop(_CLICKED, False):
        st.rerun()
    home = _home(drawn)
    goal = url.goal(home)
    seen = _seen(name, goal)
    hexes, level = hexes_in_view(drawn, _levels(drawn), seen)
    ground, look = theme(), drawn.layer.look
    same = against if against and against.layer == drawn.layer else drawn
    colours = scale(_values(level, *{drawn, same}), look, ground)
    kinds = [kind for kind in UNRELEASED if (hexes["shown"] == kind).any()]
    online = data.configuration().map
    hexmap.draw(
        hexmap.Picture(
            hexes=hexes, look=look, scale=colours, ground=_ground(drawn), goal=goal, home=home,
            chosen=url.chosen_hex(), places=_walked(places), theme=ground,
            heading=drawn.span.title, file=f"{drawn.layer.key}-{drawn.span.key}",
            unreleased=" or ".join(UNRELEASED[kind] for kind in kinds), hidden=HIDDEN,
            tiles=(online.tiles, online.attribution),
        ),
        name=name, height=_HEIGHT, link=_LINK if against else "", on_choose=_choose,
    )  # fmt: skip
    _about(drawn, hexes, level, name)


def _choose(hex_text: str | None) -> None:
    url.remember("hex", hex_text)
    url.remember("place", None)
    st.session_state[_CLICKED] = True


def _seen(name: str, goal: hexmap.Goal) -> hexmap.Seen:
    """What the map shows; before it has said so, or on its way elsewhere, what it will show."""
    seen = hexmap.seen(name)
    if seen and seen.goal == goal.key:
        url.remember("at", seen.view.text)
        return seen
    size = (seen.width, seen.height) if seen else (_WIDTH, _HEIGHT)
    return hexmap.Seen(goal.view, *size, holds=seen.holds if seen else ())


def _levels(drawn: Drawn) -> pd.DataFrame:
    mine = pickers.of_layer(data.answer("map_layers"), drawn.layer)
    starts = pd.to_datetime(mine["period_start"]) == pd.Timestamp(drawn.span.start)
    return mine[(mine["period_grain"] == drawn.span.grain) & starts]


def hexes_in_view(
    drawn: Drawn, levels: pd.DataFrame, seen: hexmap.Seen
) -> tuple[pd.DataFrame, int]:
    """Hexagons of the finest level of which few enough are in view, and that level.

    Where all of the finest level are few enough, all come at once. Where even the coarsest ones in
    view are too many, the busiest come. `drawn`: layer and period. `levels`: level, n_hexes of
    these, at least one row. `seen`: what the map shows.
    """
    finest = levels.sort_values("level").iloc[-1]
    if finest["n_hexes"] <= hexmap.MOST:
        level = int(finest["level"])
        return _hexes(drawn, level=level), level
    box = dict(zip(("west", "south", "east", "north"), hexmap.box_of(seen), strict=True))
    here = data.answer("levels_in_view", **drawn.asked, **box)
    level = hexmap.level_to_draw(here if len(here) else levels)
    hexes = _hexes(drawn, level=level, **box)
    return hexes.nlargest(hexmap.MOST, "denominator").sort_values("hex_id"), level


def _hexes(drawn: Drawn, **where: Any) -> pd.DataFrame:
    """Hexagons of one level and box that the filter lets through."""
    kept = filters.of_hexagons(drawn.layer.metric)
    return data.answer("hex_map", **drawn.asked, **kept, **where)


def _values(level: int, *shown: Drawn) -> pd.DataFrame:
    """Values of all hexagons of a level, so that colours stay while the map moves."""
    return pd.concat([data.answer("hex_values", **each.asked, level=level) for each in shown])


def _home(drawn: Drawn) -> hexmap.View:
    # most is enough: whoever wants the outskirts moves the map
    hexes = _coarsest(drawn)
    busiest = hexes[reaching(hexes["denominator"], share=0.8)]
    box = hexmap.extent(busiest["hex_id"].to_numpy("uint64"))
    return hexmap.view_of(box, width=_WIDTH, height=_HEIGHT)


def _coarsest(drawn: Drawn) -> pd.DataFrame:
    return data.answer("hex_map", **drawn.asked, level=int(_levels(drawn)["level"].min()))


def _ground(drawn: Drawn) -> hexmap.Ground:
    box = hexmap.extent(_coarsest(drawn)["hex_id"].to_numpy("uint64"))
    try:
        regions = data.regions()
    except InputError as error:
        st.warning(f"The regions are not drawn. {plain(str(error))}")
        regions = None
    sites, sectors = data.answer("sites"), data.answer("sectors")
    interventions = data.answer("intervention_places")
    # more masts than that hide the map; an inventory of crowd positions has one a cell
    sites = sites if len(sites) <= _MOST_MASTS else sites.head(0)
    land = data.outlines(_around(box))
    return hexmap.Ground(box, land, regions, sites, sectors, interventions)


def _around(box: Box) -> Box:
    west, south, east, north = box
    margin = 1.5 * max(east - west, north - south, 0.5)
    low, high = round(max(south - margin, -90), 1), round(min(north + margin, 90), 1)
    if east - west + 2 * margin >= 360:
        return -180.0, low, 180.0, high
    return round(west - margin, 1), low, round(east + margin, 1), high


def _walked(places: Worst) -> list[hexmap.Place]:
    return [
        hexmap.Place(entry.hex_text, f"{entry.name}: {entry.value} ({entry.between})")
        for entry in places.entries
        if entry.hex_text
    ]


# --- below the map ----------------------------------------------------------------------------


def _about(drawn: Drawn, hexes: pd.DataFrame, level: int, name: str) -> None:
    metric = drawn.layer.metric
    meaning = FIELDS[metric].meaning if metric in FIELDS else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        parts = (meaning, _grid_said(drawn, hexes, level), _marks_said())
        st.caption(plain(" ".join(filter(None, parts))))
        param = name.replace("map", "table")
        as_table = pickers.switch("Table", param, help="The hexagons in view as a table")
    if as_table:
        _table(drawn, hexes)


def _grid_said(drawn: Drawn, hexes: pd.DataFrame, level: int) -> str:
    said = f"Hexagons of level {level}, {_AREA.get(level, '?')} km² each"
    if len(hexes) == hexmap.MOST:
        return f"{said}; the {hexmap.MOST:,} busiest in view are drawn."
    finer = level < _levels(drawn)["level"].max()
    return f"{said}; closer in there are finer ones." if finer else f"{said}."


def _marks_said() -> str:
    masts, made = (len(data.answer(name)) for name in ("sites", "intervention_places"))
    marks = ("dots are masts" if 0 < masts <= _MOST_MASTS else "",
             "diamonds are interventions" if made else "")  # fmt: skip
    return f"{', '.join(filter(None, marks))}.".capitalize() if any(marks) else ""


def _table(drawn: Drawn, hexes: pd.DataFrame) -> None:
    look = drawn.layer.look
    first = hexes.sort_values("value", ascending=look.bad == "low").head(_TABLE)
    if len(first) < len(hexes):
        st.caption(f"The {_TABLE:,} worst of {len(hexes):,} hexagons in view.")
    table = pd.DataFrame([
        {"region": row.region, "hexagon": row.hex_text,
         look.title: hexagon.value_of(row, drawn.layer),
         "90 % interval": interval(row.value_lo, row.value_hi, look.figure),
         "counted": counts(look, row.numerator, row.denominator),
         "measured there": number(row.value_raw, look.figure),
         "against the target": worse(look, row.p_worse, row.target)}
        for row in rows(first)
    ])  # fmt: skip
    if first["value_raw"].isna().all():
        table = table.drop(columns=["measured there", "against the target"], errors="ignore")
    st.dataframe(table, hide_index=True, height=320)
