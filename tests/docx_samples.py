"""Word documents for tests: honest ones made by python-docx, and what attackers make of them."""

import functools
import io
import struct
import zipfile

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from PIL import Image

MAIN, CONTENT_TYPES = "word/document.xml", "[Content_Types].xml"
MAIN_LINKS, SETTINGS_LINKS = "word/_rels/document.xml.rels", "word/_rels/settings.xml.rels"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
# a compound file, which macros and embedded objects are kept in
COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
_STRICT = (
    (
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
    ),
    (RELATIONSHIPS.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships"),
)
_TEXT_BOX = """
<w:r {}><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml" style="width:200pt;height:40pt"><v:textbox>
<w:txbxContent><w:p><w:r><w:t>In a box: {{{{user_</w:t></w:r><w:r><w:t>id.name}}}}</w:t></w:r></w:p></w:txbxContent>
</v:textbox></v:shape></w:pict></w:r>
"""
_CHECK_BOX = """
<w:sdt {}><w:sdtPr><w14:checkbox xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml">
<w14:checked w14:val="1"/></w14:checkbox></w:sdtPr><w:sdtContent><w:r><w:t>☒</w:t></w:r></w:sdtContent></w:sdt>
"""


def saved(document) -> bytes:
    """Return the bytes of a python-docx document."""
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def text(*runs: str) -> bytes:
    """Return a document of one paragraph that Word has split into these runs."""
    document = Document()
    paragraph = document.add_paragraph()
    for run in runs:
        paragraph.add_run(run)
    return saved(document)


@functools.cache
def letter() -> bytes:
    """Return a document with placeholders wherever text can stand."""
    document = Document()
    paragraph = document.add_paragraph("Dear ")
    for run in ("{", "{ part", "ner_id.na", "me }", "}, ", "hello{{partner_id.vat?}}."):
        paragraph.add_run(run).bold = run.startswith("{")
    table = document.add_table(1, 2)
    table.cell(0, 0).text = "Total {{amount}}"
    table.cell(0, 1).text = "{{signature;role=Our company}}"
    document.sections[0].header.paragraphs[0].text = "Deal {{name}}"
    document.sections[0].footer.paragraphs[0].text = "{{name}} / {{company_id.name}}"
    document.add_paragraph()._p.append(parse_xml(_TEXT_BOX.format(nsdecls("w"))))
    document.add_paragraph("Agreed ")._p.append(parse_xml(_CHECK_BOX.format(nsdecls("w"))))
    return saved(document)


def strict() -> bytes:
    """Return the letter in the strict variant of the standard."""
    return changed(letter(), {name: _to_strict for name in parts(letter()) if name.endswith((".xml", ".rels"))})


def _to_strict(content):
    for old, new in _STRICT:
        content = content.replace(old, new)
    return content


def parts(docx: bytes) -> dict[str, bytes]:
    """Return the parts of a file by name."""
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(docx: bytes, changes: dict) -> bytes:
    """Return a file with parts changed by a function, or replaced or added as bytes."""
    content = parts(docx)
    for name, change in changes.items():
        content[name] = change(content[name]) if callable(change) else change
    return zipped(content.items())


def zipped(entries) -> bytes:
    """Return a zip file of these names and contents."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return target.getvalue()


def related(kind: str, target: str, mode: str = "External", to: str = MAIN_LINKS) -> bytes:
    """Return a document with one more relationship, ``rIdX``."""
    mode = f' TargetMode="{mode}"' if mode else ""
    line = f'<Relationship Id="rIdX" Type="{RELATIONSHIPS}/{kind}" Target="{target}"{mode}/>'
    empty = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
    docx = text("Hello")
    old = parts(docx).get(to, empty)
    return changed(docx, {to: old.replace(b"</Relationships>", line.encode() + b"</Relationships>")})


def with_body(docx: bytes, xml: str) -> bytes:
    """Return a document with XML at the beginning of its first paragraph."""
    return changed(docx, {MAIN: lambda content: content.replace(b"<w:p>", b"<w:p>" + xml.encode(), 1)})


def linked_picture(address: str, kind: str = "image") -> bytes:
    """Return a document with a picture that is got from an address."""
    document, picture = Document(), io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(picture, "PNG")
    document.add_paragraph("Hello")
    document.add_picture(picture)
    inside = f'{RELATIONSHIPS}/image" Target="media/image1.png"'.encode()
    outside = f'{RELATIONSHIPS}/{kind}" Target="{address}" TargetMode="External"'.encode()
    return changed(
        saved(document),
        {
            MAIN: lambda content: content.replace(b"r:embed=", b"r:link="),
            MAIN_LINKS: lambda content: content.replace(inside, outside),
        },
    )


def link(address: str) -> bytes:
    """Return a document with a link."""
    return with_body(
        related("hyperlink", address),
        f'<w:hyperlink xmlns:r="{RELATIONSHIPS}" r:id="rIdX"><w:r><w:t>our terms</w:t></w:r></w:hyperlink>',
    )


def field(*pieces: str) -> bytes:
    """Return a document with a page number and a field whose instruction is split into these pieces."""
    runs = ['<w:fldChar w:fldCharType="begin"/>', "<w:instrText>PAGE</w:instrText>", '<w:fldChar w:fldCharType="end"/>']
    runs += ['<w:fldChar w:fldCharType="begin"/>', *(f"<w:instrText>{piece}</w:instrText>" for piece in pieces)]
    runs.append('<w:fldChar w:fldCharType="end"/>')
    return with_body(text("Hello"), "".join(f"<w:r>{run}</w:r>" for run in runs))


def with_entities(encoding: str = "utf-8") -> bytes:
    """Return a document that declares entities."""
    declaration = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'

    def declare(content):
        body = content.decode().partition("?>")[2].replace("Hello", "&amp;b;&c;")
        return f'<?xml version="1.0" encoding="{encoding}"?>{declaration}{body}'.encode(encoding)

    return changed(text("Hello"), {MAIN: declare})


def nested_deeply() -> bytes:
    """Return a document with a hundred thousand elements within one another."""
    return with_body(text("Hello"), "<w:r>" * 100_000 + "</w:r>" * 100_000)


def encrypted() -> bytes:
    """Return a document whose zip directory says that each part is encrypted."""
    data = bytearray(text("Hello"))
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        position = data.find(signature)
        while position >= 0:
            struct.pack_into("<H", data, position + offset, 1)
            position = data.find(signature, position + 4)
    return bytes(data)


def understated() -> bytes:
    """Return a document whose zip directory says that a large part is small."""
    data = bytearray(changed(text("Hello"), {"word/media/large.bin": bytes(8_000_000)}))
    size = struct.pack("<I", 8_000_000)
    return bytes(data).replace(size, struct.pack("<I", 80))


def bomb() -> bytes:
    """Return 200 kB that unpack to 210 million bytes."""
    return changed(text("Hello"), {"word/media/large.bin": bytes(210_000_000)})


def xml_bomb() -> bytes:
    """Return 17 million bytes of blanks in two parts."""
    docx = with_body(text("Hello"), " " * 9_000_000)
    return changed(docx, {"customXml/item1.xml": b"<x>" + b" " * 8_000_000 + b"</x>"})


def many_parts() -> bytes:
    """Return a document of more than 5000 parts."""
    return changed(text("Hello"), {f"word/media/{number}.bin": b"" for number in range(5000)})
