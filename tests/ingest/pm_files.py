"""PM XML written from plain facts, in every form the standards allow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

COLLEC = "http://www.3gpp.org/ftp/specs/archive/32_series/32.435#measCollec"
DATA = "http://www.3gpp.org/ftp/specs/archive/28_series/28.532#measData"


@dataclass(frozen=True)
class Info:
    """One measInfo: its counters, and for each object the texts of these."""

    counters: list[str]
    values: Mapping[str, list[str]]
    end: str = "2026-03-01T07:15:00+0100"
    duration: str = "PT900S"
    suspect: frozenset[str] = field(default_factory=frozenset)


def written(infos: Iterable[Info], form: str, *, element: str = "NE-1") -> str:
    """The file in one of FORMS."""
    return FORMS[form](list(infos), element)


def _indexed(infos: list[Info], element: str) -> str:
    names = ("", f'xmlns="{COLLEC}"', "measCollecFile", "managedElement")
    return _measured(names, infos, element)


def _successor(infos: list[Info], element: str) -> str:
    names = ("m:", f'xmlns:m="{DATA}"', "measDataFile", "measEntity")
    return _measured(names, infos, element)


def _measured(names: tuple[str, str, str, str], infos: list[Info], element: str) -> str:
    x, namespace, root, entity = names
    parts = [f'<?xml version="1.0"?>\n<{x}{root} {namespace}>\n<{x}fileHeader vendorName="V"/>']
    parts.append(f'<{x}measData><{x}{entity} localDn="{element}" swVersion="1"/>')
    for info in infos:
        parts.append(_head(x, info))
        parts += [
            f'<{x}measType p="{p}">{name}</{x}measType>' for p, name in enumerate(info.counters, 1)
        ]
        for name, texts in info.values.items():
            # p may come in any order, and what is empty may be left out
            rs = [
                f'<{x}r p="{p}">{escape(text)}</{x}r>'
                for p, text in enumerate(texts, 1)
                if text or len(texts) % 2
            ]
            parts.append(_value(x, name, info, rs[::-1] if len(info.values) % 2 else rs))
        parts.append(f"</{x}measInfo>")
    return "\n".join([*parts, f"</{x}measData></{x}{root}>\n"])


def _positional(infos: list[Info], element: str) -> str:
    parts = [f'<measCollecFile xmlns="{COLLEC}"><measData><managedElement localDn="{element}"/>']
    for info in infos:
        parts.append(_head("", info))
        parts.append(f"<measTypes>{' '.join(info.counters)}</measTypes>")
        for name, texts in info.values.items():
            results = " ".join(text or "NULL" for text in texts)
            parts.append(_value("", name, info, [f"<measResults>{results}</measResults>"]))
        parts.append("</measInfo>")
    return "\n".join([*parts, "</measData></measCollecFile>"])


def _head(x: str, info: Info) -> str:
    return (
        f'<{x}measInfo measInfoId="i"><{x}job jobId="j"/>'
        f'<{x}granPeriod duration="{info.duration}" endTime="{info.end}"/>'
        f'<{x}repPeriod duration="PT3600S"/>'
    )


def _value(x: str, name: str, info: Info, results: list[str]) -> str:
    doubt = [f"<{x}suspect>true</{x}suspect>"] if name in info.suspect else []
    inside = "\n  ".join(["", *results, *doubt])
    return f"<{x}measValue measObjLdn={quoteattr(name)}>{inside}\n</{x}measValue>"


def _old(infos: list[Info], element: str) -> str:
    parts = ['<!DOCTYPE mdc SYSTEM "MeasDataCollection.dtd"><mdc><mfh><ffv>1</ffv></mfh>']
    parts.append(f"<md><neid><neun>u</neun><nedn>{element}</nedn></neid>")
    for info in infos:
        parts.append(f"<mi><mts>{info.end.translate({45: None, 58: None, 84: None})}</mts>")
        parts.append(f"<gp>{info.duration[2:-1]}</gp>")
        parts += [f"<mt>{name}</mt>" for name in info.counters]
        for name, texts in info.values.items():
            rs = "".join(f"<r>{escape(text)}</r>" for text in texts)
            doubt = str(name in info.suspect).upper()
            parts.append(f"<mv><moid>{escape(name)}</moid>{rs}<sf>{doubt}</sf></mv>")
        parts.append("</mi>")
    return "\n".join([*parts, "</md></mdc>"])


FORMS = {
    "p-indexed": _indexed,
    "positional": _positional,
    "TS 28.532": _successor,
    "mdc": _old,
}
