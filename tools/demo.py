"""``./dev demo``: Odoo with demo data, this addon and a mail catcher, ready to click through."""

import shutil
import time
import urllib.request
from dataclasses import replace

from tools import database, mail, odoo_server, postgres
from tools.paths import ADDON, CACHE, CHECKOUT, TOOLS, digest
from tools.setup import prepare
from tools.system import Problem, free_port, locked, say, step

DATABASE = "sw_demo"
DEMO_ADDONS = TOOLS / "demo_addons"
SMS = "signature_demo_sms"
PORTS = {"odoo": 8069, "smtp": 1025, "mails": 1080}
FINISH = f"""
from odoo.tools import convert_file
convert_file(env, "{ADDON}", "data/demo/quotation_demo.xml", {{}}, noupdate=True)
for index, partner in enumerate(env["crm.lead"].search([]).partner_id):
    if not partner.phone_sanitized:
        partner.phone = f"+4072120000{{index % 10}}"
env["ir.qweb"]._pregenerate_assets_bundles()
env.cr.commit()
"""
WELCOME = """
────────────────────────────────────────────────────────────────────────
 Signature Workflow is ready.     (Ctrl-C ends it; its data stay.)

   Odoo    {odoo}/odoo/crm
           log in as admin, password admin
   Mails   {mails}
           everything that Odoo sends arrives here, SMS too; nothing leaves this machine

 Try this next:
   1. In the CRM pipeline, drag a deal to Proposition: its document is made and sent.
   2. Open the mail on the mails page, follow its link, and sign as the client would.
   3. Go back to the deal: the signed copy is filed there, and the deal has moved on.
────────────────────────────────────────────────────────────────────────
"""


def main(options):
    """Set up what is missing, then run until Ctrl-C."""
    begun = time.monotonic()
    setup = with_sms(prepare(options))
    mails = CACHE / "mail" / "demo"
    with locked("demo", busy="A demo is already running; stop it first (Ctrl-C where it runs)."):
        if options.reset:
            reset(mails)
        with postgres.cluster():
            ready_database(setup)
            port = free_port(PORTS["odoo"])
            with mail.catcher(mails, smtp=PORTS["smtp"], web=PORTS["mails"]) as catcher:
                connect(port, catcher)
                _serve(setup, port, catcher, begun)


def with_sms(setup):
    """The same setup with the demo's own addon on the addons path: it delivers each SMS as a mail."""
    return replace(setup, odoo=replace(setup.odoo, addons=(*setup.odoo.addons, DEMO_ADDONS)))


def reset(mails):
    """Forget the demo's database and mails; the whole cluster, if it does not even start."""
    shutil.rmtree(mails, ignore_errors=True)
    try:
        with postgres.cluster():
            database.drop(DATABASE)
    except Problem:
        say("  The database cluster is damaged; making a new one.")
        postgres.remove()


def ready_database(setup):
    """The demo's database: made if it is not there, updated if the addon has changed since."""
    now = _addon_digest()
    if not database.exists(DATABASE):
        building = f"{DATABASE}_building"
        database.copy(database.template(setup, demo=True), building)
        odoo_server.install(setup, building, "--init", f"{ADDON},{SMS}", "--skip-auto-install", "--with-demo")
        with step("Compiling the web pages' scripts and styles"):
            odoo_server.run_script(setup, building, FINISH)
        database.rename(building, DATABASE)
    elif database.note(DATABASE) != now:
        say("• The addon has changed since the demo was last used.")
        try:
            odoo_server.install(setup, DATABASE, "--init", SMS, "--update", ADDON, "--skip-auto-install")
        except Problem as problem:
            raise Problem(f"{problem}\nTo begin anew: ./dev demo --reset") from None
    database.set_note(DATABASE, now)


def _addon_digest():
    """A name for the state of what is loaded into the database."""
    folders = [*(CHECKOUT / name for name in (ADDON, "data", "i18n", "migrations")), DEMO_ADDONS]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return digest(*sorted(files + list(CHECKOUT.glob("*.py"))))


def connect(port, catcher):
    """Let the links in mails lead here, and the mails to the catcher."""
    for key, value in {
        "web.base.url": f"http://localhost:{port}",
        "web.base.url.freeze": "True",
        "report.url": f"http://127.0.0.1:{port}",
    }.items():
        postgres.psql(
            DATABASE,
            f"INSERT INTO ir_config_parameter (key, value) VALUES ('{key}', '{value}')"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )
    postgres.psql(
        DATABASE,
        "DELETE FROM ir_mail_server; INSERT INTO ir_mail_server"
        " (name, smtp_host, smtp_port, smtp_authentication, smtp_encryption, active, sequence)"
        f" VALUES ('Mail catcher', '127.0.0.1', {catcher.smtp}, 'login', 'none', true, 1)",
    )


def _serve(setup, port, catcher, begun):
    url = f"http://localhost:{port}"
    options = ["--db-filter", f"^{DATABASE}$", "--max-cron-threads", 2]
    with odoo_server.server(setup, DATABASE, port=port, options=options) as odoo:
        with step("Starting Odoo"), urllib.request.urlopen(f"{url}/web/login", timeout=120):
            pass
        say(WELCOME.format(odoo=url, mails=catcher.url))
        say(f"Ready after {time.monotonic() - begun:.0f} s. Odoo's log: {odoo.log}")
        while odoo.running():
            time.sleep(0.5)
        raise Problem(f"Odoo ended by itself. The end of {odoo.log}:\n{odoo.tail()}")
