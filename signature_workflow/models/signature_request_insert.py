from odoo import api, models
from odoo.tools import SQL, clean_context


class SignatureRequest(models.Model):
    """Requests of many records in one statement."""

    _inherit = "signature.request"

    @api.model
    def _insert(self, vals_list):
        """Make requests as `create` would, in one statement however many they are; return them in that order.

        Each of `vals_list` names the same fields. Odoo's `create` costs more for a row than the whole move of a deal
        that asks for it. What `create` adds is read from the fields: defaults, and who made the rows and when.
        """
        if not vals_list:
            return self.browse()
        given = vals_list[0]
        stored = [name for name, field in self._fields.items() if field.store and field.column_type]
        missing = [name for name in stored if name not in given]
        defaults = self.with_context(clean_context(self.env.context)).default_get(missing)
        same, own = [], []
        for name, default in (given | defaults).items():
            field = self._fields[name]
            values = [vals.get(name, default) for vals in vals_list]
            varies = any(value != values[0] for value in values)
            columns = [field.convert_to_column_insert(value, self) for value in (values if varies else values[:1])]
            (own if varies else same).append((field, columns))
        requests = self.browse(row[0] for row in self.env.execute_query(self._insert_statement(same, own, vals_list)))
        self._forget_inverses([*given, *defaults])
        requests.modified([*given, *defaults], create=True)
        return requests

    @api.model
    def _insert_statement(self, same, own, vals_list):
        """Return the INSERT; `same` and `own` are the fields with the one value of all rows, and with one for each."""
        logged = {"create_uid": self.env.uid, "write_uid": self.env.uid}
        names = [*logged, "create_date", "write_date", *(field.name for field, __ in [*same, *own])]
        now = SQL("now() AT TIME ZONE 'UTC'")
        values = [SQL("%s", value) for value in logged.values()] + [now, now]
        values += [SQL("%s::%s", value, SQL(field.column_type[1])) for field, [value] in same]
        values += [SQL.identifier("own", field.name) for field, __ in own]
        arrays = [SQL("%s::%s[]", column, SQL(field.column_type[0])) for field, column in own]
        numbers = SQL("generate_series(1, %s)", len(vals_list))
        return SQL(
            "INSERT INTO signature_request (%s) SELECT %s FROM ROWS FROM (%s) AS own(%s) RETURNING id",
            SQL(", ").join(map(SQL.identifier, names)),
            SQL(", ").join(values),
            SQL(", ").join([numbers, *(SQL("unnest(%s)", array) for array in arrays)]),
            SQL(", ").join([SQL("number"), *(SQL.identifier(field.name) for field, __ in own)]),
        )

    @api.model
    def _forget_inverses(self, names):
        """Have the lists of requests read anew that records hold in memory."""
        for name in names:
            for inverse in self.pool.field_inverses[self._fields[name]]:
                self.env[inverse.model_name].invalidate_model([inverse.name], flush=False)
