"""What the engine's error codes mean to a person: one sentence, with the next step."""

from urllib.parse import urlsplit

from odoo.tools import format_date


def _host(params):
    """Return the name of the timestamp server: more of its address may be a secret."""
    try:
        return urlsplit(params.get("url", "")).hostname or ""
    except ValueError:
        return ""


def _day(env, params, name):
    """Return the day in ISO 8601 at which a certificate begins or ends as people read it."""
    return format_date(env, params.get(name, "")[:10], date_format="long")


def _megabytes(params):
    return params.get("limit", 0) // 1024**2


def _hidden(env, found):
    """Return what makes a PDF look different, for the middle of a sentence."""
    reasons = {
        "layer": env._("layers that are not always shown"),
        "annotation": env._("comments or stamps that are hidden, or not printed"),
        "picture": env._("pictures that are replaced in print"),
        "reference": env._("parts that are taken from another file"),
        "portfolio": env._("other files that it presents"),
    }
    return reasons.get(found) or env._("its settings for printing")


def engine_message(env, error):
    """Return the translated message of an EngineError; a general one for a rare code."""
    params = error.params
    messages = {
        # foreign PDFs
        "not_a_pdf": env._("This file is not a PDF. Choose a PDF file."),
        "encrypted": env._("This PDF is protected by a password. Save it without one."),
        "already_signed": env._(
            "This PDF already carries a digital signature, which any change would break. Use the unsigned document."
        ),
        "active_content": env._(
            "This PDF contains active content (%s), such as scripts or embedded files. Print it "
            "to a new PDF and use that one.",
            params.get("found", ""),
        ),
        "hidden_content": env._(
            "This PDF does not look the same on every screen and in print, because of %s. Print it to a new PDF and "
            "use that one.",
            _hidden(env, params.get("found")),
        ),
        "too_large": env._("This PDF is too large. Make it smaller, for example by lower scans."),
        "too_many_pages": env._(
            "This PDF has too many pages (at most %s are accepted). Split it.", params.get("limit")
        ),
        "page_size": env._("Page %s of this PDF has an unusable size. Print it to a new PDF.", params.get("page")),
        "broken": env._("This PDF is damaged. Print it to a new PDF and use that one."),
        "bomb": env._("This PDF needs far too much memory. Print it to a new PDF."),
        "timeout": env._("This PDF takes too long to read. Print it to a new PDF."),
        # Word documents
        "docx_broken": env._("This Word document is damaged. Save it anew as .docx."),
        "docx_too_large": env._("This Word document is too large. Make its pictures smaller, or split it."),
        "docx_macro": env._("This Word document contains macros or embedded files. Save it as .docx without them."),
        "docx_external": env._(
            "This Word document reads “%s” from elsewhere. Put what it shows into the document itself.",
            params.get("found", ""),
        ),
        "docx_placeholder": env._(
            "The merge field “%s” of the Word document cannot be filled. Correct it in the document.",
            params.get("path", ""),
        ),
        "docx_converter_missing": env._(
            "This server cannot turn Word documents into PDF: LibreOffice is not installed. Upload a PDF, "
            "or ask your administrator for the package libreoffice-writer-nogui."
        ),
        "docx_changes": env._(
            "This Word document has tracked changes, so it is not clear what is agreed. Accept or reject them, "
            "then use it."
        ),
        "docx_timeout": env._("LibreOffice takes too long for this Word document. Upload it as a PDF."),
        "tag_invalid": env._("The tag “%s” is not understood. Correct it in the document.", params.get("text", "")),
        # rendering
        "resource_refused": env._(
            "The document uses “%s”, which is not stored here. Upload the picture into the template; for a report, "
            "make the picture public, or have the report printed by Odoo's own engine.",
            params.get("url", ""),
        ),
        "resource_too_large": env._("The picture “%s” is too large.", params.get("url", "")),
        "document_unreadable": env._("The PDF is damaged. Print it to a new PDF and use that one."),
        # sealing
        "secret_wrong": env._(
            "The sealing key cannot be opened: the server's secret is not the one it was locked "
            "with. Restore the secret, or make a new key under Signatures / Configuration."
        ),
        "pkcs12_unreadable": env._("The file cannot be opened. Is the password right?"),
        "pkcs12_incomplete": env._("The file holds no key with its certificate."),
        "certificate_expired": env._("The certificate expired on %s. Get a new one.", _day(env, params, "not_after")),
        "certificate_not_yet_valid": env._("The certificate is not valid before %s.", _day(env, params, "not_before")),
        "key_type": env._("Only RSA and elliptic-curve keys are supported."),
        "key_usage": env._("The certificate is not meant for digital signatures."),
        "key_too_small": env._("The key is too weak (%s bits).", params.get("bits")),
        "key_mismatch": env._("The key and the certificate in the file do not belong together. Export them anew."),
        "chain_broken": env._(
            "The certificate “%s” in the file did not issue the one before it, has expired, or is not an authority's. "
            "Export the key anew with the chain that its issuer gives.",
            params.get("subject", ""),
        ),
        "certificate_revoked": env._(
            "The certificate of the sealing key was revoked. Make or import another key under Signatures / "
            "Configuration."
        ),
        # timestamps
        "tsa_url": env._(
            "“%s” is not the address of a timestamp server. Enter one such as https://tsa.example.com, without a "
            "password.",
            params.get("url", ""),
        ),
        "tsa_unreachable": env._(
            "The timestamp server %s cannot be reached. Check its address, and whether this server may connect to it.",
            _host(params),
        ),
        "tsa_timeout": env._(
            "The timestamp server %(host)s did not answer within %(seconds)s seconds. Try again later, or enter "
            "another one.",
            host=_host(params),
            seconds=params.get("seconds"),
        ),
        "tsa_refused": env._(
            "The timestamp server %(host)s refused: %(reason)s. Ask who runs it, or enter another one.",
            host=_host(params),
            reason=params.get("reason", ""),
        ),
        "tsa_answer": env._(
            "What %s answers is no timestamp. Check that the address is that of an RFC 3161 server.", _host(params)
        ),
        "tsa_mismatch": env._(
            "The timestamp server %s answered for something else than what it was asked for. Enter another one.",
            _host(params),
        ),
        "tsa_time": env._(
            "%(host)s says that it is %(time)s. Set the clock of this server, or choose another timestamp server.",
            host=_host(params),
            time=params.get("time", ""),
        ),
        "tsa_untrusted": env._(
            "The timestamp of %s is not by a certificate that can be trusted. Check the certificates of the timestamp "
            "server in the settings.",
            _host(params),
        ),
        # links
        "base_url_invalid": env._("The system parameter web.base.url is not a web address, so no link can be sent."),
        "base_url_host": env._(
            "The name of the host in the system parameter web.base.url has letters that readers of PDF files do not "
            "know, so no link can be sent: enter it as xn--…"
        ),
        # what signers send
        "value_type": env._("This value cannot be used here."),
        "too_long": env._("Too long: at most %s characters.", params.get("limit")),
        "control_character": env._("The text contains characters that cannot be printed."),
        "bidi_control": env._("The text contains invisible direction characters. Type it anew."),
        "choice_unknown": env._("This is not one of the choices. Reload the page, then choose again."),
        "pattern_mismatch": env._(
            "This does not look as it should: %s, where 9 is a digit, A a letter, and * either.",
            params.get("pattern", ""),
        ),
        "email_invalid": env._("This is not an e-mail address, such as name@example.com."),
        "phone_invalid": env._("This is not a phone number, such as +40 21 123 4567."),
        "number_invalid": env._("This is not a number, or it has too many digits."),
        "date_invalid": env._("This is not a date that can be used here."),
        # the pictures and files that they send
        "image_type": env._("Only PNG and JPEG pictures are accepted. Choose another picture."),
        "image_too_large": env._("The picture is too large: at most %s MB.", _megabytes(params)),
        "image_pixels": env._("The picture has more than %s megapixels. Choose a smaller one.", params.get("limit")),
        "image_broken": env._("The picture is damaged. Choose another one."),
        "file_type": env._("Only PDF, PNG and JPEG files are accepted. Choose another file."),
        "file_too_large": env._("The file is too large: at most %s MB.", _megabytes(params)),
        "file_empty": env._("The file is empty. Choose another one."),
        "file_name": env._("The file has no usable name. Rename it, then choose it again."),
        "mark_empty": env._("Draw your signature, or type your name."),
        "mark_too_complex": env._("The drawing is too complex. Clear it and sign once more."),
    }
    if error.code.startswith("mark_"):
        return messages.get(error.code) or env._("The signature could not be read. Sign again.")
    return messages.get(error.code) or env._(
        "The document could not be processed (%s). Show this to your administrator.", error.code
    )
