"""From HTML to PDF, with the places of the fields to be filled.

WeasyPrint does the work. It reaches neither the network nor the file system: it gets images that
the document carries or that the caller hands over, and the fonts of the addon.
"""

import contextlib
import functools
import html as html_escape
import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit
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
_COMMON, _DOCUMENT, _REPORT = (
    Path(__file__).with_name(f"{name}.css").read_text() for name in ("common", "document", "report")
)
_FONT_SCHEME = "font:"
_FONT_TYPES = (".ttf", ".otf", ".woff", ".woff2")
# points in a CSS pixel (CSS Values 4, 6.2)
_PIXEL = 0.75
# WebKit's least shrinking of what it prints, which reports are laid out for
_SHRINKING = 1.25

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
    the page number. ``<a href="sign:KEY">`` keeps the place of a field; a class such as
    ``sign-signature``, after the field's type, gives it its size (``sign-date`` also for the date of
    signing). The link itself does not get into the PDF, nor do attachments and links to anything
    but web, mail and telephone.

    :param stylesheet: CSS that is added to the base stylesheet
    :param resources: called with the address of an image as the document has it, returns its bytes
        and media type, or raises ``LookupError``; ``data:`` addresses never get there
    :param lang: BCP 47 tag, for hyphenation and readers
    :param title: shown by PDF readers
    :raises RenderError: ``resource_refused``, ``resource_too_large``, ``anchor_outside``,
        ``font_missing``
    """
    with _rendering(resources) as fetcher:
        setting = _load_setting(fonts)
        sheets = [setting.base]
        if stylesheet:
            sheets.append(_parse(stylesheet, setting.font_config, fetcher))
        return _write([_lay_out(html, sheets, setting.font_config, fetcher)], lang, title)


@dataclass(frozen=True)
class Paper:
    """The sheet that a report is printed on; lengths in millimetres.

    :param margins: top, right, bottom, left
    :param header_top: from the sheet's upper edge to the header, which stands in the upper margin;
        the footer begins where the lower margin does
    :param header_line: a line below the header
    :param shrunk: whether a CSS pixel is 0.6 points, as in Odoo's own reports, or 0.75
    """

    width: float = 210
    height: float = 297
    margins: tuple[float, float, float, float] = (40, 7, 20, 7)
    header_top: float = 5
    header_line: bool = False
    shrunk: bool = True


@dataclass(frozen=True)
class Section:
    """A part of a report that begins on a new page, and whose pages are counted anew.

    :param header: HTML fragment, repeated on each page; likewise ``footer``. ``class="page"`` and
        ``class="topage"`` in them show the number of the page and of the last one.
    :param css_class: of the elements around each of the three, for the stylesheet
    :param direction: ``ltr`` or ``rtl``
    """

    header: str
    body: str
    footer: str
    css_class: str = ""
    direction: str = "ltr"


class ReportStyle:
    """The stylesheet and the fonts of reports, parsed once for many of them.

    :param stylesheet: CSS; what WeasyPrint does not know of it is left out
    :param files: called with the path of a font as the stylesheet has it, returns its bytes and
        media type, or raises ``LookupError``, which leaves the font out
    """

    def __init__(self, stylesheet: str, *, fonts: FontSet, files: Resources):
        self.font_config = FontConfiguration()
        fetcher = _FontFetcher(_font_files(fonts), files)
        with _lock, _silence():
            self.sheets = [_parse(text, self.font_config, fetcher) for text in (_COMMON, stylesheet, _REPORT)]


def report_to_pdf(
    sections: Sequence[Section],
    *,
    style: ReportStyle,
    paper: Paper,
    keys: Collection[str],
    resources: Resources | None,
    lang: str,
    title: str,
) -> RenderedDocument:
    """Print a report as wkhtmltopdf lays it out, on the stylesheet of its own and ``report.css``.

    :param keys: of the anchors to be kept; one that came in with a text of a record is dropped

    Anchors, links, ``resources``, ``lang``, ``title`` and errors are as in :func:`html_to_pdf`.
    """
    with _rendering(resources) as fetcher, _silence():
        sheets = [*style.sheets, _parse(_paper_css(paper), style.font_config, fetcher)]
        documents = [_lay_out(_section_html(one), sheets, style.font_config, fetcher) for one in sections]
        return _write(documents, lang, title, keys, zoom=1 / _shrinking(paper))


@contextlib.contextmanager
def _rendering(resources):
    with _lock:
        try:
            yield _ImageFetcher(resources)
        except FatalURLFetchingError as error:
            raise error.__cause__ from None


@contextlib.contextmanager
def _silence():
    """Hundreds of lines on what a stylesheet made for browsers has: nobody can do anything about them."""
    loggers = [logging.getLogger(name) for name in ("weasyprint", "fontTools")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@dataclass(frozen=True)
class _Setting:
    font_config: FontConfiguration
    base: CSS


@functools.lru_cache(maxsize=2)
def _load_setting(fonts):
    font_config = FontConfiguration()
    base = _parse(_COMMON + _DOCUMENT, font_config, _FontFetcher(_font_files(fonts)))
    return _Setting(font_config, base)


def _font_files(fonts):
    roles = ("regular", "bold", "italic", "bold_italic")
    files = {f"{_FONT_SCHEME}{role}": Path(getattr(fonts, role)) for role in roles}
    for path in files.values():
        if not path.is_file():
            raise RenderError("font_missing", f"There is no font {path}.", path=str(path))
    return files


def _parse(css, font_config, fetcher):
    return CSS(string=css, base_url=_BASE_URL, url_fetcher=fetcher, font_config=font_config)


def _shrinking(paper):
    return _SHRINKING if paper.shrunk else 1


def _paper_css(paper):
    def millimetres(*lengths):
        return " ".join(f"{length * _shrinking(paper):.3f}mm" for length in lengths)

    line = "border-bottom: 1px solid" if paper.header_line else ""
    return f"""
        @page {{
            size: {millimetres(paper.width, paper.height)};
            margin: {millimetres(*paper.margins)};
            @top-left {{ padding-top: {millimetres(paper.header_top)}; }}
        }}
        .report-header {{ {line} }}
    """


def _section_html(section):
    css_class, direction = html_escape.escape(section.css_class), html_escape.escape(section.direction)
    return f"""<body class="{css_class}" dir="{direction}">
        <div class="report-header {css_class}">{section.header}</div>
        <div class="report-footer {css_class}">{section.footer}</div>
        {section.body}</body>"""


def _lay_out(html, sheets, font_config, fetcher):
    source = HTML(string=html, base_url=_BASE_URL, url_fetcher=fetcher)
    return source.render(font_config=font_config, stylesheets=sheets, presentational_hints=True)


def _write(documents, lang, title, keys=None, zoom=1):
    """Make one PDF of laid-out documents; ``zoom`` is how many times larger it is printed."""
    pages = [page for document in documents for page in document.pages]
    geometries = tuple(_geometry(page, zoom) for page in pages)
    anchors = tuple(
        _anchor(key, rectangle, geometry, number, zoom)
        for number, (page, geometry) in enumerate(zip(pages, geometries, strict=True), 1)
        for key, rectangle in _take_anchors(page)
        if keys is None or key in keys
    )
    document = documents[0].copy(pages)
    document.metadata.title = title
    document.metadata.lang = lang
    document.metadata.attachments = []
    return RenderedDocument(document.write_pdf(zoom=zoom), geometries, anchors)


def _geometry(page, zoom):
    box = (0.0, 0.0, page.width * _PIXEL * zoom, page.height * _PIXEL * zoom)
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


def _anchor(key, rectangle, geometry, number, zoom):
    left, top, right, bottom = (side * _PIXEL * zoom for side in rectangle)
    height = geometry.height
    box = from_pdf_rect((left, height - bottom, right, height - top), geometry, number)
    try:
        return Anchor(key, box.resolved(number))
    except PlacementError as error:
        message = f"The field {key} does not fit on page {number}."
        raise RenderError("anchor_outside", message, key=key, page=number) from error


class _FontFetcher(URLFetcher):
    """Knows the addon's font files, and what ``files`` hands over; what is missing is left out."""

    def __init__(self, own, files=None):
        super().__init__()
        self._own = own
        self._files = files

    def fetch(self, url, headers=None):
        if url in self._own:
            return URLFetcherResponse(url, self._own[url].read_bytes(), {"Content-Type": "font/ttf"})
        path = urlsplit(url.removeprefix(_BASE_URL)).path
        if self._files is None or not (url.startswith(f"{_BASE_URL}/") and path.endswith(_FONT_TYPES)):
            raise _refused(url)
        body, media_type = self._files(path)
        return URLFetcherResponse(url, body, {"Content-Type": media_type})


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
