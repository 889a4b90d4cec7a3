"""From HTML to PDF, with the places of the fields to be filled.

WeasyPrint does the work. It reaches neither the network nor the file system: it gets images that
the document carries or that the caller hands over, and the fonts of the addon.
"""

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from urllib.request import DataHandler, Request

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from .errors import PlacementError, RenderError
from .fonts import FontSet
from .placement import Box, PageGeometry, from_pdf_rect

ANCHOR_SCHEME = "sign:"
MAX_RESOURCE = 8 * 1024 * 1024
# relative addresses are resolved against it; no server has this name (RFC 2606)
_BASE_URL = "https://document.invalid"
_LINK_SCHEMES = ("http:", "https:", "mailto:", "tel:")
_STYLESHEET = Path(__file__).with_name("document.css")
_FONT_SCHEME = "font:"
# points in a CSS pixel (CSS Values 4, 6.2)
_PIXEL = 0.75

Resources = Callable[[str], tuple[bytes, str]]

# Pango's font map, which all documents share, is not made for threads
_lock = threading.Lock()


@dataclass(frozen=True)
class Anchor:
    """The place that ``<a href="sign:KEY">`` takes on a page; a key may come more than once."""

    key: str
    box: Box


@dataclass(frozen=True)
class RenderedDocument:
    """A PDF file, its pages, and the places of its fields in reading order."""

    pdf: bytes
    pages: tuple[PageGeometry, ...]
    anchors: tuple[Anchor, ...]


def html_to_pdf(
    html: str,
    *,
    stylesheet: str = "",
    fonts: FontSet,
    resources: Resources | None,
    lang: str,
    title: str,
) -> RenderedDocument:
    """Render a document, or a fragment of one, on the base stylesheet ``document.css``.

    A ``.letterhead`` opens the document, a ``.page-footer`` stands at the foot of each page beside
    the page number. ``<a href="sign:KEY">`` keeps the place of a field; the classes
    ``sign-signature``, ``sign-name``, ``sign-date``, ``sign-text`` and ``sign-checkbox`` give it
    its size. The link itself does not get into the PDF, nor do attachments and links to anything
    but web, mail and telephone.

    :param stylesheet: CSS that is added to the base stylesheet
    :param resources: called with the address of an image as the document has it, returns its bytes
        and media type, or raises ``LookupError``; ``data:`` addresses never get there
    :param lang: BCP 47 tag, for hyphenation and readers
    :param title: shown by PDF readers
    :raises RenderError: ``resource_refused``, ``resource_too_large``, ``anchor_outside``,
        ``font_missing``
    """
    with _lock:
        setting = _load_setting(fonts)
        fetcher = _ImageFetcher(resources)
        try:
            return _render(html, stylesheet, setting, fetcher, lang, title)
        except FatalURLFetchingError as error:
            raise error.__cause__ from None


@dataclass(frozen=True)
class _Setting:
    font_config: FontConfiguration
    base: CSS


@functools.lru_cache(maxsize=2)
def _load_setting(fonts):
    files = {f"{_FONT_SCHEME}{role}": Path(path) for role, path in vars(fonts).items()}
    for path in files.values():
        if not path.is_file():
            raise RenderError("font_missing", f"There is no font {path}.", path=str(path))
    font_config = FontConfiguration()
    base = CSS(filename=_STYLESHEET, font_config=font_config, url_fetcher=_FontFetcher(files))
    return _Setting(font_config, base)


def _render(html, stylesheet, setting, fetcher, lang, title):
    source = HTML(string=html, base_url=_BASE_URL, url_fetcher=fetcher)
    source.etree_element.set("lang", lang)
    sheets = [setting.base]
    if stylesheet:
        sheets.append(
            CSS(
                string=stylesheet,
                base_url=_BASE_URL,
                url_fetcher=fetcher,
                font_config=setting.font_config,
            )
        )
    document = source.render(font_config=setting.font_config, stylesheets=sheets, presentational_hints=True)
    document.metadata.title = title
    document.metadata.lang = lang
    document.metadata.attachments = []
    geometries = tuple(_geometry(page) for page in document.pages)
    anchors = tuple(
        _anchor(key, rectangle, geometries[index], index + 1)
        for index, page in enumerate(document.pages)
        for key, rectangle in _take_anchors(page)
    )
    return RenderedDocument(document.write_pdf(), geometries, anchors)


def _geometry(page):
    box = (0.0, 0.0, page.width * _PIXEL, page.height * _PIXEL)
    return PageGeometry(box, box, 0)


def _take_anchors(page):
    """Return keys and rectangles of the anchors, and leave only ordinary links on the page."""
    found, kept = [], []
    for link in page.links:
        kind, target, rectangle, box = link
        if kind == "external" and target.startswith(ANCHOR_SCHEME):
            # elements within an anchor repeat its link
            if box.link:
                found.append((unquote(target.removeprefix(ANCHOR_SCHEME)), rectangle))
        elif kind == "internal" or (kind == "external" and _is_allowed(target)):
            kept.append(link)
    page.links[:] = kept
    return found


def _is_allowed(target):
    return target.startswith(_LINK_SCHEMES) and not target.startswith(_BASE_URL)


def _anchor(key, rectangle, geometry, number):
    left, top, right, bottom = (side * _PIXEL for side in rectangle)
    height = geometry.height
    box = from_pdf_rect((left, height - bottom, right, height - top), geometry, number)
    try:
        return Anchor(key, box.resolved(number))
    except PlacementError as error:
        message = f"The field {key} does not fit on page {number}."
        raise RenderError("anchor_outside", message, key=key, page=number) from error


class _FontFetcher(URLFetcher):
    """Knows the font files of the base stylesheet."""

    def __init__(self, files):
        super().__init__(fail_on_errors=True)
        self._files = files

    def fetch(self, url, headers=None):
        return URLFetcherResponse(url, self._files[url].read_bytes(), {"Content-Type": "font/ttf"})


class _ImageFetcher(URLFetcher):
    """Knows ``data:`` images and what ``resources`` hands over."""

    def __init__(self, resources):
        super().__init__(fail_on_errors=True)
        self._resources = resources

    def fetch(self, url, headers=None):
        if url.startswith("data:"):
            body, media_type = _decode_data_url(url)
        else:
            body, media_type = self._ask(url.removeprefix(_BASE_URL))
        if len(body) > MAX_RESOURCE:
            raise _too_large(url)
        if not media_type.startswith("image/"):
            raise _refused(url)
        return URLFetcherResponse(url, body, {"Content-Type": media_type})

    def _ask(self, url):
        if self._resources is None:
            raise _refused(url)
        try:
            return self._resources(url)
        except LookupError:
            raise _refused(url) from None


def _decode_data_url(url):
    # base64 takes four characters for three bytes, percent encoding at most three for one
    if len(url) > 3 * MAX_RESOURCE:
        raise _too_large(url)
    try:
        response = DataHandler().data_open(Request(url))  # noqa: S310 - data: only
    except ValueError:
        raise _refused(url) from None
    return response.read(), response.headers.get_content_type()


def _refused(url):
    shown = url[:100]
    return RenderError("resource_refused", f"The document may not load {shown}.", url=shown)


def _too_large(url):
    shown = url[:100]
    return RenderError("resource_too_large", f"{shown} is too large.", url=shown, limit=MAX_RESOURCE)
