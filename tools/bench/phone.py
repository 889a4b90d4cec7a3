"""The signing page on a slow phone, in a real browser: how much is loaded, when the first page is there, scrolling."""

from tools.bench import browser, pages, web_server
from tools.bench.harness import Result, Sample, compare

ROUNDS = 9
FEW, MANY = 3, 300
SLOWER = 4
WIDTH, HEIGHT = 390, 844
MAX_KILOBYTES = 400
SCROLLS = 3
READY = "window.firstPage"
# tells when the first page was drawn, in seconds since the click, and keeps the long tasks
WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => window.longTasks.push(...list.getEntries()))
    .observe({ type: "longtask", buffered: true });
new MutationObserver((_changes, observer) => {
    if (document.querySelector(".o_sign_page[data-drawn]")) {
        window.firstPage = performance.now() / 1000;
        observer.disconnect();
    }
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-drawn"] });
"""
# bytes over the wire without headers: what is the addon's, and what is Odoo's pdf.js with its worker
WEIGHT = """
(async () => {
    const worker = ["/signature_workflow/pdfjs/pdf.worker.js", "/web/static/src/polyfills/promise.js"];
    await Promise.all(worker.map((url) => fetch(url).then((answer) => answer.arrayBuffer())));
    const loaded = performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"));
    const sizes = { own: 0, odoo: 0 };
    for (const { name, encodedBodySize } of loaded.filter(({ name }) => !name.endsWith("/document"))) {
        sizes[name.includes("/pdfjs/") || name.includes("/web/static/") ? "odoo" : "own"] += encodedBodySize;
    }
    return sizes;
})()
"""
# from the first page to the last one, as fast as a finger throws it; seconds of the longest task on the way
SCROLL = """
(async () => {
    const { scrollingElement: root } = document;
    const begun = performance.now();
    const step = root.scrollHeight / 150;
    while (root.scrollTop + window.innerHeight < root.scrollHeight - 2) {
        root.scrollTop += step;
        await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const tasks = window.longTasks.filter(({ startTime }) => startTime > begun);
    return Math.max(0, ...tasks.map(({ duration }) => duration)) / 1000;
})()
"""


def run(part, odoo):
    """A document of 3 pages and one of 300."""
    paths = {number: pages.link(odoo, number)[0] for number in (FEW, MANY)}
    with web_server.running(odoo()) as server, browser.page(WIDTH, HEIGHT) as page:
        page.call("Emulation.setDeviceMetricsOverride", width=WIDTH, height=HEIGHT, deviceScaleFactor=3, mobile=True)
        page.call("Emulation.setCPUThrottlingRate", rate=SLOWER)
        page.call("Page.enable")
        page.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        addresses = {number: f"http://127.0.0.1:{server.port}{path}" for number, path in paths.items()}
        page.open(addresses[FEW], READY)
        sizes = page.evaluate(WEIGHT)
        page.open(addresses[MANY], READY)
        long_sizes = page.evaluate(WEIGHT)
        first = _first_pages(page, addresses)
        pauses = sorted(_scroll(page, addresses[MANY]) for _number in range(SCROLLS))
    kilobytes = sizes["own"] / 1000
    note = f"for {MANY} pages {long_sizes['own'] / 1000:.0f} kB; Odoo's pdf.js besides: {sizes['odoo'] / 1000:.0f} kB"
    return [
        Result(part, "page, style and script, before the document", kilobytes, "kB", MAX_KILOBYTES, note=note),
        compare(part, f"first page of {MANY} drawn, against {FEW} pages", first[MANY], first[FEW], 1.5, by="wall"),
        Result(
            part,
            f"longest pause while {MANY} pages fly by",
            pauses[len(pauses) // 2] * 1000,
            "ms",
            runs=len(pauses),
            note=f"processor {SLOWER} times slowed; between {pauses[0] * 1000:.0f} and {pauses[-1] * 1000:.0f}",
        ),
    ]


def _first_pages(page, addresses):
    """The Samples by number of pages, opened in turn, with scripts and styles in the browser's cache."""
    first = {number: [] for number in addresses}
    for number in range(ROUNDS):
        for count in sorted(addresses, reverse=number % 2 == 0):
            page.open(addresses[count], READY)
            first[count].append(Sample(page.evaluate(READY), 0))
    return first


def _scroll(page, address):
    page.open(address, READY)
    return page.evaluate(SCROLL)
