import base64
import functools
import posixpath
import re
from html import escape
from urllib.parse import parse_qsl, unquote, urlsplit

import lxml.html
from lxml import etree
from odoo import SUPERUSER_ID, models, tools
from odoo.exceptions import UserError
from odoo.tools.barcode import check_barcode_encoding, createBarcodeDrawing, get_barcode_font
from odoo.tools.image import image_guess_size_from_field_name, image_process
from odoo.tools.mimetypes import guess_mimetype
from odoo.tools.misc import file_open, limited_field_access_token
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from ..engine.render import ANCHOR_SCHEME, Paper, ReportStyle, Section, report_to_pdf
from .fonts import font_set

# PostgreSQL fails on a larger integer, and with it the transaction
MAX_ID = 2**31 - 1
MAX_BARCODE_SIDE = 10_000
# bytes that a QR code of the highest error correction holds (ISO/IEC 18004); reportlab fails on more
MAX_BARCODE_TEXT = 1273
STATIC_FILE = re.compile(r"/(\w+/static/.+)")
STATIC_TYPES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ttf", ".otf", ".woff", ".woff2")
REGULAR_FACE = re.compile(r'@font-face\s*{\s*font-family: "(\w+)"; src: url\("([\w./]+)-Regular\.ttf"\)')
# Odoo's own addresses of pictures
PICTURES = Map(
    [
        *(
            Rule(f"/web/image{source}{size}{name}", endpoint="_read_field")
            for source in ("/<int:id>", "/<int:id>-<unique>", "/<model>/<int:id>/<field>", "/<xmlid>")
            for size in ("", "/<int:width>x<int:height>")
            for name in ("", "/<filename>")
        ),
        Rule("/web/image", endpoint="_read_field"),
        Rule("/web/content/<int:id>", endpoint="_read_field"),
        *(Rule(path, endpoint="_read_logo") for path in ("/web/binary/company_logo", "/logo", "/logo.png")),
        Rule("/report/barcode/<barcode_type>/<path:value>", endpoint="_read_barcode"),
        Rule("/report/barcode", endpoint="_read_barcode"),
    ],
    strict_slashes=False,
    merge_slashes=False,
).bind("")
# marks the rendering of a report for `ir.qweb.field.image`, in the context: an object, as no browser can send it
SIGNED_PICTURES = object()


