const PDFJS_URL = "/signature_workflow/pdfjs/pdf.js";
const WORKER_URL = "/signature_workflow/static/src/signing_page/pdf_worker.mjs";
const CMAP_URL = "/web/static/lib/pdfjs/web/cmaps/";

// Large files come in these pieces, only as far as somebody reads; smaller ones in one go.
const RANGE = 256 * 1024;
// Four million pixels are sixteen megabytes: as much as an old phone gives for a canvas.
const MAX_PIXELS = 4e6;
const MAX_DENSITY = 3;
const REDRAW_DELAY = 250;

/**
 * Shows the pages of a PDF. Only pages in sight and their neighbours are drawn, one at a time, the
 * nearest first; those far away are given back, so that a long document stays light.
 */
export class DocumentView {
    /**
     * @param {HTMLElement} root holds one element for each page that the server knows
     * @param {string} url
     * @param {Object} options
     * @param {(number: number, total: number) => string} options.pageLabel
     * @param {() => void} options.onShown called once, when the first page can be read
     * @param {HTMLElement} [options.scroller] what scrolls, unless that is the page
     */
    constructor(root, url, { pageLabel, onShown, scroller = null }) {
        Object.assign(this, { root, url, pageLabel, onShown });
        this.pages = new Map();
        this.drawing = null;
        this.observer = new IntersectionObserver((entries) => this.onSight(entries), {
            // a page that is clipped by what scrolls counts as out of sight, unless that one is the root
            root: scroller,
            rootMargin: "100% 0px",
        });
        for (const el of root.children) {
            this.addPage(el, Number(el.dataset.width), Number(el.dataset.height));
        }
        this.redrawSoon = () => {
            clearTimeout(this.redrawTimer);
            this.redrawTimer = setTimeout(() => this.refresh(), REDRAW_DELAY);
        };
        this.resizes = new ResizeObserver(this.redrawSoon);
        this.resizes.observe(root);
        if (window.visualViewport) {
            // after pinching, what is in sight is drawn again as sharp as it is large
            window.visualViewport.addEventListener("resize", this.redrawSoon);
        }
    }

    /** Gives everything back: pictures, the worker, and what listens to the window. */
    destroy() {
        this.isOver = true;
        this.observer.disconnect();
        this.resizes.disconnect();
        clearTimeout(this.redrawTimer);
        if (window.visualViewport) {
            window.visualViewport.removeEventListener("resize", this.redrawSoon);
        }
        for (const page of this.pages.values()) {
            this.release(page);
            page.sizer.remove();
        }
        if (this.pdf) {
            this.pdf.destroy();
            // nothing is drawn without it
            this.pdf = null;
        }
        if (this.port) {
            this.port.terminate();
        }
    }

    addPage(el, width, height) {
        const sizer = document.createElement("div");
        sizer.className = "o_sign_sheet";
        sizer.style.paddingTop = `${(height / width) * 100}%`;
        el.prepend(sizer);
        this.pages.set(el, { el, sizer, number: this.pages.size + 1, near: false });
        this.observer.observe(el);
    }

    /** Loads and shows the document; rejects when this browser or the network cannot. */
    async load() {
        // the worker, the larger part, loads beside pdf.js instead of after it
        const port = (this.port = new Worker(WORKER_URL, { type: "module" }));
        const failed = new Promise((_, reject) => {
            port.onerror = () => reject(new Error("the worker of pdf.js did not start"));
        });
        failed.catch(() => {});
        try {
            this.pdfjs = await import(PDFJS_URL);
            const opened = this.pdfjs.getDocument({
                url: this.url,
                worker: new this.pdfjs.PDFWorker({ port }),
                rangeChunkSize: RANGE,
                disableAutoFetch: true,
                disableStream: true,
                isEvalSupported: false,
                enableXfa: false,
                cMapUrl: CMAP_URL,
                cMapPacked: true,
            });
            this.pdf = await Promise.race([opened.promise, failed]);
        } catch (error) {
            port.terminate();
            throw error;
        }
        await this.matchPages();
        if (this.isOver) {
            this.destroy();
        } else {
            this.drawNext();
        }
    }

    /** The sealed copy has more pages than the server told of: its certificate. */
    async matchPages() {
        const total = this.pdf.numPages;
        for (let number = this.pages.size + 1; number <= total; number++) {
            const viewport = (await this.pdf.getPage(number)).getViewport({ scale: 1 });
            const el = document.createElement("div");
            el.className = "o_sign_page";
            el.setAttribute("role", "group");
            this.root.append(el);
            this.addPage(el, viewport.width, viewport.height);
        }
        for (const { el, number } of this.pages.values()) {
            el.setAttribute("aria-label", this.pageLabel(number, total));
        }
    }

