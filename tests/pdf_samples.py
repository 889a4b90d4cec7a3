"""PDF files for tests, made in code: honest ones and hostile ones. Each function returns bytes."""

import functools
import io
import random
import zlib

from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

A4 = (595.28, 841.89)


# Honest ---------------------------------------------------------------------


@functools.cache
def simple(pages: int = 1) -> bytes:
    """A4 pages with a line of text each, a classic cross-reference table and a flat page tree."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    for number in range(1, pages + 1):
        canvas.drawString(72, 770, f"Page {number} of the sample")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def many(pages: int = 300) -> bytes:
    """A long document."""
    return simple(pages)


@functools.cache
def nested(pages: int = 40, width: int = 4) -> bytes:
    """A page tree with several levels; boxes and rotation are inherited from the levels above."""
    writer = PdfWriter(clone_from=io.BytesIO(simple(pages)))
    nodes = [page.indirect_reference for page in writer.pages]
    for reference in nodes:
        for key in ("/MediaBox", "/Rotate"):
            reference.get_object().pop(key, None)
    root = writer.root_object["/Pages"].indirect_reference
    while len(nodes) > width:
        nodes = [_node(writer, nodes[start : start + width]) for start in range(0, len(nodes), width)]
    _fill_node(root, nodes)
    root.get_object()[NameObject("/MediaBox")] = _array(0, 0, *A4)
    root.get_object()[NameObject("/Rotate")] = NumberObject(90)
    return _written(writer)


def object_streams(pages: int = 3) -> bytes:
    """Cross-reference stream and object streams, as most office programs write today."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

    writer = PdfFileWriter(stream_xrefs=True)
    objects = writer.prepare_object_stream()
    font = writer.add_object(
        generic.DictionaryObject(
            {
                generic.pdf_name("/Type"): generic.pdf_name("/Font"),
                generic.pdf_name("/Subtype"): generic.pdf_name("/Type1"),
                generic.pdf_name("/BaseFont"): generic.pdf_name("/Helvetica"),
            }
        ),
        obj_stream=objects,
    )
    fonts = generic.DictionaryObject({generic.pdf_name("/F1"): font})
    for number in range(1, pages + 1):
        text = f"BT /F1 12 Tf 72 770 Td (Page {number} of the sample) Tj ET"
        contents = writer.add_object(generic.StreamObject(stream_data=text.encode()))
        resources = generic.DictionaryObject({generic.pdf_name("/Font"): fonts})
        writer.insert_page(PageObject(contents, (0, 0, *A4), resources=resources))
    return _written(writer)


def hybrid() -> bytes:
    """A cross-reference table that refers to a stream with one more object (7.5.8.4)."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R>>",
        b"<</Length 12>>stream\n0 0 9 9 re f\nendstream",
    ]
    body, offsets = _numbered(objects)
    hidden = b"6 0 <</Hidden true>>"
    offsets.append(len(body))
    body += b"5 0 obj<</Type/ObjStm/N 1/First 4/Length %d>>stream\n%s\nendstream endobj\n" % (
        len(hidden),
        hidden,
    )
    entries = len(body)
    row = bytes([2, 0, 5, 0])
    body += b"7 0 obj<</Type/XRef/Size 8/W[1 2 1]/Index[6 1]/Length 4>>stream\n%s\nendstream endobj\n" % row
    table = len(body)
    body += b"xref\n0 6\n0000000000 65535 f \n"
    body += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    body += b"trailer<</Size 8/Root 1 0 R/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n" % (entries, table)
    return body


def rotated(angle: int) -> bytes:
    """One page turned by 0, 90, 180 or 270 degrees."""
    return boxed(rotation=angle)


def cropped() -> bytes:
    """One page whose visible part starts well away from the origin."""
    return boxed(media=(-50, -20, 700, 900), crop=(40, 60, 540, 780))


def boxed(media=(0, 0, *A4), crop=None, rotation: int = 0, blank: bool = False) -> bytes:
    """One page with the given boundaries, in points, and clockwise rotation; perhaps no text."""
    writer = PdfWriter(clone_from=io.BytesIO(simple()))
    page = writer.pages[0]
    if blank:
        del page[NameObject("/Contents")]
    page[NameObject("/MediaBox")] = _array(*media)
    if crop:
        page[NameObject("/CropBox")] = _array(*crop)
    page[NameObject("/Rotate")] = NumberObject(rotation)
    return _written(writer)


def unbalanced() -> bytes:
    """One page whose content leaves a shifted, scaled and mirrored graphics state behind."""
    writer = PdfWriter(clone_from=io.BytesIO(simple()))
    stream = DecodedStreamObject()
    stream.set_data(b"-3 0 0 2 400 150 cm 1 0 0 rg")
    page = writer.pages[0]
    contents = [dict.__getitem__(page, "/Contents"), writer._add_object(stream)]
    page[NameObject("/Contents")] = ArrayObject(contents)
    return _written(writer)


@functools.cache
def scan_13mb(pages: int = 13) -> bytes:
    """Pages that are one large picture each, about 1 MB a page; the noise is always the same."""
    from PIL import Image

    noise = random.Random(20)
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    for _page in range(pages):
        picture = Image.frombytes("RGB", (520, 520), noise.randbytes(520 * 520 * 3))
        canvas.drawImage(ImageReader(picture), 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def form() -> bytes:
    """One page with a text field that nobody has filled or signed."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    canvas.acroForm.textfield(name="city", x=72, y=700, width=200, height=20)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def empty_form() -> bytes:
    """A form without fields, which readers are to draw anew."""
    return _raw(catalog=b"/AcroForm<</Fields[]/NeedAppearances true>>", annotations=b"")


