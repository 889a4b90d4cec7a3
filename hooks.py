def post_init_hook(env):
    """Give every company its sealing key at once, so that the first deal does not wait for it."""
    for company in env["res.company"].search([]):
        env["signature.key"]._get_active(company)
