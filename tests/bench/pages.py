"""Pages of the screen as tests open them."""

from streamlit.testing.v1 import AppTest


def shown(page: str, **params: str) -> AppTest:
    """A page as it is drawn, with these parameters in its address."""
    at = AppTest.from_string(f"from views.pages import {page}\n{page}.page()", default_timeout=60)
    for name, value in params.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at
