"""Coordinates as people write them."""

import numpy as np
import pandas as pd
import pytest

from ingest.clean import degrees


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("51°30'26\"N", 51 + 30 / 60 + 26 / 3600),
        ("51° 30\u2032 26.5″ N", 51 + 30 / 60 + 26.5 / 3600),
        ("51º30\u201926”n", 51 + 30 / 60 + 26 / 3600),
        ("51°30'26''", 51 + 30 / 60 + 26 / 3600),
        ("N51°30.44'", 51 + 30.44 / 60),
        ("-51°30'0\"", -51.5),
        ("51 30 26 S", -(51 + 30 / 60 + 26 / 3600)),
        ("51:30:26", 51 + 30 / 60 + 26 / 3600),
        ("51.5074N", 51.5074),
        ("51,5074 S", -51.5074),
        ("51.5074°", 51.5074),
        ("0°7'39\"E", np.nan),  # of the other axis
        ("N51°30'N", np.nan),
        ("-51°30'S", np.nan),
        ("51°75'N", np.nan),
        ("51°30'61\"N", np.nan),
        ("30'26\"N", np.nan),  # no degrees
        ("5130N26", np.nan),
        ("here", np.nan),
        ("", np.nan),
    ],
)
def test_of_a_latitude(text: str, wanted: float) -> None:
    (values,) = degrees.decimal(pd.Series([text]), letters="NS")
    assert values == pytest.approx(wanted, nan_ok=True)


def test_west_is_negative_and_missing_stays_missing() -> None:
    values = degrees.decimal(pd.Series(["0°7'39\"W", None, "1E"]), letters="EW")
    assert values.tolist() == pytest.approx([-0.1275, np.nan, 1.0], nan_ok=True)


@pytest.mark.parametrize(
    "text",
    [
        "51.5, -0.1",
        "(51.5, -0.1)",
        "51.5;-0.1",
        "51.5 -0.1",
        "POINT(-0.1 51.5)",
        "Leeds\n(51.5, -0.1)",
    ],
)
def test_latitude_and_longitude_in_one_text(text: str) -> None:
    texts = pd.Series([text])
    assert degrees.of_pairs(texts, "lat").tolist() == [51.5]
    assert degrees.of_pairs(texts, "lon").tolist() == [-0.1]


@pytest.mark.parametrize("text", ["TX 78701", "51.5", "1, 2, 3", "x"])
def test_texts_without_both(text: str) -> None:
    assert degrees.of_pairs(pd.Series([text]), "lat").isna().all()
