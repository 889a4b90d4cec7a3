"""Opening the visual field editor, in a real browser: from the click until the first page can be worked on."""

import json
import urllib.request

from tools import odoo_server
from tools.bench import browser, scene
from tools.bench.harness import Sample, compare
from tools.system import free_port

ROUNDS = 11
FEW, MANY = 3, 300
# what stands there when the first page is drawn and the fields can be moved; then the time since the click
OPEN = """
(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const { action } = odoo.__WOWL_DEBUG__.root.env.services;
    const begun = performance.now();
    const opened = action.doAction({
        type: "ir.actions.client",
        tag: "signature_workflow.template_editor",
        params: { template_id: %d },
    });
    while (!document.querySelector(".o_signature_page[data-drawn]")) {
        await frame();
    }
    const elapsed = performance.now() - begun;
    await opened;
    if (document.querySelectorAll(".o_signature_page").length !== %d) {
        throw new Error("another document");
    }
    return elapsed / 1000;
})()
"""
LEAVE = """
(async () => {
    await odoo.__WOWL_DEBUG__.root.env.services.action.doAction("signature_workflow.signature_template_action");
    while (document.querySelector(".o_signature_page")) {
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
})()
"""
READY = "window.odoo?.__WOWL_DEBUG__?.root?.env?.services?.action && document.querySelector('.o_action_manager > *')"


def run(part, odoo):
    """A document of 300 pages against one of 3, opened in turn."""
    templates = {pages: scene.make(odoo, pages=pages).template for pages in (FEW, MANY)}
    port = free_port()
    setup, database = odoo().setup, odoo().database
    samples = {pages: [] for pages in templates}
    with odoo_server.server(setup, database, port=port, options=["--max-cron-threads", 0]), browser.page() as page:
        _log_in(page, port, database)
        for number in range(-1, ROUNDS):  # the first round warms up: scripts, styles, pdf.js
            for pages in sorted(templates, reverse=number % 2 == 0):
                elapsed = page.evaluate(OPEN % (templates[pages], pages))
                page.evaluate(LEAVE)
                if number >= 0:
                    samples[pages].append(Sample(elapsed, 0))
    few, many = samples[FEW], samples[MANY]
    return [compare(part, f"first page of {MANY} usable, against {FEW} pages", many, few, 1.5, by="wall")]


def _log_in(page, port, database):
    """Open the web client as the administrator."""
    address = f"http://127.0.0.1:{port}"
    params = {"db": database, "login": "admin", "password": "admin"}
    request = urllib.request.Request(
        f"{address}/web/session/authenticate",
        data=json.dumps({"jsonrpc": "2.0", "params": params}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        session = answer.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    page.call("Network.setCookie", name="session_id", value=session, url=address)
    page.open(f"{address}/odoo/action-signature_workflow.signature_template_action", READY)
