/* global SignaturePad */

import { markFromPad, padOfMark, PEN_COLOR } from "./mark";

const MAX_DENSITY = 3;

/** Where a mark is drawn with finger, pen or mouse. */
export class DrawPanel {
    /**
     * @param {HTMLElement} el
     * @param {() => void} onChange
     */
    constructor(el, onChange) {
        this.onChange = onChange;
        this.canvas = el.querySelector("canvas");
        this.hint = el.querySelector(".o_sign_pad_hint");
        this.size = { width: 0, height: 0 };
        this.drawn = { size: this.size, groups: [] };
        this.pad = new SignaturePad(this.canvas, {
            penColor: PEN_COLOR,
            minWidth: 1.4,
            maxWidth: 2.8,
            minDistance: 2,
        });
        this.pad.addEventListener("beginStroke", () => this.onDrawn(false));
        this.pad.addEventListener("endStroke", () => this.remember());
        el.querySelector("[data-action=undo]").addEventListener("click", () => this.undo());
        el.querySelector("[data-action=clear]").addEventListener("click", () => this.clear());
        new ResizeObserver(() => this.resize()).observe(this.canvas.parentElement);
    }

    /** The mark that stands here, or nothing. */
    get mark() {
        return markFromPad(this.pad.toData(), this.size.width, this.size.height);
    }

    set mark(mark) {
        this.drawn = { size: mark, groups: padOfMark(mark) };
        this.redraw();
    }

    onDrawn(isEmpty) {
        this.hint.hidden = !isEmpty;
        this.onChange();
    }

    undo() {
        this.pad.fromData(this.pad.toData().slice(0, -1));
        this.onDrawn(!this.pad.toData().length);
        this.remember();
    }

    clear() {
        this.pad.clear();
        this.onDrawn(true);
        this.remember();
    }

    /** Keeps the strokes as they were drawn: what is scaled again and again would shrink. */
    remember() {
        this.drawn = { size: this.size, groups: this.pad.toData() };
    }

    /** Fits the pad to its place; turning the phone keeps what was drawn. */
    resize() {
        const { clientWidth: width, clientHeight: height } = this.canvas.parentElement;
        if (!width || (width === this.size.width && height === this.size.height)) {
            return;
        }
        this.size = { width, height };
        const density = Math.min(window.devicePixelRatio || 1, MAX_DENSITY);
        this.canvas.width = width * density;
        this.canvas.height = height * density;
        this.canvas.getContext("2d").scale(density, density);
        this.redraw();
    }

    redraw() {
        this.hint.hidden = this.drawn.groups.length > 0;
        // a pad that was never shown has no size yet; it is drawn once it has one
        if (this.size.width) {
            this.pad.fromData(this.scaledGroups());
        }
    }

    /** What was drawn, in the middle of the pad as it is now. */
    scaledGroups() {
        const { size, groups } = this.drawn;
        const { width, height } = this.size;
        const scale = Math.min(width / size.width, height / size.height);
        const left = (width - size.width * scale) / 2;
        const top = (height - size.height * scale) / 2;
        const placed = (point) => ({
            ...point,
            x: left + point.x * scale,
            y: top + point.y * scale,
        });
        return groups.map((group) => ({ ...group, points: group.points.map(placed) }));
    }
}
