/* global SignaturePad */

import { openDialog } from "./dialog";
import { markFromPad, PEN_COLOR } from "./mark";

const MAX_DENSITY = 3;

/** Asks for the signer's mark, a signature or initials: drawn or typed, whichever they like better. */
export class SignatureDialog {
    constructor(el) {
        this.el = el;
        this.canvas = el.querySelector("canvas");
        this.typed = el.querySelector("[data-kind=typed] input");
        this.preview = el.querySelector(".o_sign_preview");
        this.hint = el.querySelector(".o_sign_pad_hint");
        this.size = { width: 0, height: 0 };
        this.pad = new SignaturePad(this.canvas, {
            penColor: PEN_COLOR,
            minWidth: 1.4,
            maxWidth: 2.8,
            minDistance: 2,
        });
        this.pad.addEventListener("beginStroke", () => this.onDrawn(false));
        this.pad.addEventListener("endStroke", () => this.remember());
        this.typed.addEventListener("input", () => this.showPreview());
        this.typed.addEventListener("keydown", (ev) => ev.key === "Enter" && this.adopt());
        for (const radio of el.querySelectorAll(".o_sign_tabs input")) {
            radio.addEventListener("change", () => this.showKind(radio.value));
        }
        this.onClick("undo", () => this.undo());
        this.onClick("clear", () => this.clear());
        this.onClick("adopt", () => this.adopt());
        new ResizeObserver(() => this.resize()).observe(this.canvas.parentElement);
    }

    onClick(action, handler) {
        this.el.querySelector(`[data-action=${action}]`).addEventListener("click", handler);
    }

    get kind() {
        return this.el.querySelector(".o_sign_tabs input:checked").value;
    }

    /**
     * @param {Object} options
     * @param {string} options.name stands in the typed signature until somebody changes it
     * @param {number} options.count how many fields the mark will fill
     * @param {(mark: Object) => void} options.onAdopt
     */
    open({ name, count, onAdopt }) {
        this.onAdopt = onAdopt;
        this.typed.value = this.typed.value || name;
        this.showPreview();
        this.el.querySelector("[data-several]").hidden = count < 2;
        this.el.querySelector("[data-count]").textContent = count;
        this.showKind(this.kind);
        this.close = openDialog(this.el);
    }

    showKind(kind) {
        for (const panel of this.el.querySelectorAll("[data-kind]")) {
            panel.hidden = panel.dataset.kind !== kind;
        }
        this.showError(null);
    }

    showPreview() {
        this.preview.textContent = this.typed.value;
        this.showError(null);
    }

    showError(kind) {
        for (const el of this.el.querySelectorAll("[data-error]")) {
            el.hidden = el.dataset.error !== kind;
        }
        this.typed.setAttribute("aria-invalid", String(kind === "typed"));
    }

    onDrawn(isEmpty) {
        this.hint.hidden = !isEmpty;
        this.showError(null);
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
        this.pad.fromData(this.drawn ? this.scaledGroups() : []);
    }

    scaledGroups() {
        const { size, groups } = this.drawn;
        const scale = Math.min(this.size.width / size.width, this.size.height / size.height);
        const scaled = (point) => ({ ...point, x: point.x * scale, y: point.y * scale });
        return groups.map((group) => ({ ...group, points: group.points.map(scaled) }));
    }

    adopt() {
        const { width, height } = this.size;
        const text = this.typed.value.trim();
        const mark =
            this.kind === "drawn"
                ? markFromPad(this.pad.toData(), width, height)
                : text && { kind: "typed", text };
        if (!mark) {
            this.showError(this.kind);
            this.kind === "typed" && this.typed.focus();
            return;
        }
        this.close();
        this.onAdopt(mark);
    }
}
