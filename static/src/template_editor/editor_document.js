import { DocumentView } from "../signing_page/document_view";

/** The pages of the template: drawn like those that a signer sees, within an element that scrolls. */
export class EditorDocument extends DocumentView {
    constructor(root, url, options) {
        super(root, url, options);
        this.observer.disconnect();
        // a page clipped by the scrolling element counts as out of sight, unless that one is the root
        this.observer = new IntersectionObserver((entries) => this.onSight(entries), {
            root: options.scroller,
            rootMargin: "100% 0px",
        });
    }

    async load() {
        await super.load();
        if (this.isOver) {
            this.destroy();
        }
    }

    /** Only what is drawn can be blurred; to measure the others, the browser would lay out all pages. */
    refresh() {
        for (const page of this.pages.values()) {
            if (page.pixels) {
                const wanted = this.densityOf(page) * page.sizer.getBoundingClientRect().width;
                page.stale = wanted > page.pixels * 1.2 || wanted < page.pixels / 2;
            }
        }
        this.drawNext();
    }

    /** Words that can be selected would be in the way of drawing a field. */
    async addText(page) {
        page.text ||= document.createElement("div");
    }

    destroy() {
        this.isOver = true;
        this.observer.disconnect();
        clearTimeout(this.redrawTimer);
        for (const page of this.pages.values()) {
            this.release(page);
            page.sizer.remove();
        }
        this.pdf?.destroy();
        this.port?.terminate();
        // nothing is drawn without it
        this.pdf = null;
    }
}
