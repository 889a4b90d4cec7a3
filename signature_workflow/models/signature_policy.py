from odoo import fields, models

# the others only read: nobody waits for them
ACTING = ("sign", "approve")
POLICY = ("participation", "channel", "authentication", "may_forward")


class SignaturePolicy(models.AbstractModel):
    """How somebody takes part in a document: what is asked, how they are reached, how they show who they are."""

    _name = "signature.policy"
    _description = "How somebody takes part"

    participation = fields.Selection(
        [("sign", "Signs"), ("approve", "Approves"), ("view", "Reads"), ("copy", "Gets the signed copy")],
        string="Takes part",
        required=True,
        default="sign",
        help="Nobody waits for those who only read or only get the signed copy.",
    )
    channel = fields.Selection(
        [("email", "E-mail"), ("sms", "SMS"), ("both", "E-mail and SMS"), ("manual", "By hand")],
        string="Link by",
        required=True,
        default="email",
        help="By hand: nothing is sent. The salesperson shows a QR code, copies the link, or lets them sign here.",
    )
    authentication = fields.Selection(
        [
            ("link", "Link only"),
            ("email", "Code by e-mail"),
            ("sms", "Code by SMS"),
            ("code", "Access code agreed on"),
        ],
        string="Identity check",
        required=True,
        default="link",
        help="What is asked before the document is shown. The access code stands on the contact.",
    )
    may_forward = fields.Boolean(
        "May forward", help="May hand their part to somebody else, who gets a link of their own."
    )