class SignatureReport(models.AbstractModel):
    _name = "signature.report"
    _description = "Printer of Reports"

    def _print(self, report, record):
        """Print one record by a report of Odoo's, without wkhtmltopdf and without writing anything.

        The language is that of the record's environment, where the report does not choose one; the
        company is the record's own. Pictures come from the database and the addons: those that the
        report shows as fields, those of the record and its company, and what is public. Anchors
        count where they stand in a template, with an address that is written out.
        :param report: ``ir.actions.report`` of type PDF or HTML
        :return: engine.render.RenderedDocument
        :raises RenderError: the report refers to something else, see engine.render
        """
        record.ensure_one()
        company = ("company_id" in record and record.sudo().company_id) or record.env.company
        record = record.sudo().with_company(company).with_context(signature_report=SIGNED_PICTURES, debug=False)
        report = report.with_env(record.env)
        html, __ = report._render_qweb_html(report, record.ids, data={"report_type": "pdf", "debug": False})
        bodies, __, header, footer, arguments = report._prepare_html(html, report_model=report.model)
        sections, links = self._sections(bodies, header, footer, company)
        return report_to_pdf(
            sections,
            style=_style("\n".join(self._stylesheet(link) for link in links)),
            paper=self._paper(report, arguments),
            keys=self._anchor_keys(),
            resources=functools.partial(self._read_picture, record, company),
            lang=(record.env.lang or "en").replace("_", "-"),
            title=record.display_name,
        )

    def _sections(self, bodies, header, footer, company):
        """Return the sections of a report, and the addresses of its stylesheets, from Odoo's pieces of it.

        Odoo gives each article a page of its own, and all headers, and all footers, in one.
        """
        headers, footers = (
            lxml.html.document_fromstring(html).get_element_by_id(f"minimal_layout_report_{name}")
            for name, html in (("headers", header), ("footers", footer))
        )
        _paint_folder(headers, company.primary_color)
        layout = lxml.html.document_fromstring(header)
        sections = []
        for index, html in enumerate(bodies):
            body = lxml.html.document_fromstring(html).body
            sections.append(
                Section(
                    header="".join(map(_markup, headers[index : index + 1])),
                    body=_inner_markup(body),
                    footer="".join(map(_markup, footers[index : index + 1])),
                    css_class=layout.body.get("class", ""),
                    direction=body.get("dir") or "ltr",
                )
            )
        return sections, layout.xpath("//link[@rel='stylesheet']/@href")

    def _paper(self, report, arguments):
        """Return the sheet of a report's paper format, and of what its layout says otherwise."""
        paper = report.get_paperformat()
        if not paper:
            return Paper()
        top, bottom, spacing = (
            float(arguments.get(f"data-report-{name.replace('_', '-')}", paper[name]))
            for name in ("margin_top", "margin_bottom", "header_spacing")
        )
        size = paper.print_page_width or 210, paper.print_page_height or 297
        if arguments.get("data-report-landscape"):
            size = max(size), min(size)
        return Paper(
            *size,
            margins=(top, paper.margin_right, bottom, paper.margin_left),
            header_top=max(top - spacing, 0),
            header_line=paper.header_line,
            shrunk=not paper.disable_shrinking,
        )

    @tools.ormcache("link", cache="assets")
    def _stylesheet(self, link):
        """Return the CSS of a bundle by its address, which has its version in it; nothing for other addresses."""
        if not link.startswith("/web/assets/"):
            return ""
        made = (
            self.env["ir.attachment"]
            .sudo()
            .search([("url", "=", link), ("public", "=", True), ("create_uid", "=", SUPERUSER_ID)], limit=1)
        )
        if made:
            return made.raw.decode()
        name, rtl, __, autoprefix = self.env["ir.asset"]._parse_bundle_name(posixpath.basename(link), False)
        bundle = self.env["ir.qweb"].sudo()._get_asset_bundle(name, js=False, rtl=rtl, autoprefix=autoprefix)
        return bundle.preprocess_css()

    @tools.ormcache(cache="templates")
    def _anchor_keys(self):
        """Return the keys of the anchors in QWeb templates; a text must not make a field of its own."""
        views = self.env["ir.ui.view"].sudo().with_context(lang=None)
        views = views.search([("type", "=", "qweb"), ("arch_db", "like", ANCHOR_SCHEME)])
        addresses = (address for view in views for address in etree.fromstring(view.arch_db).xpath("//a/@href"))
        return frozenset(unquote(a.removeprefix(ANCHOR_SCHEME)) for a in addresses if a.startswith(ANCHOR_SCHEME))

    def _read_picture(self, record, company, url):
        """Give the renderer a picture as `(bytes, mimetype)`; raises LookupError for what is not to be had."""
        for base in {record.get_base_url(), self.env["ir.config_parameter"].sudo().get_param("report.url")}:
            url = url.removeprefix(base or "")
        try:
            address = urlsplit(url)
            path = unquote(address.path)
            if address.netloc:
                raise LookupError(url)
            if STATIC_FILE.match(path):
                return _static_file(path)
            reader, arguments = PICTURES.match(path)
            options = dict(parse_qsl(address.query))
            data = getattr(self, reader)(record, company, **{**options, **arguments})
        except (HTTPException, UserError, TypeError, ValueError) as error:
            raise LookupError(url) from error
        return data, guess_mimetype(data)

    def _read_field(self, record, company, *, xmlid=None, model="ir.attachment", id=None, field="raw", **options):
        """Return the bytes of a picture in the database.

        Texts from outside can stand in a report, so that naming a picture gives no right to see it. Of the record and
        its company, there are the pictures that all their readers may see.
        """
        number = int(id or 0)
        if not 0 <= number <= MAX_ID:
            raise LookupError(id)
        owner = next((one.sudo() for one in (record, company) if (one._name, one.id) == (model, number)), None)
        definition = owner is not None and owner._fields[field]
        if not definition or definition.type != "binary" or definition.groups:
            stranger = self.with_user(self.env.ref("base.public_user")).env["ir.binary"]
            owner = stranger._find_record(xmlid, model, number, options.get("access_token"), field=field)
        value = owner.with_context(bin_size=False)[field]
        data = value if field == "raw" else base64.b64decode(value or b"")
        if not data:
            data = self.env["ir.binary"]._placeholder(owner._get_placeholder_filename(field))
        size = int(options.get("width", 0)), int(options.get("height", 0))
        return image_process(data, size if any(size) else image_guess_size_from_field_name(field))

    def _read_logo(self, _record, company, **_options):
        return base64.b64decode(company.logo or b"")

    def _read_barcode(self, _record, _company, barcode_type, value, **options):
        return _barcode(barcode_type, value, options)


