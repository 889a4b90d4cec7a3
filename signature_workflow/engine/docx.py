"""Templates made in Word: DOCX files (ECMA-376, ISO/IEC 29500).

``{{partner_id.name}}`` in the text stands for a value, ``{{partner_id.vat?}}`` for one that may be
empty. What has a semicolon, ``{{signature;role=Client}}``, is a tag: it stays in the text, and becomes
a field when the PDF is searched. Nothing in a file is ever run: placeholders are looked up, not evaluated.

LibreOffice makes the PDF, in a process group of its own with a profile of its own, without network
where the kernel allows that, and within limits.
"""

import contextlib
import functools
import io
import itertools
import os
import posixpath
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from .errors import DocxRefused

MiB = 1024 * 1024
PLACEHOLDER = re.compile(r"\{\{([^{}]+)\}\}")

# ISO/IEC 29500-1, transitional and strict
_WORD = frozenset(
    ("http://schemas.openxmlformats.org/wordprocessingml/2006/main", "http://purl.oclc.org/ooxml/wordprocessingml/main")
)
_STORIES = frozenset(("document", "hdr", "ftr", "footnotes", "endnotes"))
_LINKS = frozenset(("hyperlink", "hlinkClick", "hlinkHover", "hlinkMouseOver"))
# the last words of relationship types: with programs or other documents, and with text
_ACTIVE = frozenset(("aFChunk", "control", "frame", "oleObject", "subDocument", "vbaProject"))
_TEXTS = frozenset(("comments", "endnotes", "footer", "footnotes", "header", "officeDocument"))
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# fields that read other files (ECMA-376 part 1, 17.16.5)
_READING_FIELDS = re.compile(
    r"^\s*(database|dde|ddeauto|import|include|includepicture|includetext|link|rd)\b", re.IGNORECASE | re.MULTILINE
)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:|[/\\]{2}", re.IGNORECASE)
_LEFT_OVER = re.compile(r".{0,20}(?:\{\{|\}\}|\{%|%\}).{0,40}", re.DOTALL)
_BAD_CHARACTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# stands for a line break while text is put together; no XML file can contain it
_BREAK = "\v"
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">{}</oor:items>
"""
_SETTING = '<item oor:path="/org.openoffice.{}"><prop oor:name="{}" oor:op="fuse"><value>{}</value></prop></item>'
_PROFILE = _SETTINGS.format(
    "".join(
        _SETTING.format(*setting)
        for setting in (
            ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
            ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
            ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
            ("Office.Writer/Content/Update", "Link", "0"),
            # a proxy that is not there
            ("Inet/Settings", "ooInetProxyType", "2"),
            ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
            ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
            ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
            ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
        )
    )
)
# content controls are printed: as form fields of the PDF, some would bring scripts
_FILTER = 'pdf:writer_pdf_Export:{"ExportFormFields":{"type":"boolean","value":"false"}}'
_NO_NETWORK = ("unshare", "--map-current-user", "--net")


@dataclass(frozen=True)
class Limits:
    """What a file may cost.

    :param size: of the file, in bytes
    :param entries: number of parts
    :param unpacked: size of all parts, in bytes
    :param xml: size of all parts that are XML, in bytes
    :param memory: of LibreOffice, in bytes of address space
    :param pdf: size of the PDF, in bytes
    """

    size: int = 20 * MiB
    entries: int = 5000
    unpacked: int = 200 * MiB
    xml: int = 16 * MiB
    memory: int = 1024 * MiB
    pdf: int = 100 * MiB


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Placeholders:
    """What a document asks for: what stands between the braces, each text once, in the order of the parts.

    :param paths: of fields, with the ``?`` of those that may be empty
    :param tags: of places to fill
    """

    paths: tuple[str, ...]
    tags: tuple[str, ...]


def is_available() -> bool:
    """Whether LibreOffice is installed, so that :func:`to_pdf` works."""
    return all(shutil.which(program) for program in ("prlimit", "soffice"))


def check(docx: bytes, *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Let a file in, or refuse it.

    :raises DocxRefused: ``docx_broken``, ``docx_too_large``, ``docx_macro``, ``docx_external``, ``docx_changes``
    """
    for _part in _Package(docx, limits).parts():
        pass


