import { openDialog } from "./dialog";
import { DrawPanel } from "./draw_panel";
import { sizeOf } from "./picture";
import { PicturePanel } from "./picture_panel";
import { TypePanel } from "./type_panel";

/** Asks for the signer's mark, a signature or initials: drawn, typed or a picture, whichever they like best. */
export class SignatureDialog {
    constructor(el) {
        this.el = el;
        const panel = (kind) => el.querySelector(`[data-kind=${kind}]`);
        const onChange = () => this.showError(null);
        const onProblem = (problem) => this.showError(problem);
        this.panels = {
            drawn: new DrawPanel(panel("drawn"), onChange),
            typed: new TypePanel(panel("typed"), onChange),
            picture: new PicturePanel(panel("picture"), onChange, onProblem),
        };
        for (const radio of el.querySelectorAll(".o_sign_tabs input")) {
            radio.addEventListener("change", () => this.showKind(radio.value));
        }
        panel("typed").addEventListener("keydown", (ev) => this.onTypedKeydown(ev));
        el.addEventListener("keydown", (ev) => this.onKeydown(ev));
        el.querySelector("[data-action=adopt]").addEventListener("click", () => this.adopt());
    }

    get kind() {
        return this.el.querySelector(".o_sign_tabs input:checked").value;
    }

    /**
     * @param {Object} options
     * @param {string} options.name stands in the typed signature until somebody changes it
     * @param {number} options.count how many fields the mark will fill
     * @param {Object} [options.mark] what the field holds already
     * @param {number} options.room how many bytes a picture may have
     * @param {(mark: Object) => void} options.onAdopt
     */
    open({ name, count, mark, room, onAdopt }) {
        Object.assign(this, { room, onAdopt });
        this.el.querySelector("[data-several]").hidden = count < 2;
        this.el.querySelector("[data-count]").textContent = count;
        if (mark) {
            this.panels[mark.kind].mark = mark;
            this.el.querySelector(`.o_sign_tabs [value=${mark.kind}]`).checked = true;
        }
        this.panels.typed.suggest(name);
        this.close = openDialog(this.el);
        this.showKind(this.kind);
    }

    showKind(kind) {
        for (const panel of this.el.querySelectorAll("[data-kind]")) {
            panel.hidden = panel.dataset.kind !== kind;
        }
        if (kind === "typed") {
            this.panels.typed.show();
        }
        this.showError(null);
    }

    showError(problem) {
        for (const el of this.el.querySelectorAll("[data-error]")) {
            el.hidden = el.dataset.error !== problem;
        }
        for (const input of this.el.querySelectorAll("[aria-invalid]")) {
            const isHere = Boolean(input.closest(`[data-kind=${this.kind}]`));
            input.setAttribute("aria-invalid", String(Boolean(problem) && isHere));
        }
    }

    onTypedKeydown(ev) {
        // Enter may also end a word of an input method
        if (ev.key === "Enter" && !ev.isComposing) {
            // it would press the button that has the focus afterwards
            ev.preventDefault();
            this.adopt();
        }
    }

    onKeydown(ev) {
        const isUndo = (ev.ctrlKey || ev.metaKey) && !ev.shiftKey && ev.key.toLowerCase() === "z";
        if (isUndo && this.kind === "drawn") {
            ev.preventDefault();
            this.panels.drawn.undo();
        }
    }

    adopt() {
        const { mark, input } = this.panels[this.kind];
        const isTooLarge = mark && mark.data && sizeOf(mark.data) > this.room;
        if (!mark || isTooLarge) {
            this.showError(mark ? "room" : this.kind);
            input && input.focus();
            return;
        }
        this.close();
        this.onAdopt(mark);
    }
}
