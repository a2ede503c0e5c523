"""What a file is by its first bytes; its name says nothing."""

PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_UNKNOWN = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it, or pack it as ZIP",
    b"Rar!": "a RAR archive: unpack it, or pack it as ZIP",
    b"\x1f\x9d": "packed by compress (.Z): unpack it",
    b"%PDF": "a PDF document: export the table behind it",
    b"\x89PNG": "a picture: export the table behind it",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TAR_AT = 257
HEAD = 512
"""Bytes that are enough to tell."""


class NotOpened(OSError):
    """What a path names can't be opened, or not safely; says why and what to do."""


def packing(head: bytes) -> str:
    """gzip, bzip2, xz, zstd, lz4; "" = not packed. `head`: the first bytes."""
    return next((name for mark, name in PACKED.items() if head.startswith(mark)), "")


def is_zip(head: bytes) -> bool:
    """Whether it is a ZIP archive, which a workbook is too. `head`: the first bytes."""
    return head.startswith(_ZIP)


def is_tar(head: bytes) -> bool:
    """Whether it is a tar archive. `head`: the first 512 bytes, unpacked."""
    return head[_TAR_AT : _TAR_AT + 5] == b"ustar"


def refuse_strangers(head: bytes) -> None:
    """Raises NotOpened with the remedy for kinds that are not read. `head`: the first bytes."""
    for mark, remedy in _UNKNOWN.items():
        if head.startswith(mark):
            raise NotOpened(remedy)
    if head.startswith(_OLE):
        raise NotOpened(
            "a workbook of Excel 97 (.xls), or one with a password: "
            "save it as .xlsx without a password"
        )
