"""Hexagons keep their families, their text form and their refusals."""

import numpy as np

from geo import hexgrid

LEEDS = {"lat": [53.7997], "lon": [-1.5492]}


def test_a_point_lies_in_the_hexagon_that_covers_it() -> None:
    (hexes,) = hexgrid.hexes_of(**LEEDS, level=8)
    lat, lon = hexgrid.centres([hexes])
    # a level-8 hexagon reaches about 0.6 km from its centre
    assert abs(lat[0] - 53.7997) < 0.006
    assert abs(lon[0] + 1.5492) < 0.01
    assert hexgrid.levels([hexes, 0]).tolist() == [8, -1]


def test_no_position_gives_no_hexagon() -> None:
    hexes = hexgrid.hexes_of(lat=[np.nan, 412.0, 53.8], lon=[0.0, 0.0, -1.5], level=8)
    assert hexes[:2].tolist() == [hexgrid.NO_HEX, hexgrid.NO_HEX]
    assert hexes[2] != hexgrid.NO_HEX


def test_parents_hold_their_children() -> None:
    fine = hexgrid.hexes_of(**LEEDS, level=9)
    coarse = hexgrid.hexes_of(**LEEDS, level=5)
    assert hexgrid.parents(fine, level=5).tolist() == coarse.tolist()
    assert hexgrid.parents([hexgrid.NO_HEX], level=5).tolist() == [hexgrid.NO_HEX]


def test_text_form_goes_there_and_back() -> None:
    fine = hexgrid.hexes_of(**LEEDS, level=9)
    assert hexgrid.from_text(hexgrid.as_text(fine)).tolist() == fine.tolist()
    assert len(hexgrid.as_text(fine)[0]) == 15
    assert hexgrid.from_text(["", "zz", "12"]).tolist() == [hexgrid.NO_HEX] * 3


def test_a_box_is_filled_at_the_size_h3_promises() -> None:
    box = hexgrid.hexes_in_box(west=-1.6, south=53.75, east=-1.5, north=53.85, level=8)
    # 6.58 km x 11.13 km over hexagons of .737 km2 on average, which vary by place
    assert 70 < len(box) < 130
    assert np.all(np.diff(box.astype(np.int64)) > 0)


def test_a_disk_of_one_ring_has_seven_hexagons_and_an_outline_six_corners() -> None:
    (hexes,) = hexgrid.hexes_of(**LEEDS, level=8)
    assert len(hexgrid.disk(int(hexes), 1)) == 7
    assert len(hexgrid.outline(int(hexes))) == 6


def test_children_come_with_their_ancestor() -> None:
    coarse = hexgrid.hexes_of(lat=[53.8, 0.0], lon=[-1.5, 0.0], level=7)
    fine, ancestor = hexgrid.children(coarse, level=8)
    assert len(fine) == 14
    assert (hexgrid.parents(fine, level=7) == coarse[ancestor]).all()
    assert len(hexgrid.children([], level=8)[0]) == 0


def test_hexagons_near_points_hold_all_within_reach_also_over_the_date_line() -> None:
    for lat, lon in ((53.8, -1.5), (-16.5, 179.99), (0.0, -180.0), (89.5, 10.0)):
        near = hexgrid.hexes_near(lat=[lat], lon=[lon], reach_m=[5_000.0], level=6)
        (middle,) = hexgrid.hexes_of(lat=[lat], lon=[lon], level=6)
        # level-6 hexagons stand 6.5 km apart: those within reach are the middle one, about
        assert middle in near or lat > 89
        assert np.all(np.diff(near.astype(np.int64)) > 0)
    assert len(hexgrid.hexes_near(lat=[90.0], lon=[0.0], reach_m=[50_000.0], level=5)) > 0
