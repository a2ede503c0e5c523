"""What complaints are about, and where a TM Forum trouble ticket says it.

The taxonomy follows the regulators' (FCC, Ofcom, TRAI); rates are given by its first tier.
"""

from typing import Any, Final

UNKNOWN: Final = "unknown"
"""Type of a complaint whose category is not mapped; its class is `other`."""

TYPES: dict[str, tuple[str, ...]] = {
    "network": (
        "coverage_none", "coverage_indoor", "call_drop", "call_setup_fail", "call_quality",
        "data_slow", "data_none", "sms_fail", "congestion_time", "outage", "roaming", "voip_app",
    ),
    "device": ("sim_device", "settings", "volte_not_supported"),
    "account": ("billing", "charges_unrecognised", "plan", "portability", "provisioning"),
    "other": ("privacy", "unwanted_calls", "care_experience", UNKNOWN),
}  # fmt: skip
"""Types of each class of complaints."""

CLASS_OF: dict[str, str] = {
    name: complaint_class for complaint_class, names in TYPES.items() for name in names
}
"""Class of each type."""


def _either(*paths: str) -> str:
    return " | ".join(paths)


def _characteristic(*names: str) -> str:
    """A named characteristic, as version 5 of TMF621 or older implementations hold it."""
    lists = ("troubleTicketCharacteristic", "ticketCharacteristic", "characteristic")
    return _either(*(f"{path}.{name}" for name in names for path in lists))


def _related(relation: str, role: str, *names: str) -> str:
    """What a ticket is related to: version 5 wraps the reference, version 4 does not."""
    wrapped = {"relatedParty": "partyOrPartyRole.", "relatedEntity": "entity."}[relation]
    return _either(
        *(f"{relation}[role={role}].{way}{name}" for name in names for way in (wrapped, ""))
    )


TICKET: dict[str, Any] = {
    "table": "complaint",
    # a party's id is no telephone number
    "subscriber": "account",
    "columns": {
        "complaint_id": "id | externalId | externalIdentifier.id",
        "created_utc": "creationDate",
        "event_utc": _characteristic("eventDate", "occurredAt"),
        "resolved_utc": "resolutionDate",
        "status": "status",
        "severity": "severity | priority",
        "channel": "channel.name | channel.id | channel",
        "complaint_type": _either(_characteristic("category"), "ticketType", "name"),
        "text_redacted": "description",
        "subscriber_id": _related("relatedParty", "customer", "id"),
        "cell_id": _either(
            _related("relatedEntity", "cell", "id"),
            _characteristic("cellId", "cell", "ecgi", "ncgi"),
        ),
        "lat": _either(
            _characteristic("latitude", "lat", "location.latitude"),
            _related("relatedEntity", "place", "latitude", "geographicLocation.latitude"),
        ),
        "lon": _either(
            _characteristic("longitude", "lon", "location.longitude"),
            _related("relatedEntity", "place", "longitude", "geographicLocation.longitude"),
        ),
        "postcode": _either(
            _characteristic("postcode", "postCode", "zip"),
            _related("relatedEntity", "place", "postcode"),
        ),
        "place_text": _either(
            _characteristic("place", "issueLocation"), _related("relatedEntity", "place", "name")
        ),
    },
    "values": {
        "severity": {
            "1": ["Critical", "critical"],
            "2": ["Major", "major", "High", "high"],
            "3": ["Minor", "minor", "Medium", "medium"],
            "4": ["Low", "low", "Trivial", "trivial", "Warning", "warning"],
        },
        "channel": {
            "call_centre": ["call centre", "call center", "phone", "Phone"],
            "app": ["mobile app", "App"],
            "web": ["self service", "selfService", "Self Service", "portal", "Web"],
            "store": ["shop", "Store"],
            "social": ["social media"],
        },
    },
    "patterns": {
        "complaint_type": {
            "charges_unrecognised": "unrecogni[sz]ed|unauthori[sz]ed",
            "billing": "bill|invoice|charge|dispute",
            "portability": r"\bport(ing|ability)\b",
            "roaming": "roam",
            "coverage_indoor": "indoor",
            "coverage_none": "coverage|no signal",
            "call_drop": r"drop|cut[ -]?off",
            "call_setup_fail": "(cannot|can't|unable to|fail\\w* to) (make|call)|call set-?up",
            "call_quality": "voice quality|call quality|crackl|echo",
            "data_none": "no (mobile )?(data|internet)",
            "data_slow": "slow",
            "sms_fail": r"\bsms\b|text message",
            "outage": "outage|no service",
            "sim_device": r"\bsim\b|handset|device",
            "unwanted_calls": "nuisance|unwanted|spam",
            "privacy": "privacy",
        }
    },
}
"""Keys of a source of TMF621 tickets, as far as it says no other."""
