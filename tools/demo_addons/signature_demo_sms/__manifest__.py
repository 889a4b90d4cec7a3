{
    "name": "Signature Workflow demo: SMS as mails",
    "summary": "Odoo's provider of SMS is replaced by the demo's mail catcher",
    "version": "19.0.1.0.0",
    "author": "Signature Workflow contributors",
    "license": "LGPL-3",
    "depends": ["sms"],
}
