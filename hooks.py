def post_init_hook(env):
    """Give every company its sealing key at once, so that the first deal does not wait for it."""
    for company in env["res.company"].search([]):
        env["signature.key"]._get_active(company)


def uninstall_hook(env):
    """Drop what Odoo does not know of: the function that guards the audit trail, with its triggers."""
    env.cr.execute("DROP FUNCTION IF EXISTS signature_event_guard() CASCADE")