class IrQwebFieldImage(models.AbstractModel):
    _inherit = "ir.qweb.field.image"

    def _get_src_urls(self, record, field_name, options):
        """Let a picture that the report itself shows be read, whoever may see the record."""
        source, zoom = super()._get_src_urls(record, field_name, options)
        if source and self.env.context.get("signature_report") is SIGNED_PICTURES:
            shown = options.get("preview_image", field_name)
            source += f"&access_token={limited_field_access_token(record, shown, scope='binary')}"
        return source, zoom


def _static_file(path):
    """Return `(bytes, mimetype)` of a static file of an addon; raises LookupError."""
    match = STATIC_FILE.fullmatch(posixpath.normpath(path))
    try:
        with file_open(match[1] if match else "", "rb", filter_ext=STATIC_TYPES) as file:
            data = file.read()
    except (OSError, ValueError) as error:
        raise LookupError(path) from error
    return data, guess_mimetype(data)


def _barcode(kind, value, options):
    """Return a bar code as SVG, with the options of ``ir.actions.report.barcode``; raises ValueError.

    That one makes a PNG, which is coarse in print, and for which reportlab wants another library.
    """
    numbers = {"width": 600, "height": 100, "quiet": 1, "humanreadable": 0, "barBorder": 4}
    width, height, quiet, readable, border = (int(options.get(name, default)) for name, default in numbers.items())
    if max(width, height) > MAX_BARCODE_SIDE or len(value.encode()) > MAX_BARCODE_TEXT:
        raise ValueError(kind)
    if kind == "auto":
        kind = {8: "EAN8", 13: "EAN13"}.get(len(value), "Code128")
    elif kind == "UPCA":
        kind, value = "EAN13", value.rjust(13, "0")
    if kind in ("EAN8", "EAN13") and not check_barcode_encoding(value, kind):
        kind = "Code128"
    drawing = createBarcodeDrawing(
        kind,
        value=value,
        width=width,
        height=height,
        quiet=bool(quiet),
        humanReadable=bool(readable),
        barBorder=border if quiet else 0,
        barLevel=options.get("barLevel", "L"),
        **({"fontName": get_barcode_font()} if readable else {}),
    )
    return drawing.asString("svg").encode()


@functools.lru_cache(maxsize=4)
def _style(stylesheet):
    return ReportStyle(stylesheet + _more_faces(stylesheet), fonts=font_set(), files=_static_file)


def _more_faces(stylesheet):
    """Return rules for the bold and italic files that lie beside the only one that Odoo names of most fonts.

    Browsers slant and thicken letters themselves, WeasyPrint does not.
    """
    return "".join(
        f'@font-face {{ font-family: "{family}"; src: url("{start}-{name}.ttf"); {descriptors} }}'
        for family, start in REGULAR_FACE.findall(stylesheet)
        for name, descriptors in (
            ("Bold", "font-weight: 700"),
            ("Italic", "font-style: italic"),
            ("BoldItalic", "font-weight: 700; font-style: italic"),
        )
    )


def _paint_folder(headers, color):
    """Fill the shapes in the header of Odoo's layout *Folder*: WeasyPrint reads no stylesheet for them."""
    red, green, blue = (255 - 0.08 * (255 - part) for part in bytes.fromhex((color or "#212529")[1:7]))
    for shape in headers.xpath(".//div[hasclass('o_folder_header_container')]//svg"):
        shape.set("fill", f"rgb({red:.0f}, {green:.0f}, {blue:.0f})")


def _markup(node):
    return lxml.html.tostring(node, encoding="unicode")


def _inner_markup(node):
    return escape(node.text or "") + "".join(map(_markup, node))
