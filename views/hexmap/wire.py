"""What travels to the browser: one stretch of bytes, read by frontend/src/wire.js.

`HXM1`, the header's length as four bytes (little-endian), the header as JSON, then deflated
parcels one after another. A parcel is a few columns under the hash of its bytes; one that the
browser holds already is named in the header and left out.
"""

import json
import struct
import zlib
from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

Columns = Mapping[str, npt.NDArray[Any]]

_MAGIC = b"HXM1"
_TYPES = {"u8": "<u1", "u16": "<u2", "u32": "<u4", "f32": "<f4"}
_NAMES = {np.dtype(dtype): name for name, dtype in _TYPES.items()}


def encode(
    header: Mapping[str, Any], parcels: Mapping[str, Columns], *, held: Collection[str] = ()
) -> bytes:
    """The bytes of a header and its parcels, without those whose hash is in `held`.

    Columns are of type u8, u16, u32 or f32; 64-bit ids go as pairs of u32, low first (`words`).
    The same content gives the same bytes.
    """
    entries, body = {}, b""
    for name, columns in parcels.items():
        content = b"".join(column.tobytes() for column in columns.values())
        shape = [[key, _NAMES[column.dtype], column.size] for key, column in columns.items()]
        digest = _hash(json.dumps(shape).encode() + content)
        at = None if digest in held else len(body)
        entries[name] = {"hash": digest, "columns": shape, "at": at}
        body += b"" if digest in held else content
    text = json.dumps({**header, "parcels": entries}, ensure_ascii=False, allow_nan=False).encode()
    return _MAGIC + struct.pack("<I", len(text)) + text + (zlib.compress(body, 6) if body else b"")


def decode(payload: bytes) -> tuple[dict[str, Any], dict[str, dict[str, npt.NDArray[Any]]]]:
    """Header and parcels of a payload; a parcel that was left out is missing."""
    if payload[:4] != _MAGIC:
        raise ValueError(f"not a payload of the map: it begins with {payload[:4]!r}")
    end = 8 + struct.unpack("<I", payload[4:8])[0]
    header = json.loads(payload[8:end])
    body = zlib.decompress(payload[end:]) if payload[end:] else b""
    sent = {name: one for name, one in header["parcels"].items() if one["at"] is not None}
    return header, {name: _columns(body, **one) for name, one in sent.items()}


def words(ids: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint32]:
    """64-bit ids as pairs of 32-bit words, low first."""
    return ids.astype("<u8").view("<u4")


def _columns(body: bytes, *, columns: list[Any], at: int, **_: Any) -> dict[str, Any]:
    arrays = {}
    for name, kind, length in columns:
        arrays[name] = np.frombuffer(body, _TYPES[kind], length, at)
        at += arrays[name].nbytes
    return arrays


def _hash(content: bytes) -> str:
    return blake2b(content, digest_size=6).hexdigest()
