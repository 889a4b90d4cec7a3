"""What makes a file look otherwise in print, in another reader, or at a click than where it was looked at.

Runs in a child process only, on the objects of either parser. What common programs write is let be: layers that are
always on (also with the usage that Acrobat gives headers and watermarks), links, comments that are printed, and form
fields, which become ours.
"""

from ..errors import PdfRefused
from .objects import entries, resolved

# ISO 32000-2 8.11.4.4: what a layer says of its use, and the only state that does not hide it
STATES = (("/View", "/ViewState"), ("/Print", "/PrintState"), ("/Export", "/ExportState"))
CONDITIONS = frozenset(("/Zoom", "/Language", "/User"))
# 8.11.2.2: shown when layers are off
WHEN_OFF = frozenset(("/AllOff", "/AnyOff"))
# 12.5.3: invisible, hidden, no view, toggle no view; print
NOT_SEEN, PRINTED = 1 << 0 | 1 << 1 | 1 << 5 | 1 << 8, 1 << 2
# 12.5.5: they have no look of their own, or one that every reader has
WITHOUT_APPEARANCE = frozenset(("/Link", "/Popup", "/Text"))
# 12.2: the areas that are shown and printed; this is what readers do without them
AREAS = ("/ViewArea", "/ViewClip", "/PrintArea", "/PrintClip")
WHOLE_AREA = "/CropBox"


def check_dictionary(found: dict) -> None:
    """Refuse what looks different wherever it stands.

    :raises PdfRefused: ``hidden_content``
    """
    usage = resolved(found, "/Usage")
    if isinstance(usage, dict):
        _check_usage(usage)
    policy = resolved(found, "/P")
    if (isinstance(policy, str) and policy in WHEN_OFF) or entries(found, "/VE"):
        raise _hidden("layer", "The visibility of a part depends on layers that are off.")
    if entries(found, "/Alternates"):
        raise _hidden("picture", "A picture has alternates.")
    subtype = resolved(found, "/Subtype")
    if subtype == "/PS" or resolved(found, "/Subtype2") == "/PS":
        raise _hidden("picture", "There is PostScript, which is only printed.")
    if subtype in ("/Form", "/Image") and isinstance(resolved(found, "/OPI"), dict):
        raise _hidden("picture", "There is a proxy of a picture.")
    if subtype == "/Form" and isinstance(resolved(found, "/Ref"), dict):
        raise _hidden("reference", "A part is shown from another file.")


def check_catalog(catalog: dict) -> None:
    """Refuse layers that are not all on, portfolios, and preferences by which something else is printed.

    :raises PdfRefused: ``hidden_content``
    """
    if isinstance(resolved(catalog, "/Collection"), dict):
        raise _hidden("portfolio", "The file is a portfolio.")
    layers = resolved(catalog, "/OCProperties")
    if isinstance(layers, dict):
        for config in (resolved(layers, "/D"), *entries(layers, "/Configs")):
            _check_layers(config)
    preferences = resolved(catalog, "/ViewerPreferences")
    if isinstance(preferences, dict):
        areas = (resolved(preferences, key) for key in AREAS)
        if entries(preferences, "/PrintPageRange") or any(area not in (None, WHOLE_AREA) for area in areas):
            raise _hidden("print", "Only a part is to be printed.")


def check_page(page: dict) -> None:
    """Refuse annotations that are not seen and printed alike.

    :raises PdfRefused: ``hidden_content``
    """
    for annotation in entries(page, "/Annots"):
        if isinstance(annotation, dict):
            _check_annotation(annotation)


def _check_usage(usage):
    for key, state in STATES:
        use = resolved(usage, key)
        if isinstance(use, dict) and resolved(use, state) not in (None, "/ON"):
            raise _hidden("layer", f"A layer is not on for {key}.")
    if CONDITIONS.intersection(usage):
        raise _hidden("layer", "A layer is on under conditions.")


def _check_layers(config):
    if not isinstance(config, dict):
        return
    if resolved(config, "/BaseState") not in (None, "/ON") or entries(config, "/OFF"):
        raise _hidden("layer", "A layer is off.")


def _check_annotation(annotation):
    subtype = resolved(annotation, "/Subtype")
    appearances = resolved(annotation, "/AP")
    looks = {key for key in appearances if resolved(appearances, key)} if isinstance(appearances, dict) else set()
    if subtype == "/Widget" or (subtype in ("/Link", "/Popup") and not looks):
        return
    flags = resolved(annotation, "/F")
    flags = flags if isinstance(flags, int) else 0
    if flags & NOT_SEEN or not flags & PRINTED:
        raise _hidden("annotation", "An annotation is not seen, or not printed.")
    if looks - {"/N"} or not (looks or subtype in WITHOUT_APPEARANCE):
        raise _hidden("annotation", "An annotation has several appearances, or none.")
    if "/FixedPrint" in annotation:
        raise _hidden("annotation", "A watermark is printed in a place of its own.")


def _hidden(found, message):
    return PdfRefused("hidden_content", message, found=found)