def placeholders(docx: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Placeholders:
    """Return what a document asks for.

    :raises DocxRefused: as :func:`check`, and ``docx_placeholder`` for what looks like one but is none
    """
    # dictionaries, as they keep the order
    paths, tags = {}, {}

    def note(text):
        (tags if ";" in text else paths)[text] = None
        return ""

    for _name, _content, story in _Package(docx, limits).parts():
        if story is not None:
            _replace_placeholders(story, note)
    return Placeholders(tuple(paths), tuple(tags))


def merge(docx: bytes, values: dict[str, str], *, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the document with its paths replaced by values; tags stay.

    A value is plain text with line breaks. Its braces are kept apart, so that it never makes a tag.

    :param values: by path, as :func:`placeholders` tells it
    :raises DocxRefused: as :func:`placeholders`, also for a path that has no value
    """

    def print_value(text):
        if ";" in text:
            # a tag that is broken into lines would be harder to find again
            return "{{" + text.replace(" ", _NO_BREAK_SPACE) + "}}"
        if text not in values:
            raise _no_placeholder(text)
        return _harmless(values[text])

    return _rewritten(docx, limits, lambda story: _replace_placeholders(story, print_value))


def to_pdf(docx: bytes, *, timeout: int = 60, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the document as PDF. Foreign as the document: it has to pass the door for PDF files.

    :param timeout: in seconds
    :raises DocxRefused: as :func:`check`, and ``docx_converter_missing``, ``docx_timeout``; ``docx_broken`` also
        when LibreOffice cannot make a PDF of it
    """
    if not is_available():
        raise DocxRefused("docx_converter_missing", "LibreOffice is not installed.")
    # written anew, LibreOffice sees the parts that were checked and no others
    content = _rewritten(docx, limits, lambda story: None)
    with tempfile.TemporaryDirectory(prefix="signature_docx_") as name:
        folder = Path(name)
        source, profile = folder / "document.docx", folder / "profile"
        source.write_bytes(content)
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE)
        _run_soffice(folder, [f"-env:UserInstallation={profile.as_uri()}", str(source)], timeout, limits)
        with contextlib.suppress(FileNotFoundError):
            pdf = source.with_suffix(".pdf").read_bytes()
            if pdf.startswith(b"%PDF-"):
                return pdf
    raise _broken()


def _run_soffice(folder, arguments, timeout, limits):
    options = ["--headless", "--norestore", "--nolockcheck", "--convert-to", _FILTER, "--outdir", str(folder)]
    # the kernel's limit on time is for a process whose parent is no more
    confined = ["prlimit", f"--as={limits.memory}", f"--fsize={limits.pdf}", f"--cpu={2 * timeout}", "--core=0"]
    command = [*confined, *(_NO_NETWORK if _can_leave_network() else ()), "soffice", *options, *arguments]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(folder)}
    with subprocess.Popen(  # noqa: S603 - no shell, and the names are ours
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**environment, "TMPDIR": str(folder)},
        cwd=folder,
        start_new_session=True,
    ) as process:
        try:
            # to the end of the pipe: until the last process of the group is gone
            process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise DocxRefused("docx_timeout", f"It takes more than {timeout} seconds.", seconds=timeout) from None
        finally:
            # asked first: then the programs wait for one another, and none stays behind as a zombie
            for end in (signal.SIGTERM, signal.SIGKILL):
                if process.returncode is None:
                    os.killpg(process.pid, end)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.communicate(timeout=2)


@functools.cache
def _can_leave_network():
    if not shutil.which(_NO_NETWORK[0]):
        return False
    done = subprocess.run([*_NO_NETWORK, "true"], capture_output=True, check=False)  # noqa: S603 - as above
    return done.returncode == 0