def full_form() -> bytes:
    """One page with a form field of each kind, a link, a hidden field, and a field without any place."""
    radio = b"/FT/Btn/Ff 49154/T(size)/TU(Your size)/V/big/Kids[11 0 R 12 0 R]"
    widgets = (
        b"/FT/Tx/T(address)/TU(Delivery address)/Ff 4098/V(Strada Lunga 1)/MaxLen 200/Rect[20 250 120 280]",
        b"/FT/Tx/T(city)/Parent 19 0 R/V(\xfe\xff\x00C\x00l\x00u\x00j)/Ff 1/Rect[120 240 20 220]",
        b"/FT/Btn/T(agree)/V/Yes/AS/Yes/AP<</N<</Yes 20 0 R/Off 20 0 R>>>>/Rect[20 200 32 212]",
        b"/FT/Ch/T(land)/Ff 131072/V(RO)/Opt[[(RO)(Romania)][(MD)(Moldova)]]/Rect[20 170 120 190]",
        b"/FT/Sig/T(sign)/Rect[150 20 280 60]",
        b"/Parent 10 0 R/AS/big/AP<</N<</big 20 0 R/Off 20 0 R>>>>/Rect[20 140 30 150]",
        b"/Parent 10 0 R/AS/Off/AP<</N<</small 20 0 R>>>>/Rect[40 140 50 150]",
        b"/FT/Btn/T(go)/Ff 65536/Rect[200 250 280 280]",
        b"/FT/Tx/T(secret)/F 2/Rect[200 200 280 220]",
        b"/FT/Tx/T(photo)/Ff 1048576/Rect[200 170 280 190]",
    )
    order = (7, 8, 9, 21, 22, 11, 12, 13, 14, 15)
    objects = {
        number: b"<</Type/Annot/Subtype/Widget%s>>" % widget for number, widget in zip(order, widgets, strict=True)
    }
    objects[5] = b"<</Type/Annot/Subtype/Link/Rect[150 100 280 120]/Border[0 0 2]/A<</S/URI/URI(http://x.test)>>>>"
    objects[6] = b"[5 0 R %s]" % b" ".join(b"%d 0 R" % number for number in order)
    objects[10] = b"<<%s>>" % radio
    objects[16] = b"<</FT/Tx/T(lost)>>"
    objects[19] = b"<</T(home)/Kids[8 0 R]>>"
    objects[20] = b"<</Type/XObject/Subtype/Form/BBox[0 0 10 10]/Length 14>>stream\n0 0 10 10 re f\nendstream"
    return _raw(
        catalog=b"/AcroForm<</Fields[7 0 R 19 0 R 9 0 R 21 0 R 22 0 R 10 0 R 13 0 R 14 0 R 15 0 R 16 0 R]>>",
        page=b"/Annots 6 0 R",
        annotations=b"",
        annotation=objects[5],
        extra=[objects.get(number, b"null") for number in range(6, 23)],
    )


