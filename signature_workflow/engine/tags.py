"""Text tags: fields written into the text of a document.

``{{signature;role=Client}}``, ``{{Order date;type=date;role=Client;required=false}}``. Between the
braces stand the field's name and then ``key=value`` pairs, separated by semicolons. The type of the
field is its name, if that is a type, or what ``type=`` says. What is only the path of a field of the
record, such as ``{{partner_id.phone}}``, is a merge value; with a ``?`` at its end it may be empty.

========== ======================================================================================
key        meaning
========== ======================================================================================
type       one of :data:`TYPES`; a blank or hyphen stands for an underscore
role       who fills the field
required   ``1``, ``true``, ``yes`` (also without this key); anything else means that it may be empty
readonly   the same words; without this key the field can be changed
options    entries of a choice, separated by ``|``
group      radio buttons with the same group exclude one another
help       what the signer reads when filling the field
pattern    a mask such as ``99-999-AA``
default    what stands in the field when the signer opens the document
merge      path of the field that is printed, or that fills the field beforehand
write      path of the field that gets the answer
width      of the field, in points, instead of the width of the tag's own text and of :data:`LEAST_SIZES`
height     likewise
========== ======================================================================================

Other keys are passed over.
"""

import math
import re
from dataclasses import dataclass, field

from .errors import TagError

TYPES = frozenset(
    (
        "signature",
        "initials",
        "stamp",
        "name",
        "company",
        "position",
        "email",
        "phone",
        "date_signed",
        "text",
        "multiline",
        "number",
        "date",
        "checkbox",
        "radio",
        "choice",
        "file",
        "merge",
    )
)
# least width and height, in points, of what needs more room than the words of its tag
LEAST_SIZES = {"signature": (150, 40), "initials": (50, 25), "stamp": (110, 70)}
TRUE_WORDS = frozenset(("1", "true", "yes"))
MAX_SIDE = 14_400
_PATH = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*\??", re.ASCII)


@dataclass(frozen=True)
class Tag:
    """A tag that has been read.

    :param name: of the field, as written
    :param type: one of :data:`TYPES`
    :param options: all pairs; the keys in lower case
    """

    name: str
    type: str
    options: dict[str, str] = field(default_factory=dict)

    @property
    def required(self) -> bool:
        """Whether the field has to be filled."""
        return self.options.get("required", "true").casefold() in TRUE_WORDS

    @property
    def readonly(self) -> bool:
        """Whether the signer only sees the field."""
        return self.options.get("readonly", "").casefold() in TRUE_WORDS

    @property
    def choices(self) -> tuple[str, ...]:
        """The entries of ``options=``, without empty ones."""
        entries = (entry.strip() for entry in self.options.get("options", "").split("|"))
        return tuple(entry for entry in entries if entry)

    @property
    def size(self) -> tuple[float | None, float | None]:
        """Width and height that are asked for, in points, or ``None`` for each."""
        return tuple(float(self.options[key]) if key in self.options else None for key in ("width", "height"))


def parse_tag(text: str) -> Tag:
    """Read a tag.

    :param text: what stands between the braces
    :raises TagError: ``tag_invalid``
    """
    text = " ".join(text.split())
    name, *pairs = (part.strip() for part in text.split(";"))
    options = {
        key.strip().casefold(): value.strip()
        for key, equals, value in (pair.partition("=") for pair in pairs)
        if equals
    }
    kind = re.sub(r"[\s-]", "_", options.get("type", name).casefold())
    if not pairs and kind not in TYPES and _PATH.fullmatch(name):
        path = name.removesuffix("?")
        return Tag(path, "merge", {"merge": path, "required": str(path == name).casefold()})
    if kind not in TYPES:
        raise TagError("tag_invalid", f"The tag {text!r} has no known type.", text=text, type=kind)
    for key in ("width", "height"):
        if key in options and not _is_length(options[key]):
            raise TagError("tag_invalid", f"The tag {text!r} has an unusable {key}.", text=text, option=key)
    return Tag(name, kind, options)


def _is_length(text):
    try:
        number = float(text)
    except ValueError:
        return False
    return math.isfinite(number) and 1 <= number <= MAX_SIDE
