import hashlib
import os
import secrets
from pathlib import Path

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestTornFile(TransactionCase):
    """What a full disk, or a killed server, has left of a file does not stand in the way of the same file later."""

    def setUp(self):
        super().setUp()
        self.data = secrets.token_bytes(5000)
        sha = hashlib.sha1(self.data, usedforsecurity=False).hexdigest()
        self.path = Path(self.env["ir.attachment"]._full_path(f"{sha[:2]}/{sha}"))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.addCleanup(self.path.unlink)

    def store(self):
        return self.env["ir.attachment"].create({"name": "File", "raw": self.data})

    def test_beginning_is_replaced(self):
        for length in (0, 1000, 4999):
            with self.subTest(length):
                self.path.write_bytes(self.data[:length])
                self.assertEqual(self.store().raw, self.data)
                self.assertEqual(self.path.read_bytes(), self.data)

    def test_other_file_stays(self):
        """Two files of the same SHA-1: Odoo refuses the second one."""
        for other in (b"other", self.data + b"more"):
            with self.subTest(len(other)):
                self.path.write_bytes(other)
                with self.assertRaisesRegex(UserError, "collides"):
                    self.store()
                self.assertEqual(self.path.read_bytes(), other)

    def test_same_file_is_shared(self):
        self.store()
        before = os.stat(self.path)
        self.store()
        self.assertEqual(os.stat(self.path).st_mtime_ns, before.st_mtime_ns)