def tagged(*lines: tuple[float, float, str], font: str = "Helvetica", size: float = 12) -> bytes:
    """A page of 595.28 x 841.89 points with lines of text at points from the bottom left."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    canvas.setFont(font, size)
    for x, y, text in lines:
        canvas.drawString(x, y, text)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def with_geometry(data: bytes, media=None, crop=None, rotation: int = 0) -> bytes:
    """The same file with other boundaries, in points, and clockwise rotation of its pages."""
    writer = PdfWriter(clone_from=io.BytesIO(data))
    for page in writer.pages:
        for key, box in (("/MediaBox", media), ("/CropBox", crop)):
            if box:
                page[NameObject(key)] = _array(*box)
        page[NameObject("/Rotate")] = NumberObject(rotation)
    return _written(writer)


def updated(data: bytes) -> bytes:
    """The same file with an incremental update that changes nothing."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    writer.update_root()
    return _written(writer)


def text_page(content: bytes, forms=(), fonts: bytes = b"", pages: int = 1) -> bytes:
    """Pages of 300 x 300 points with the same stream of operators; fonts ``/F1`` and others, forms ``/X1``, ``/X2`` ...

    :param forms: pairs of entries of the dictionary and operators of each form XObject
    """
    names = b"".join(b"/X%d %d 0 R" % (index + 1, 6 + index) for index in range(len(forms)))
    helvetica = b"/F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
    resources = b"/Resources<</Font<<%s%s>>/XObject<<%s>>>>" % (helvetica, fonts, names)
    objects = [
        b"<</Type/XObject/Subtype/Form/BBox[0 0 300 300]%s/Length %d>>stream\n%s\nendstream"
        % (entries, len(operators), operators)
        for entries, operators in forms
    ]
    first = 6 + len(objects)
    others = [
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R%s>>" % resources for _page in range(pages - 1)
    ]
    kids = b"".join(b" %d 0 R" % (first + index) for index in range(len(others)))
    return _raw(
        tree=b"<</Type/Pages/Kids[3 0 R%s]/Count %d>>" % (kids, pages),
        page=resources,
        contents=b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        extra=[*objects, *others],
    )


# Refused ----------------------------------------------------------------------


def encrypted() -> bytes:
    """Encrypted with an empty user password, as many "protected" files are."""
    writer = PdfWriter(clone_from=io.BytesIO(simple()))
    writer.encrypt(user_password="", owner_password="owner", algorithm="AES-128")
    return _written(writer)


def signed() -> bytes:
    """A signature field with a value."""
    signature = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Sig"),
            NameObject("/Filter"): NameObject("/Adobe.PPKLite"),
            NameObject("/ByteRange"): _array(0, 10, 20, 10),
            NameObject("/Contents"): TextStringObject("00"),
        }
    )
    return _with_field({"/FT": NameObject("/Sig"), "/V": signature})


def usage_rights() -> bytes:
    """Adobe usage rights in the catalog."""
    return _with_catalog({"/Perms": DictionaryObject({NameObject("/UR3"): DictionaryObject()})})


def javascript() -> bytes:
    """A script that runs when the document opens."""
    action = {
        NameObject("/S"): NameObject("/JavaScript"),
        NameObject("/JS"): TextStringObject("app.alert('hello');"),
    }
    return _with_catalog({"/OpenAction": DictionaryObject(action)})


