"""Whatever comes through the door, it is let in or refused with a reason: no uncaught error, nothing half stored."""

from contextlib import contextmanager

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ..signature_workflow.engine.errors import EngineError
from ..signature_workflow.engine.pdf import inspect as door
from . import pdf_samples
from .picture_samples import IMPOSTORS
from .test_http_signing import SignatureHttpCase

# the same examples each time, as many as there is time for
BOUNDED = {
    "derandomize": True,
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}
WORDS = (
    b"obj",
    b"endobj",
    b"stream",
    b"endstream",
    b"xref",
    b"trailer",
    b"/Type",
    b"/Length",
    b"/Kids",
    b"/Filter",
    b"R",
)
PIECES = (
    b"",
    b"<<",
    b">>",
    b"[",
    b"]",
    b"(",
    b"\\",
    b"\x00",
    b"\xff" * 9,
    b"-1",
    b"99999999999999999999",
    b"1e309",
    b"0 0 R",
    b"%",
)


@st.composite
def damaged_pdfs(draw):
    """Sound files with a few of their bytes exchanged, cut, doubled, or replaced by what a parser trips over."""
    data = bytearray(SOUND[draw(st.integers(0, len(SOUND) - 1))])
    chance = draw(st.randoms(use_true_random=False))
    for _change in range(draw(st.integers(1, 6))):
        start, length = chance.randrange(len(data) + 1), chance.choice((0, 1, 4, 40, 400))
        kind = chance.randrange(4)
        if kind == 0:
            data[start : start + length] = chance.choice(PIECES)
        elif kind == 1:
            data[start:start] = data[start : start + length]
        elif kind == 2:
            word = chance.choice(WORDS)
            where = data.find(word, start)
            if where >= 0:
                data[where : where + len(word)] = chance.choice((*PIECES, *WORDS))
        else:
            data[start : start + length] = chance.randbytes(length)
    return bytes(data)


SOUND = [
    make()
    for make in (
        pdf_samples.simple,
        pdf_samples.object_streams,
        pdf_samples.hybrid,
        pdf_samples.full_form,
        pdf_samples.nested,
    )
]


class TestUploadDoor(BaseCase):
    """The upload door."""

    @settings(max_examples=25, **BOUNDED)
    @given(damaged_pdfs())
    def test_files(self, data):
        try:
            info = door.inspect(data)
        except EngineError as error:
            self.assertTrue(error.code)
            self.assertTrue(str(error))
        else:
            self.assertTrue(info.pages)

    @settings(max_examples=15, **BOUNDED)
    @given(st.binary(max_size=400).map(lambda tail: b"%PDF-1.7\n" + tail) | st.binary(max_size=200))
    def test_other_bytes(self, data):
        with self.assertRaises(EngineError):
            door.inspect(data)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["\0", "\ud800", "١", "<b>", "' OR 1=1 --", "{{7*7}}", "${7*7}", "../../etc/passwd", "A" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MARKS = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["drawn", "typed", "picture", "company", "x", None]),
        "width": JSON,
        "height": JSON,
        "strokes": JSON
        | st.just([[1, 2]])
        | st.just([[20, 100, 1e308, 30]])
        | st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False))),
        "text": JSON,
        "font": JSON,
        "data": JSON | st.sampled_from([data.hex() for data in IMPOSTORS]),
        "name": JSON,
    },
)