def _rewritten(docx, limits, change):
    """Return the file with ``change`` applied to the root of each part that holds text."""
    package, target = _Package(docx, limits), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content, story in package.parts():
            if story is not None:
                change(story)
            archive.writestr(zipfile.ZipInfo(name), _content(story, content), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _content(story, content):
    """Return what is written for a part."""
    if story is None:
        return content
    return etree.tostring(story.getroottree(), xml_declaration=True, encoding="UTF-8", standalone=True)


def _replace_placeholders(story, change: Callable[[str], str]):
    """Replace each placeholder of a part by what ``change`` makes of the text between its braces."""
    word = f"{{{etree.QName(story).namespace}}}"
    paragraphs = {}
    for element in story.iter(f"{word}t"):
        # of a text box, the paragraph in it, not the one that it hangs on
        paragraph = next(element.iterancestors(f"{word}p"), story)
        paragraphs.setdefault(paragraph, []).append(element)
    for elements in paragraphs.values():
        texts = [element.text or "" for element in elements]
        for element, old, new in zip(elements, texts, _replace_in(texts, change), strict=True):
            if old != new:
                _set_text(element, new, word)


def _replace_in(texts, change):
    """Return the texts of a paragraph, changed; Word splits a placeholder into several of them as it likes."""
    whole = "".join(texts)
    starts = [0, *itertools.accumulate(map(len, texts))]
    changed, position = [[] for _ in texts], 0

    def keep(begin, end):
        if found := _LEFT_OVER.search(whole, begin, end):
            raise _no_placeholder(found[0])
        index = bisect_right(starts, begin) - 1
        while begin < end:
            stop = min(end, starts[index + 1])
            changed[index].append(whole[begin:stop])
            begin, index = stop, index + 1

    for match in PLACEHOLDER.finditer(whole):
        keep(position, match.start())
        text = " ".join(match[1].split())
        if not text:
            raise _no_placeholder(match[0])
        # what comes in its place looks as its first character did
        changed[bisect_right(starts, match.start()) - 1].append(change(text))
        position = match.end()
    keep(position, len(whole))
    return ["".join(pieces) for pieces in changed]


def _set_text(element, text, word):
    """Set the text of a ``w:t``, with a ``w:br`` for each line break."""
    first, *lines = text.split(_BREAK)
    element.text = first
    element.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    for line in reversed(lines):
        added = etree.Element(f"{word}t", element.attrib)
        added.text = line
        element.addnext(added)
        element.addnext(etree.Element(f"{word}br"))


def _harmless(value):
    """Return a value as it may stand in a document: no brace of it touches another one, seen or unseen."""
    value = _BAD_CHARACTERS.sub("", value).replace("\t", " ")
    return re.sub(r"\r\n|\r|\n", _BREAK, re.sub(r"[{}]", r" \g<0> ", value))


class _Package:
    """The parts of a file (ECMA-376 part 2), read one at a time and never trusted."""

    def __init__(self, docx, limits):
        # the directory alone could fill the memory: entries are counted before it is read
        for size, limit in ((len(docx), limits.size), (docx.count(b"PK\x01\x02"), limits.entries)):
            if size > limit:
                raise _too_large(size, limit)
        with _reading():
            self._archive = zipfile.ZipFile(io.BytesIO(docx))
        entries = [info for info in self._archive.infolist() if not info.is_dir()]
        self._entries = {info.filename: info for info in entries}
        # reading stops at the sizes of the directory, so that they can be trusted
        for size, limit in (
            (sum(info.file_size for info in entries), limits.unpacked),
            (sum(info.file_size for info in entries if _is_xml(info.filename)), limits.xml),
        ):
            if size > limit:
                raise _too_large(size, limit)
        # ECMA-376 part 2, 6.2.2.3: names that differ in case only are the same name
        if len({name.casefold() for name in self._entries}) < len(entries):
            raise _broken()
        self._check_kind()

    def parts(self) -> Iterator[tuple[str, bytes, etree._Element | None]]:
        """Check and yield the parts: name, content, and the root element of those that hold the document's text."""
        addresses = self._addresses()
        main = 0
        for name in self._entries:
            content = self._read(name)
            if content.startswith(_COMPOUND_FILE):
                raise _macro(name)
            root = self._parse(name, content) if _is_xml(name) else None
            if root is not None:
                self._check_part(root, addresses.get(name, ()))
            kind = None if root is None else etree.QName(root)
            is_story = kind is not None and kind.namespace in _WORD and kind.localname in _STORIES
            if is_story and next(root.iter("{*}ins", "{*}del", "{*}moveFrom", "{*}moveTo"), None) is not None:
                # deleted words would be printed beside those that took their place
                raise DocxRefused("docx_changes", "The document has tracked changes.")
            main += is_story and kind.localname == "document"
            yield name, content, root if is_story else None
        if not main:
            raise _broken()

    def _read(self, name):
        info = self._entries[name]
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _broken()
        with _reading():
            return self._archive.read(info)

    def _parse(self, name, content):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_pis=True)
        with _reading():
            root = etree.fromstring(content, parser)
        # ECMA-376 part 2, 9.1.4: no document type declarations, so there are no entities
        if root.getroottree().docinfo.internalDTD is not None:
            raise _broken()
        return root

    def _check_kind(self):
        if "[Content_Types].xml" not in self._entries:
            raise _broken()
        root = self._parse("", self._read("[Content_Types].xml"))
        kinds = {element.get("ContentType", "") for element in root.iter("*")}
        for kind in sorted(kinds):
            if "macroenabled" in kind.lower() or "vbaproject" in kind.lower():
                raise _macro(kind)

    def _addresses(self):
        """Return, by the name of a part, the ids of its links; refuse other relationships with what is outside."""
        addresses = {}
        for name in self._entries:
            if not name.lower().endswith(".rels"):
                continue
            folder, file = posixpath.split(name)
            source = posixpath.join(posixpath.dirname(folder), file[: -len(".rels")])
            for relationship in self._parse(name, self._read(name)).iter("{*}Relationship"):
                kind = relationship.get("Type", "").rpartition("/")[2]
                target = relationship.get("Target", "")
                if kind in _ACTIVE:
                    raise _macro(kind)
                if relationship.get("TargetMode", "Internal") != "Internal" or _ADDRESS.match(target):
                    if kind != "hyperlink":
                        raise _external(target)
                    addresses.setdefault(source, set()).add(relationship.get("Id"))
                elif kind in _TEXTS and not _is_xml(target):
                    # it would not have been looked into
                    raise _broken()
        return addresses

    def _check_part(self, root, addresses):
        """Refuse fields that read files, and pictures that are got through the address of a link."""
        for element in root.iter("*") if addresses else ():
            if not addresses.isdisjoint(element.values()) and etree.QName(element).localname not in _LINKS:
                raise _external(etree.QName(element).localname)
        instructions = []
        for element in root.iter("{*}instrText", "{*}fldChar", "{*}fldSimple"):
            if element.tag.endswith("}instrText"):
                # one instruction may be split into several
                instructions.append(element.text or "")
            else:
                instructions += ["\n", *element.values(), "\n"]
        if found := _READING_FIELDS.search("".join(instructions)):
            raise _external(found[1])


def _is_xml(name):
    return name.lower().endswith((".xml", ".rels", ".vml"))


@contextlib.contextmanager
def _reading():
    """Take whatever the libraries say about a file for damage of it."""
    try:
        yield
    except (
        EOFError,
        NotImplementedError,
        OSError,
        RecursionError,
        RuntimeError,
        ValueError,
        etree.XMLSyntaxError,
        struct.error,
        zipfile.BadZipFile,
        zlib.error,
    ):
        raise _broken() from None


def _broken():
    return DocxRefused("docx_broken", "The file is no Word document, or it is damaged.")


def _too_large(size, limit):
    return DocxRefused("docx_too_large", f"The file is too large: {size}, allowed {limit}.", size=size, limit=limit)


def _macro(found):
    return DocxRefused("docx_macro", f"The file contains a program or an embedded document: {found}.", found=found)


def _external(found):
    return DocxRefused("docx_external", f"The file reads something outside of it: {found}.", found=found[:200])


def _no_placeholder(text):
    return DocxRefused("docx_placeholder", f"{text!r} is no placeholder, or has no value.", path=text[:100])
