"""Buttons that work in the browser alone: copy the address of what is seen, and print it."""

from functools import cache
from typing import Any

import streamlit as st

from views.shared.page import theme

_HTML = '<button type="button">Copy link</button><span role="status"></span>'
_CSS = """
button { font: inherit; font-size: .875rem; color: var(--st-text-color); background: none;
         border: none; border-radius: .5rem; padding: .35rem .6rem; cursor: pointer; }
button:hover, button:focus-visible { color: var(--st-primary-color); }
span { font-size: .875rem; color: var(--st-text-color); margin-left: .3rem; }
"""
# The address is read at the click: the map puts where it looks there without a run of the page.
# Where a page is not served safely, browsers have no clipboard, but still the older way.
_JS = """
export default function ({ parentElement, data }) {
  const button = parentElement.querySelector("button")
  const status = parentElement.querySelector("span")
  const older = (text) => {
    const field = document.createElement("textarea")
    field.value = text
    document.body.append(field)
    field.select()
    const done = document.execCommand("copy")
    field.remove()
    return done
  }
  button.onclick = async () => {
    const address = new URL(window.location.href)
    address.searchParams.set("embed_options", data.theme + "_theme")
    let done = true
    try { await navigator.clipboard.writeText(address.href) } catch { done = older(address.href) }
    button.dataset.copied = address.href
    status.textContent = done ? "copied" : address.href
    setTimeout(() => { status.textContent = "" }, 4000)
  }
}
"""


_PRINT = """
export default function ({ parentElement }) {
  parentElement.querySelector("button").onclick = () => window.print()
}
"""


def button() -> None:
    """Draws the button; what it copies shows the same in another browser."""
    _component()(key="copy link", data={"theme": theme()})


def print_button() -> None:
    """Draws the button that prints the page as the browser does."""
    _printer()(key="print")


@cache
def _printer() -> Any:
    html = '<button type="button">Print</button>'
    return st.components.v2.component("print_page", html=html, css=_CSS, js=_PRINT)


@cache
def _component() -> Any:
    return st.components.v2.component("copy_link", html=_HTML, css=_CSS, js=_JS)
