import { Component, onMounted, onWillUnmount, useEffect, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { EditorDocument } from "./editor_document";
import { LostTray } from "./lost_tray";
import { PageView } from "./page_view";
import { Toolbar } from "./toolbar";

const NONE = [];
// CSS pixels of a point at 100 %
export const FULL_SIZE = 96 / 72;
const MIN_SCALE = 0.25 * FULL_SIZE;
const MAX_SCALE = 4 * FULL_SIZE;
const MAX_FIT = 1.5 * FULL_SIZE;
const STEP = 1.2;
// pixels above the page that somebody goes to
const MARGIN = 16;

/** The pages under each other, with their toolbar. */
export class DocumentArea extends Component {
    static template = "signature_workflow.TemplateEditorDocument";
    static components = { LostTray, PageView, Toolbar };
    static props = {
        register: Function,
        gestures: Object,
        drawer: String,
        onDrawer: Function,
        onEdit: Function,
    };

    setup() {
        this.editor = useState(this.env.editor);
        this.state = useState({ scale: FULL_SIZE, isFit: true, failed: false });
        this.scroller = useRef("scroller");
        this.pages = useRef("pages");
        this.shown = new Map();
        const resizing = new ResizeObserver(() => this.fit());
        onMounted(() => {
            this.props.register(this);
            this.fit();
            resizing.observe(this.scroller.el);
        });
        onWillUnmount(() => resizing.disconnect());
        useEffect(
            () => this.openDocument(),
            () => [this.editor.url, JSON.stringify(this.editor.sizes)],
        );
        useEffect(
            () => this.focusField(),
            () => [this.editor.focusKey, this.editor.fields],
        );
    }

    get scrollElement() {
        return this.scroller.el;
    }

    focusField() {
        const { focusKey } = this.editor;
        const el = focusKey && this.pages.el.querySelector(`[data-key="${focusKey}"]`);
        if (el) {
            this.isPressing = true;
            el.focus({ preventScroll: true });
            this.isPressing = false;
            el.scrollIntoView({ block: "nearest", inline: "nearest" });
            this.editor.focusKey = null;
        }
    }

    openDocument() {
        const view = new EditorDocument(this.pages.el, this.editor.url, {
            scroller: this.scroller.el,
            pageLabel: (number) => this.titleOf({ number }),
        });
        this.state.failed = false;
        view.load().catch((error) => {
            console.error(error);
            this.state.failed = true;
        });
        return () => view.destroy();
    }

    /** What each page shows, the same objects as before where nothing has changed. */
    get pageProps() {
        const { editor } = this;
        const { guides } = editor.overlay;
        const onPage = new Map();
        for (const field of editor.fields) {
            const number = editor.pageOf(field);
            onPage.has(number) ? onPage.get(number).push(field) : onPage.set(number, [field]);
        }
        return editor.sizes.map((size, at) => {
            const number = at + 1;
            const fields = this.sameAsBefore(number, onPage.get(number) || NONE);
            const selected = fields.filter((field) => editor.selected.has(field.key));
            const own = guides.length ? guides.filter((guide) => guide.page === number) : NONE;
            return {
                number,
                size,
                fields,
                selectedKeys: selected.map((field) => field.key).join(" "),
                hasHandles: selected.length === 1 && editor.selected.size === 1,
                guides: own.length ? own : NONE,
            };
        });
    }

    titleOf({ number }) {
        return _t("Page %(number)s of %(total)s", { number, total: this.editor.pageCount });
    }

    styleOf({ size: { width, height } }) {
        return `--o-signature-width: ${width}; aspect-ratio: ${width} / ${height};`;
    }

    sameAsBefore(number, fields) {
        const before = this.shown.get(number);
        if (before?.length === fields.length && fields.every((field, at) => field === before[at])) {
            return before;
        }
        this.shown.set(number, fields);
        return fields;
    }

    // Pointer and focus ----------------------------------------------------------------------------

    onPointerDown(ev) {
        if (ev.button !== 0) {
            return;
        }
        const handle = ev.target.closest("[data-handle]");
        const el = ev.target.closest("[data-key]");
        const field = el && !this.editor.armed && this.editor.field(el.dataset.key);
        if (field && handle) {
            this.props.gestures.onHandle(ev, field, handle.dataset.handle);
        } else if (field) {
            this.props.gestures.onField(ev, field);
            this.isPressing = true;
            el.focus({ preventScroll: true });
            this.isPressing = false;
        } else if (this.isOnContent(ev)) {
            this.props.gestures.onPage(ev);
        }
    }

    onDoubleClick(ev) {
        if (ev.target.closest("[data-key]")) {
            this.props.onEdit();
        }
    }

    /** A press on a scroll bar is none on the document. */
    isOnContent({ clientX, clientY }) {
        const { left, top } = this.scroller.el.getBoundingClientRect();
        const { clientWidth, clientHeight } = this.scroller.el;
        return clientX < left + clientWidth && clientY < top + clientHeight;
    }

    /** Who comes with the Tab key works on that field. */
    onFocusIn(ev) {
        const key = ev.target.closest("[data-key]")?.dataset.key;
        if (key && !this.isPressing && !this.editor.selected.has(key)) {
            this.editor.select([key]);
        }
    }

    // Place and zoom -------------------------------------------------------------------------------

    onScroll() {
        this.frame ||= requestAnimationFrame(() => {
            this.frame = null;
            if (this.scroller.el) {
                this.editor.page = this.pageInSight();
            }
        });
    }

    /** The page that covers the middle of what is in sight. */
    pageInSight() {
        const { scrollTop, clientHeight } = this.scroller.el;
        const pages = this.pages.el.children;
        let [low, high] = [0, pages.length - 1];
        while (low < high) {
            const middle = Math.ceil((low + high) / 2);
            if (pages[middle].offsetTop <= scrollTop + clientHeight / 2) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low + 1;
    }

    goTo(number) {
        const el = this.pages.el.children[number - 1];
        if (el) {
            this.scroller.el.scrollTop = el.offsetTop - MARGIN;
        }
    }

    get percent() {
        return Math.round((this.state.scale / FULL_SIZE) * 100);
    }

    /** Fits the width that is usual in this document; the few wider pages can be scrolled. */
    fit() {
        const { el } = this.scroller;
        if (this.state.isFit && el?.clientWidth) {
            const widths = this.editor.sizes.map((size) => size.width).sort((a, b) => a - b);
            const { paddingLeft, paddingRight } = getComputedStyle(this.pages.el);
            const free = el.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
            this.zoomTo(Math.min(free / widths[Math.floor(widths.length / 2)], MAX_FIT));
            el.scrollLeft = (el.scrollWidth - el.clientWidth) / 2;
        }
    }

    onFit() {
        this.state.isFit = true;
        this.fit();
    }

    onZoom(factor, anchor) {
        this.state.isFit = false;
        this.zoomTo(this.state.scale * factor, anchor);
    }

    onWheel(ev) {
        if (ev.ctrlKey || ev.metaKey) {
            ev.preventDefault();
            this.onZoom(Math.exp(-ev.deltaY / 300), ev);
        }
    }

    zoomIn() {
        this.onZoom(STEP);
    }

    zoomOut() {
        this.onZoom(1 / STEP);
    }

    /** Changes the scale, in pixels for a point; what is at the anchor stays there. */
    zoomTo(scale, anchor = this.middle()) {
        const { el } = this.scroller;
        const page = this.pages.el.children[this.editor.page - 1];
        const before = page.getBoundingClientRect();
        const x = (anchor.clientX - before.left) / before.width;
        const y = (anchor.clientY - before.top) / before.height;
        this.state.scale = Math.max(MIN_SCALE, Math.min(scale, MAX_SCALE));
        el.style.setProperty("--o-signature-scale", this.state.scale);
        const after = page.getBoundingClientRect();
        el.scrollLeft += after.left + x * after.width - anchor.clientX;
        el.scrollTop += after.top + y * after.height - anchor.clientY;
    }

    middle() {
        const { left, top } = this.scroller.el.getBoundingClientRect();
        const { clientWidth, clientHeight, scrollTop } = this.scroller.el;
        // at the very top, the top stays
        const clientY = scrollTop ? top + clientHeight / 2 : top;
        return { clientX: left + clientWidth / 2, clientY };
    }

    /** Places a field in the middle of what is in sight, for those who use no pointer. */
    placeInSight(type) {
        const number = this.pageInSight();
        const { x, y } = this.centreOf(number);
        this.editor.add(this.editor.newField(type, number, x, y));
    }

    /** The middle of the part of a page that is in sight, in points. */
    centreOf(number) {
        const page = this.pages.el.children[number - 1].getBoundingClientRect();
        const area = this.scroller.el.getBoundingClientRect();
        const top = Math.max(page.top, area.top);
        const bottom = Math.min(page.bottom, area.bottom);
        const size = this.editor.sizeOf(number);
        const y = (((top + bottom) / 2 - page.top) / page.height) * size.height;
        return { x: size.width / 2, y };
    }

    /** Puts a field whose page is gone onto the page in sight. */
    placeLost(field) {
        const number = this.pageInSight();
        this.editor.toPage([field], number, false);
        this.editor.select([field.key]);
        this.editor.focusKey = field.key;
    }
}
