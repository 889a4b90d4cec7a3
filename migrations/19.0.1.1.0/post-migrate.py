from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Bring what is not updated by itself to existing databases."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    for name in ("mail_template_request", "mail_template_completed"):
        template = env.ref(f"signature_workflow.{name}", raise_if_not_found=False)
        if template:
            # links go to the address that was agreed on, not to the contact's of today
            template.use_default_to = False
    host = env.ref("signature_workflow.group_host")
    env.ref("sales_team.group_sale_salesman").implied_ids = [(4, host.id)]
