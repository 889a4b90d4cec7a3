import os

from odoo import api, models


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.model
    def _get_path(self, bin_data, sha):
        """Forget the beginning of this file that a full disk, or a killed server, has left in its place.

        Odoo takes it for another file with the same SHA-1, and would refuse this one for ever.
        """
        path = self._full_path(f"{sha[:2]}/{sha}")
        if os.path.isfile(path) and self._is_beginning(path, bin_data):
            os.unlink(path)
        return super()._get_path(bin_data, sha)

    @api.model
    def _is_beginning(self, path, data):
        """Tell whether the file at `path` is a part only of `data` (bytes), from its beginning."""
        size = os.path.getsize(path)
        return size < len(data) and self._same_content(data[:size], path)