    onSight(entries) {
        for (const entry of entries) {
            const page = this.pages.get(entry.target);
            page.near = entry.isIntersecting;
            // hundreds of pages that move while they wait would keep the processor busy
            page.el.classList.toggle("o_sign_near", page.near);
            if (!page.near) {
                this.release(page);
            }
        }
        this.drawNext();
    }

    /** The density at which a page should stand now, in canvas pixels for a CSS pixel. */
    densityOf(page) {
        const { width, height } = page.sizer.getBoundingClientRect();
        const zoom =
            window.visualViewport && this.isInSight(page) ? window.visualViewport.scale : 1;
        const wanted = Math.min(window.devicePixelRatio || 1, MAX_DENSITY) * zoom;
        return Math.min(wanted, Math.sqrt(MAX_PIXELS / (width * height)));
    }

    isInSight(page) {
        const { top, bottom } = page.el.getBoundingClientRect();
        return bottom > 0 && top < window.innerHeight;
    }

    /** Only what is drawn can be blurred; to measure the others, the browser would lay out all pages. */
    refresh() {
        for (const page of this.pages.values()) {
            if (!page.pixels) {
                continue;
            }
            this.fitText(page);
            const wanted = this.densityOf(page) * page.sizer.getBoundingClientRect().width;
            // the same picture serves until it would look blurred, or wastes memory
            page.stale = wanted > page.pixels * 1.2 || wanted < page.pixels / 2;
        }
        this.drawNext();
    }

    async drawNext() {
        if (this.drawing || !this.pdf) {
            return;
        }
        const middle = window.innerHeight / 2;
        const distance = ({ el }) => {
            const { top, bottom } = el.getBoundingClientRect();
            return Math.max(top - middle, middle - bottom, 0);
        };
        const waiting = [...this.pages.values()].filter(
            (page) => page.near && !page.failed && (page.stale || !page.pixels),
        );
        const page = waiting.sort((one, other) => distance(one) - distance(other))[0];
        if (!page || page.number > this.pdf.numPages) {
            return;
        }
        this.drawing = page;
        try {
            await this.draw(page);
        } catch (error) {
            if (error.name !== "RenderingCancelledException") {
                // one broken page must not keep the others away
                page.failed = true;
                console.error(error);
            }
        }
        this.drawing = null;
        this.drawNext();
    }

    async draw(page) {
        const source = await this.pdf.getPage(page.number);
        const size = source.getViewport({ scale: 1 });
        const pixels = this.densityOf(page) * page.sizer.getBoundingClientRect().width;
        const viewport = source.getViewport({ scale: pixels / size.width });
        const canvas = document.createElement("canvas");
        canvas.width = Math.floor(viewport.width);
        canvas.height = Math.floor(viewport.height);
        canvas.setAttribute("aria-hidden", "true");
        page.task = source.render({ canvasContext: canvas.getContext("2d"), viewport });
        await page.task.promise;
        page.task = null;
        if (page.canvas) {
            this.drop(page.canvas);
        }
        page.sizer.prepend(canvas);
        Object.assign(page, { canvas, source, pixels, stale: false, naturalWidth: size.width });
        page.el.dataset.drawn = "true";
        if (this.onShown) {
            this.onShown();
            this.onShown = null;
        }
        await this.addText(page);
        if (!page.near) {
            this.release(page);
        }
    }

    /** Lays the words of the page over its picture, for screen readers and for selecting. */
    async addText(page) {
        if (page.text) {
            return;
        }
        page.text = document.createElement("div");
        page.text.className = "o_sign_text";
        this.fitText(page);
        page.sizer.append(page.text);
        await new this.pdfjs.TextLayer({
            textContentSource: page.source.streamTextContent(),
            container: page.text,
            viewport: page.source.getViewport({ scale: 1 }),
        }).render();
    }

    fitText({ text, sizer, naturalWidth }) {
        if (text) {
            const scale = sizer.getBoundingClientRect().width / naturalWidth;
            text.style.setProperty("--scale-factor", scale);
        }
    }

    release(page) {
        if (page.task) {
            page.task.cancel();
            page.task = null;
        }
        if (page.canvas) {
            this.drop(page.canvas);
            page.text.remove();
            page.source.cleanup();
            Object.assign(page, { canvas: null, text: null, source: null, pixels: 0 });
            delete page.el.dataset.drawn;
        }
    }

    drop(canvas) {
        canvas.remove();
        // Safari keeps the memory of a removed canvas for a while, but not that of an empty one
        canvas.width = canvas.height = 0;
    }
}
