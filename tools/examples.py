"""Shows the examples of docstrings as code on the site: an extension of griffe (`mkdocs.yml`).

Our docstrings are Markdown, in which `>>>` would begin quotations within quotations.
"""

import re
from typing import Any

from griffe import Extension, Object

_EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\n).+)*", re.MULTILINE)


def fenced(text: str) -> str:
    r"""The text with each example, up to the next empty line, as a block of code.

    >>> fenced("One.\n\n>>> 1 + 1\n2\n\nTwo.")
    'One.\n\n```pycon\n>>> 1 + 1\n2\n```\n\nTwo.'
    """
    return _EXAMPLE.sub(lambda found: f"```pycon\n{found.group()}\n```", text)


class Examples(Extension):
    """Turns examples into blocks of code as modules are read."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Called once for each module, class, function and attribute.

        `obj`: its docstring is replaced; None = it has none. `_`: what else griffe hands over,
        unused.
        """
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)
