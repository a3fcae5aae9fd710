"""What RFC 8428 demands of a pack, as JSON schemas: section 4 (fields), 5 (JSON), 6 (CBOR) and the CDDL of section 11.

Two things are wider here than the CDDL, which is "for reference": the reasons of a quality (``qr``) are a list, and a
record of a bad or missing value has no value field. Both are extensions that a reader of plain SenML passes over.
"""

import re

from jsonschema import Draft202012Validator

NUMBER, TEXT = {"type": "number"}, {"type": "string"}
NAME = re.compile(r"[A-Za-z0-9][-:./_A-Za-z0-9]*")  # section 4.5.1, of the resolved name

FIRST = {"bn": TEXT, "bt": NUMBER, "bu": TEXT, "bv": NUMBER, "bs": NUMBER, "bver": {"type": "integer", "minimum": 1}}
EACH = {
    "n": TEXT, "u": TEXT, "v": NUMBER, "vs": TEXT, "vb": {"type": "boolean"}, "vd": TEXT, "s": NUMBER, "t": NUMBER,
    "ut": NUMBER,
}  # fmt: skip
VALUES = ("v", "vs", "vb", "vd")
EXTENSION = {"type": ["string", "number", "boolean"]}
REASONS = {"type": "array", "items": TEXT, "minItems": 1}
# a label that ends in "_" must be understood: ours must not
REGULAR, BASE = "^[A-Zac-z0-9]([-_:.A-Za-z0-9]*[-:.A-Za-z0-9])?$", "^b[-_:.A-Za-z0-9]*[-:.A-Za-z0-9]$"
AT_MOST_ONE = [{"not": {"required": [one, other]}} for one in VALUES for other in VALUES if one < other]


def record(base):
    known = {**EACH, "qr": REASONS, **(FIRST if base else {})}
    names = "|".join(known)
    extra = {f"^(?!({names})$){REGULAR[1:]}": EXTENSION, **({f"^(?!({names})$){BASE[1:]}": EXTENSION} if base else {})}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": known,
        "patternProperties": extra,
        "additionalProperties": False,
        "allOf": AT_MOST_ONE,
    }


PACK = {"type": "array", "minItems": 1, "prefixItems": [record(True)], "items": record(False)}
VALIDATOR = Draft202012Validator(PACK)


def broken_rules(pack):
    """Everything that RFC 8428 would not allow in a pack in the form of JSON, a sentence each."""
    found = [f"{list(error.absolute_path)}: {error.message}" for error in VALIDATOR.iter_errors(pack)]
    if found:
        return found
    names = [pack[0].get("bn", "") + fields.get("n", "") for fields in pack]
    return [f"[{at}]: {name!r} is no name" for at, name in enumerate(names) if not NAME.fullmatch(name)]