def javascript_disguised() -> bytes:
    """The same with an escaped name, on an annotation."""
    action = b"<</S/J#61vaScript/#4aS(app.alert\\(1\\))>>"
    return _raw(annotation=b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A " + action + b">>")


def javascript_in_object_stream() -> bytes:
    """The same within a compressed object stream."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

    writer = PdfFileWriter(stream_xrefs=True)
    contents = writer.add_object(generic.StreamObject(stream_data=b"0 0 9 9 re f"))
    writer.insert_page(PageObject(contents, (0, 0, 300, 300)))
    action = generic.DictionaryObject(
        {
            generic.pdf_name("/S"): generic.pdf_name("/JavaScript"),
            generic.pdf_name("/JS"): generic.pdf_string("app.alert(1)"),
        }
    )
    objects = writer.prepare_object_stream()
    writer.root["/OpenAction"] = writer.add_object(action, obj_stream=objects)
    return _written(writer)


def launch() -> bytes:
    """A link that starts a program."""
    return _with_action({"/S": NameObject("/Launch"), "/F": TextStringObject("calc.exe")})


def submit_form() -> bytes:
    """A link that sends the form away."""
    return _with_action({"/S": NameObject("/SubmitForm"), "/F": TextStringObject("http://x.test")})


def open_address() -> bytes:
    """A web address that is visited when the document opens."""
    action = {
        NameObject("/S"): NameObject("/URI"),
        NameObject("/URI"): TextStringObject("http://x"),
    }
    return _with_catalog({"/OpenAction": DictionaryObject(action)})


def additional_action() -> bytes:
    """A web address that is visited when a page is shown."""
    return _raw(page=b"/AA<</O<</S/URI/URI(http://x.test)>>>>")


def embedded_file() -> bytes:
    """An ordinary attachment."""
    writer = PdfWriter(clone_from=io.BytesIO(simple()))
    writer.add_attachment("notes.txt", b"hello")
    return _written(writer)


def rich_media() -> bytes:
    """A film on a page."""
    return _raw(annotation=b"<</Type/Annot/Subtype/RichMedia/Rect[0 0 9 9]>>")


def external_stream() -> bytes:
    """A stream whose data lie in another file."""
    return _raw(contents=b"<</Length 0/F(/etc/passwd)>>stream\n\nendstream")


def xfa() -> bytes:
    """An XFA form."""
    form_data = DictionaryObject(
        {
            NameObject("/Fields"): ArrayObject(),
            NameObject("/XFA"): TextStringObject("<xdp:xdp/>"),
        }
    )
    return _with_catalog({"/AcroForm": form_data})


# Looks different elsewhere ------------------------------------------------------

_LOOK = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 12>>stream\n0 0 9 9 re f\nendstream"
_LAYERED = b"/Resources<</Properties<</L 6 0 R>>>>"
_IN_LAYER = b"<</Length 32>>stream\n/OC /L BDC 0 0 200 200 re f EMC \nendstream"


def _layers(config, layer=b"<</Type/OCG/Name(L)>>"):
    catalog = b"/OCProperties<</OCGs[6 0 R]/D<</Order[6 0 R]%s>>>>" % config
    return _raw(catalog=catalog, page=_LAYERED, contents=_IN_LAYER, extra=[layer])


def _annotated(entries, subtype=b"/FreeText", looks=b"/AP<</N 6 0 R>>"):
    annotation = b"<</Type/Annot/Subtype%s/Rect[9 9 99 30]/Contents(900 EUR)%s%s>>" % (subtype, looks, entries)
    return _raw(annotation=annotation, extra=[_LOOK])


def _drawn(xobject):
    return _raw(
        page=b"/Resources<</XObject<</X 6 0 R>>>>",
        contents=b"<</Length 5>>stream\n/X Do\nendstream",
        extra=[xobject, b"<</Type/XObject/Subtype/Image/Width 1/Height 1/Length 1>>stream\n0\nendstream"],
    )


def shadows() -> dict[str, tuple[str, bytes]]:
    """Files that look different in print, in another reader or later, by name, with what is found in each."""
    usage = b"<</Type/OCG/Name(L)/Usage<<%s>>>>"
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]%s/Length 0>>stream\n\nendstream"
    picture = b"<</Type/XObject/Subtype/Image/Width 1/Height 1%s/Length 1>>stream\n0\nendstream"
    return {
        "layer that is off": ("layer", _layers(b"/OFF[6 0 R]")),
        "layers that are off": ("layer", _layers(b"/BaseState/OFF")),
        "layer on the screen": ("layer", _layers(b"", usage % b"/Print<</PrintState/OFF>>")),
        "layer in print": ("layer", _layers(b"", usage % b"/View<</ViewState/OFF>>/Print<</PrintState/ON>>")),
        "layer in an export": ("layer", _layers(b"", usage % b"/Export<</ExportState/OFF>>")),
        "layer when enlarged": ("layer", _layers(b"", usage % b"/Zoom<</min 2>>")),
        "layer when others are off": ("layer", _layers(b"", b"<</Type/OCMD/OCGs[]/P/AllOff>>")),
        "layer by expression": ("layer", _layers(b"", b"<</Type/OCMD/VE[/Not null]>>")),
        "not viewed": ("annotation", _annotated(b"/F 36")),
        "hidden": ("annotation", _annotated(b"/F 6")),
        "not printed": ("annotation", _annotated(b"")),
        "viewed at a click": ("annotation", _annotated(b"/F 260")),
        "link with a look": ("annotation", _annotated(b"/F 32", b"/Link")),
        "other look under the mouse": ("annotation", _annotated(b"/F 4", looks=b"/AP<</N 6 0 R/R 6 0 R>>")),
        "drawn by each reader": ("annotation", _annotated(b"/F 4", looks=b"")),
        "printed elsewhere": ("annotation", _annotated(b"/F 4/FixedPrint<<>>", b"/Watermark")),
        "picture for printing": (
            "picture",
            _drawn(picture % b"/Alternates[<</Image 7 0 R/DefaultForPrinting true>>]"),
        ),
        "proxy": ("picture", _drawn(picture % b"/OPI<</2.0<<>>>>")),
        "PostScript": ("picture", _drawn(form % b"/Subtype2/PS")),
        "other file": ("reference", _drawn(form % b"/Ref<</F(x.pdf)/Page 0>>")),
        "portfolio": ("portfolio", _with_catalog({"/Collection": DictionaryObject()})),
        "range to print": ("print", _raw(catalog=b"/ViewerPreferences<</PrintPageRange[1 1]>>")),
        "area to print": ("print", _raw(catalog=b"/ViewerPreferences<</PrintArea/MediaBox>>")),
    }


def innocents() -> dict[str, bytes]:
    """Files with layers and annotations as common programs write them, by name."""
    states = b"/View<</ViewState/ON>>/Print<</PrintState/ON>>/Export<</ExportState/ON>>/PageElement<</Subtype/HF>>"
    automatic = b"/ON[6 0 R]/OFF[]/BaseState/ON/AS[<</Event/Print/Category[/Print]/OCGs[6 0 R]>>]"
    return {
        "layer": _layers(b""),
        "layer of a header": _layers(automatic, b"<</Type/OCG/Name(Headers)/Usage<<%s>>>>" % states),
        "link": _annotated(b"", b"/Link", b""),
        "printed stamp": _annotated(b"/F 4", b"/Stamp"),
        "note": _annotated(b"/F 28", b"/Text", b""),
        "closed note": _annotated(b"/F 0", b"/Popup", b""),
        "preferences": _raw(catalog=b"/ViewerPreferences<</DisplayDocTitle true/PrintArea/CropBox/NumCopies 2>>"),
    }


def entry_twice() -> bytes:
    """A page with two contents: parsers here take the first, most viewers the last."""
    return _raw(page=b"/Content#73 6 0 R", extra=[b"<</Length 14>>stream\n0 0 99 99 re f\nendstream"])


def root_twice() -> bytes:
    """A trailer with two catalogs."""
    return simple().replace(b"/Root ", b"/Root 1 0 R /Root ", 1)


# Hostile ----------------------------------------------------------------------


def bomb(megabytes: int = 200) -> bytes:
    """A small file whose page content unpacks to ``megabytes`` MiB."""
    return _raw(contents=_stream(_zeros(megabytes)))


def bomb_in_object_stream(megabytes: int = 200) -> bytes:
    """A small file with an object stream that unpacks to ``megabytes`` MiB."""
    packed = _zeros(megabytes)
    body, offsets = _numbered(
        [
            b"<</Type/Catalog/Pages 2 0 R/Extra 6 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]>>",
            b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
        ]
    )
    rows = b"".join(bytes([1]) + offset.to_bytes(4, "big") + bytes(1) for offset in offsets)
    table = len(body)
    rows = bytes(6) + rows + bytes([1]) + table.to_bytes(4, "big") + bytes(1)
    rows += bytes([2]) + (4).to_bytes(4, "big") + bytes(1)
    entries = b"<</Type/XRef/Size 7/W[1 4 1]/Root 1 0 R/Length %d>>stream\n%s\nendstream"
    body += b"5 0 obj" + entries % (len(rows), rows) + b" endobj\n"
    return body + b"startxref\n%d\n%%%%EOF\n" % table


@functools.cache
def bomb_in_layers() -> bytes:
    """A stream packed three times, of some hundred bytes."""
    data = _zeros(1024)
    for _layer in range(2):
        data = zlib.compress(data, 9)
    return _raw(contents=_stream(data, b"[/FlateDecode/FlateDecode/FlateDecode]"))


def bomb_picture() -> bytes:
    """A picture of 2.5 billion pixels."""
    head = b"/Type/XObject/Subtype/Image/Width 50000/Height 50000/ColorSpace/DeviceGray"
    data = _zeros(1)
    picture = b"<<%s/BitsPerComponent 8/Filter/FlateDecode/Length %d>>stream\n%s\nendstream"
    return _raw(extra=[picture % (head, len(data), data)])


def form_recursion() -> bytes:
    """A form XObject that draws itself."""
    return text_page(b"/X1 Do", [(b"/Resources<</XObject<</X1 6 0 R>>>>", b"/X1 Do")])


def form_explosion(depth: int = 18) -> bytes:
    """Form XObjects of which each draws the next one eight times: 8 ** depth drawings."""
    forms = [(b"/Resources<</XObject<</X 7 0 R>>>>", b"/X Do " * 8)]
    forms += [(b"/Resources<</XObject<</X %d 0 R>>>>" % (8 + level), b"/X Do " * 8) for level in range(depth)]
    return text_page(b"BT /F1 9 Tf (x) Tj ET /X1 Do", [*forms, (b"", b"0 0 1 1 re f")])


def many_operators(millions: int = 4) -> bytes:
    """A page of some million operators that show nothing."""
    return text_page(b"BT /F1 9 Tf ({{) Tj ET " + b"q Q " * (millions * 500_000))


def many_shows(number: int = 300_000) -> bytes:
    """A page on which a letter is shown some hundred thousand times."""
    return text_page(b"BT /F1 9 Tf ({{)Tj " + b"(x)Tj " * number + b"ET")


def unclosed_strings(kilobytes: int = 1000) -> bytes:
    """A page of strings and arrays that do not end."""
    return text_page(b"BT /F1 9 Tf ({{x}}) Tj " + b"[(\\(<a[" * (kilobytes * 1024 // 8))


def parent_loop() -> bytes:
    """A form field that is its own ancestor."""
    widget = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/Rect[9 9 99 30]/Parent 6 0 R>>"
    loop = b"<</T(b)/Parent 5 0 R/Kids[6 0 R 5 0 R]>>"
    return _raw(catalog=b"/AcroForm<</Fields[6 0 R 5 0 R]>>", annotation=widget, extra=[loop])


def xref_loop() -> bytes:
    """Two cross-reference tables, each naming the other one as the older."""
    body = simple()
    first = int(body.rsplit(b"startxref", 1)[1].split()[0])
    second = len(body)
    # the trailer of the first table gets a /Prev of a fixed length, so that offsets stay
    body = body.replace(b"trailer\n<<", b"trailer\n<</Prev %010d " % (second + 18), 1)
    return body + b"xref\n0 0\ntrailer\n<</Size 8/Root 2 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        first,
        second + 18,
    )


def page_loop() -> bytes:
    """A page tree that contains itself."""
    return _raw(tree=b"<</Type/Pages/Kids[2 0 R]/Count 1>>")


def wrong_count(pages: int = 900) -> bytes:
    """A page tree that promises more pages than it has."""
    return _raw(tree=b"<</Type/Pages/Kids[3 0 R]/Count %d>>" % pages)


def outline_loop() -> bytes:
    """An outline that runs in a circle."""
    return _raw(catalog=b"/Outlines<</First 6 0 R>>", extra=[b"<</Title(x)/Next 6 0 R>>"])


def deep_outline(depth: int = 5000) -> bytes:
    """An outline of ``depth`` levels."""
    extra = [b"<</Title(x)/First %d 0 R>>" % (7 + level) for level in range(depth)]
    return _raw(catalog=b"/Outlines<</First 6 0 R>>", extra=[*extra, b"<</Title(end)>>"])


def deep_array(depth: int = 200_000) -> bytes:
    """Arrays within arrays."""
    return _raw(page=b"/Deep " + b"[" * depth + b"]" * depth)


def broken_metadata() -> bytes:
    """XMP metadata that are no XML, which no update of the file could carry on."""
    return _raw(
        catalog=b"/Metadata 6 0 R",
        extra=[b"<</Type/Metadata/Subtype/XML/Length 5>>stream\n<<<<<\nendstream"],
    )


def entity_bomb() -> bytes:
    """XMP metadata with entities that grow without end."""
    entities = [b'<!ENTITY a0 "aaaaaaaaaa">']
    entities += [b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(12)]
    xml = b"<!DOCTYPE x [%s]><x>&a12;</x>" % b"".join(entities)
    head = b"<</Type/Metadata/Subtype/XML/Length %d>>stream\n" % len(xml)
    return _raw(catalog=b"/Metadata 6 0 R", extra=[head + xml + b"\nendstream"])


def huge_page(side: float = 200_000) -> bytes:
    """A page of 200 000 points."""
    return boxed(media=(0, 0, side, side))


def empty_page() -> bytes:
    """A page without any area."""
    return boxed(media=(0, 0, 0, 0))


def truncated() -> bytes:
    """The first half of a file."""
    data = simple(3)
    return data[: len(data) // 2]


def slow(objects: int = 110_000) -> bytes:
    """A file with so many objects that reading them takes long."""
    return _raw(extra=[b"[1 2 3 4 5 6 7 8 9]"] * objects)


# Parts ------------------------------------------------------------------------


def _array(*numbers):
    return ArrayObject(FloatObject(number) for number in numbers)


def _written(writer):
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _node(writer, kids):
    reference = writer._add_object(DictionaryObject())
    _fill_node(reference, kids)
    return reference


def _fill_node(reference, kids):
    node = reference.get_object()
    counts = [kid.get_object().get("/Count", NumberObject(1)) for kid in kids]
    node[NameObject("/Type")] = NameObject("/Pages")
    node[NameObject("/Kids")] = ArrayObject(kids)
    node[NameObject("/Count")] = NumberObject(sum(counts))
    for kid in kids:
        kid.get_object()[NameObject("/Parent")] = reference


def _with_catalog(entries):
    writer = PdfWriter(clone_from=io.BytesIO(simple()))
    for key, value in entries.items():
        writer.root_object[NameObject(key)] = value
    return _written(writer)


def _with_field(entries):
    field = DictionaryObject({NameObject(key): value for key, value in entries.items()})
    field[NameObject("/T")] = TextStringObject("field")
    return _with_catalog({"/AcroForm": DictionaryObject({NameObject("/Fields"): ArrayObject([field])})})


def _with_action(entries):
    writer = PdfWriter(clone_from=io.BytesIO(simple()))
    link = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Link"),
            NameObject("/Rect"): _array(0, 0, 50, 50),
            NameObject("/A"): DictionaryObject({NameObject(key): value for key, value in entries.items()}),
        }
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(link)])
    return _written(writer)


@functools.cache
def _zeros(megabytes):
    packer = zlib.compressobj(9)
    chunk = bytes(1024 * 1024)
    return b"".join([*(packer.compress(chunk) for _index in range(megabytes)), packer.flush()])


def _stream(data, filters=b"/FlateDecode"):
    return b"<</Filter %s/Length %d>>stream\n%s\nendstream" % (filters, len(data), data)


def _raw(
    *,
    catalog=b"",
    tree=b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    page=b"",
    contents=b"<</Length 12>>stream\n0 0 9 9 re f\nendstream",
    annotation=b"null",
    annotations=b"/Annots[5 0 R]",
    extra=(),
) -> bytes:
    """One page, written by hand; ``extra`` objects are numbered from 6."""
    body, offsets = _numbered(
        [
            b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
            tree,
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R%s%s>>" % (annotations, page),
            contents,
            annotation,
            *extra,
        ]
    )
    table = len(body)
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(offsets) + 1
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, table)
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % size + rows + trailer


def _numbered(objects):
    parts, offsets, position = [b"%PDF-1.7\n"], [], 9
    for number, content in enumerate(objects, 1):
        part = b"%d 0 obj" % number + content + b" endobj\n"
        offsets.append(position)
        parts.append(part)
        position += len(part)
    return b"".join(parts), offsets
