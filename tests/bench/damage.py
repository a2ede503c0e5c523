"""Files as a failing disk or a loss of power leaves them."""

from pathlib import Path

KINDS = ("empty", "cut", "shorter", "longer", "flipped", "zeroed")


def spoil(path: Path, kind: str, at: float = 0.5) -> None:
    """Cuts, empties, removes or changes a file; `at`: where, as a share of its length."""
    content = bytearray(path.read_bytes())
    place = int(at * (len(content) - 1))
    if kind == "gone":
        path.unlink()
        return
    if kind == "flipped":
        content[place] ^= 1 << place % 8
    spoilt = {
        "empty": b"",
        "cut": content[:place],
        "shorter": content[:-1],
        "longer": content + b"\0",
        "zeroed": content[:place] + bytes(min(512, len(content) - place)) + content[place + 512 :],
    }
    path.write_bytes(spoilt.get(kind, content))
