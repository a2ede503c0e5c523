"""SQL of a test's own on published marts, in the test's own process."""

import pandas as pd

from ingest.warehouse import duck
from ingest.warehouse.marts import Marts


def asked(marts: Marts, sql: str) -> pd.DataFrame:
    """What one SELECT answers, the log of acknowledgements beside the marts."""
    with duck.connect(marts.file, {"acknowledgement": marts.log_rows()}) as connection:
        return duck.answer(connection, sql, {})
