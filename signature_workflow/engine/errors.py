"""Errors of the engine.

Every error has a ``code`` that never changes and ``params`` that name what it is about, so that a
caller can build a translated message. The English text is for logs and developers.
"""


class EngineError(Exception):
    """Base of all errors of the engine.

    :param code: stable identifier such as ``"encrypted"``
    :param message: one clear English sentence
    :param params: JSON-friendly values that belong to the message
    """

    def __init__(self, code: str, message: str = "", **params):
        super().__init__(message or code)
        self.code = code
        self.params = params


class PdfRefused(EngineError):
    """A foreign PDF is not let in, or a page of it cannot be used.

    Codes: ``not_a_pdf``, ``encrypted``, ``already_signed``, ``active_content`` (param ``found``),
    ``hidden_content`` (``found``: ``layer``, ``annotation``, ``picture``, ``reference``, ``portfolio``, ``print``),
    ``too_large`` (``size``, ``limit``), ``too_many_pages`` (``pages``, ``limit``), ``page_size``
    (``page``), ``broken``, ``bomb``, ``timeout`` (``seconds``).
    """


class DocxRefused(EngineError):
    """A Word document is not let in, or cannot become a PDF.

    Codes: ``docx_broken``, ``docx_too_large`` (``size``, ``limit``: bytes or parts), ``docx_macro``
    (``found``: what is embedded), ``docx_external`` (``found``: what it reads), ``docx_placeholder``
    (``path``: the text as found), ``docx_converter_missing``, ``docx_timeout`` (``seconds``),
    ``docx_changes``.
    """


class RenderError(EngineError):
    """A document cannot be rendered or stamped.

    Codes: ``resource_refused`` (``url``), ``resource_too_large`` (``url``, ``limit``),
    ``anchor_outside`` (``key``, ``page``), ``font_missing`` (``path``),
    ``document_unreadable``, ``stamp_type_unknown`` (``type``), ``stamp_value_invalid`` (``type``).
    """


class SealError(EngineError):
    """A document cannot be sealed, or key material cannot be used.

    Codes: ``document_unreadable``, ``already_signed``, ``seal_too_large``, ``seal_invalid``
    (``problem``), ``key_invalid``, ``key_mismatch``, ``key_type``, ``key_too_small`` (``bits``),
    ``key_usage``, ``certificate_invalid``, ``certificate_revoked``, ``chain_broken`` (``subject``: of which
    certificate in the chain), ``certificate_expired`` (``not_after``),
    ``certificate_not_yet_valid`` (``not_before``), ``pkcs12_unreadable``, ``pkcs12_incomplete``,
    ``secret_wrong``, ``secret_missing``, ``moment_naive``.
    """


class TimestampError(EngineError):
    """A timestamp server gives no timestamp that can be used; the document itself is all right.

    Codes: ``tsa_unreachable`` (``url``), ``tsa_timeout`` (``url``, ``seconds``), ``tsa_refused`` (``url``, ``reason``),
    ``tsa_answer`` (``url``: no answer as of RFC 3161, or one too long), ``tsa_mismatch`` (``url``: of another digest or
    nonce), ``tsa_untrusted`` (``url``), ``tsa_time`` (``url``, ``time``: far from that of this clock), ``tsa_url``
    (``url``: no usable address).
    """


class TransitionError(EngineError):
    """A state is asked for that the table does not have.

    Code: ``state_unknown`` (``state``).
    """


class ValueRefused(EngineError):
    """A value sent by a signer is not accepted.

    Codes: ``type_unknown`` (``type``), ``not_fillable`` (``type``), ``value_type``, ``too_long``
    (``limit``), ``control_character``, ``bidi_control``, ``mark_shape``, ``mark_kind``,
    ``mark_font``, ``mark_size``, ``mark_number``, ``mark_outside``, ``mark_too_complex``, ``mark_empty``,
    ``choice_unknown``, ``pattern_mismatch`` (``pattern``), ``email_invalid``, ``phone_invalid``,
    ``number_invalid``, ``date_invalid``, ``image_type``, ``image_too_large`` (``limit`` in bytes),
    ``image_pixels`` (``limit`` in megapixels), ``image_broken``, ``file_type``,
    ``file_too_large`` (``limit`` in bytes), ``file_empty``, ``file_name``, ``too_many_files`` (``limit``).
    """


class TagError(EngineError):
    """A text tag says something that is not understood.

    Code: ``tag_invalid`` (``text``; and ``type`` when that is unknown, or ``option`` when its value
    is unusable).
    """


class PlacementError(EngineError):
    """A box does not fit on its page.

    Codes: ``page_missing`` (``page``, ``pages``), ``box_invalid``, ``box_outside``,
    ``rotation_invalid`` (``rotation``), ``geometry_invalid``.
    """


class AuditError(EngineError):
    """An audit payload cannot be hashed, a chain of events does not hold, or a file is no evidence of one.

    Codes: ``payload_type`` (``path``), ``version_unknown`` (``version``), ``chain_broken``,
    ``hash_mismatch``, ``evidence_unreadable`` (``path``). Errors of :func:`audit.verify` also carry ``index``,
    counted from 0.
    """

    @property
    def index(self):
        """Position of the first event that does not hold, or ``None``."""
        return self.params.get("index")


class LinkError(EngineError):
    """A signing link cannot be built.

    Codes: ``base_url_invalid`` and ``base_url_host`` (``base_url``), ``qr_too_long`` (``limit``, bytes),
    ``token_malformed``.
    """