@tagged("post_install", "-at_install")
class TestSigningDoor(SignatureHttpCase):
    """The routes of a secret link, over HTTP."""

    def setUp(self):
        super().setUp()
        self.request, self.token = self.send()
        self.client, self.company = self.request.signer_ids.sorted("sequence")
        self.good = {
            "values": self.answers(self.client),
            "nonce": "n",
            "document": self.request.original_sha256,
            "consent": True,
        }
        self.mine = sorted(self.good["values"])
        self.others = [str(field.id) for field in self.company.field_ids]

    @contextmanager
    def undone(self):
        """Take back what was let in, so that the next example finds the same document."""
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            yield
            raise ZeroDivisionError
        self.env.invalidate_all()

    def stored(self):
        """Return all that signing stores."""
        self.env.invalidate_all()
        return (
            self.request.state,
            self.request.event_ids.mapped("kind"),
            [
                (signer.state, signer.nonce, signer.comment, signer.date_signed)
                for signer in self.request.signer_ids.sudo()
            ],
            [(field.value, field.attachment_id) for field in self.request.field_ids],
        )

    def answer(self, tail, **params):
        """Return the result of a call, after a look at its shape."""
        response = self.call(f"/sign/{self.token}/{tail}", **params)
        self.assertEqual(response.status_code, 200)
        self.assertNotIn("Traceback", response.text)
        answer = response.json()
        self.assertNotIn("error", answer, answer)
        result = answer["result"]
        if "error" in result:
            self.assertLessEqual({"code", "message"}, result["error"].keys())
            self.assertTrue(result["error"]["message"])
        else:
            self.assertEqual(result.keys(), {"state"})
        return result

    def refused(self, tail, **params):
        before = self.stored()
        result = self.answer(tail, **params)
        if "error" in result:
            self.assertEqual(self.stored(), before)
        return "error" in result

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_values_of_any_shape(self):
        keys = st.sampled_from([*self.mine, *self.others, "0", "-1", "1.0", "١", "1_0", "999999999", "x", ""])

        @settings(max_examples=40, **BOUNDED)
        @given(st.dictionaries(keys, JSON | MARKS, min_size=1, max_size=4), st.booleans())
        def check(values, whole):
            given_values = {**self.good["values"], **values} if whole else values
            is_foreign = bool(values.keys() - set(self.mine))
            with self.undone():
                was_refused = self.refused("submit", **{**self.good, "values": given_values})
            self.assertTrue(was_refused or not is_foreign, values)

        check()
        self.assertFalse(any(field.value for field in self.company.field_ids))

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_everything_else_of_any_shape(self):
        @settings(max_examples=40, **BOUNDED)
        @given(st.sampled_from(["values", "nonce", "document", "consent"]), JSON)
        def check(name, value):
            if value == self.good[name]:
                return
            kept = {"nonce"} if isinstance(value, str) and value.isascii() and value.isprintable() else set()
            if name in kept and 0 < len(value) <= 64:
                return
            self.assertTrue(self.refused("submit", **{**self.good, name: value}), f"{name} = {value!r}")

        check()
        self.assertIn(self.client.state, ("sent", "viewed"))

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_comments_of_any_shape(self):
        self.client.sudo().participation = "approve"

        @settings(max_examples=25, **BOUNDED)
        @given(JSON)
        def check(comment):
            with self.undone():
                was_refused = self.refused("submit", **{**self.good, "comment": comment})
            self.assertTrue(was_refused or comment is None or isinstance(comment, str), comment)

        check()

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_the_other_calls(self):
        calls = {
            "decline": ("reason", "reason_id", "nonce"),
            "forward": ("name", "email", "phone"),
            "code": (),
            "code/check": ("code",),
            "draft": ("draft",),
        }
        self.client.sudo().write({"may_forward": True})

        @settings(max_examples=40, **BOUNDED)
        @given(st.sampled_from(sorted(calls)), st.data())
        def check(tail, data):
            params = {name: data.draw(JSON) for name in calls[tail]}
            if tail == "decline" and isinstance(params["reason"], str) and isinstance(params["nonce"], str):
                params["nonce"] = ""
            if tail == "draft":
                self.answer(tail, **params)
            else:
                self.assertTrue(self.refused(tail, **params), f"{tail} {params}")

        check()
        self.assertIn(self.client.state, ("sent", "viewed"))
        # the door still opens
        self.assertEqual(self.submit(self.token, self.client), {"state": "signed"})
        self.request.event_ids._verify_chain()
