import { format } from "./formats";
import { makeInput } from "./inputs";

const WIDE = "(min-width: 900px)";

/**
 * The one place to type in: at the bottom of a phone, large and above its keyboard; right below the
 * field on a wide screen.
 */
export class FieldEditor {
    /**
     * @param {HTMLElement} el
     * @param {Object} page with its texts and config
     * @param {Object} on
     * @param {(field: Object) => void} on.change the value of the field was changed
     * @param {(field: Object) => number} on.sizeOfOthers see makeInput
     * @param {() => void} on.enter Enter was pressed: go on
     * @param {() => void} on.close
     */
    constructor(el, { texts, config }, on) {
        Object.assign(this, { el, texts, config, on });
        this.home = el.parentElement;
        this.label = el.querySelector("[data-editor-label]");
        this.help = el.querySelector("[data-editor-help]");
        this.place = el.querySelector("[data-editor-input]");
        this.error = el.querySelector("[data-editor-error]");
        this.field = null;
        this.wide = window.matchMedia(WIDE);
        el.querySelector("[data-action=close-editor]").addEventListener("click", () => {
            this.close();
        });
        el.addEventListener("keydown", (ev) => this.onKeydown(ev));
    }

    get isOpen() {
        return Boolean(this.field);
    }

    open(field, error = "") {
        this.leave();
        this.field = field;
        // all that is typed until it closes is one change
        this.session = {};
        this.el.hidden = false;
        this.el.dir = document.documentElement.dir;
        this.el.classList.toggle("o_sign_editor_check", field.type === "checkbox");
        this.label.textContent = field.title;
        if (field.isRequired) {
            this.label.append(" *");
        } else {
            this.label.append(` ${this.texts.optional}`);
        }
        this.input = this.makeInput(field);
        const lost = field.lost && format(this.texts.lost, { name: field.lost });
        this.help.textContent = [field.help, this.input.hint, lost].filter(Boolean).join(" ");
        // a group has its name by itself; the label of its first button is that button's own
        this.label.htmlFor = field.type === "radio" ? "" : this.input.control.id;
        this.place.replaceChildren(this.input.el);
        this.showError(error);
        field.el.classList.add("o_sign_current");
        this.settle();
        this.input.control.focus({ preventScroll: true });
    }

    makeInput(field) {
        return makeInput(field, {
            texts: this.texts,
            config: this.config,
            onChange: () => {
                this.showError(field.isTooLong ? this.texts.long : "");
                this.on.change(field);
            },
            onError: (message) => this.showError(message),
            sizeOfOthers: () => this.on.sizeOfOthers(field),
        });
    }

    /** Stands below its field where there is room, above it near the end of a page. */
    settle() {
        const { field, el, home } = this;
        el.parentElement.classList.remove("o_sign_raised");
        if (!this.wide.matches) {
            home.prepend(el);
            el.removeAttribute("style");
            return;
        }
        field.el.after(el);
        // it may reach over the page that follows
        el.parentElement.classList.add("o_sign_raised");
        const below = field.y + field.height < 75;
        el.style.left = `min(${field.x}%, 100% - 23rem)`;
        el.style.top = below ? `calc(${field.y + field.height}% + 10px)` : "auto";
        el.style.bottom = below ? "auto" : `calc(${100 - field.y}% + 10px)`;
    }

    /** Tells whether the field may be left as it is, and says why not. */
    check() {
        const { field, input, texts } = this;
        const asked = { checkbox: texts.check, radio: texts.radio, choice: texts.radio };
        Object.assign(asked, { file: texts.no_file, stamp: texts.no_picture });
        const missing = field.isMissing && (asked[field.type] || texts.required);
        // "12x" is no number, rather than nothing at all
        const problem = input.problem() || missing;
        if (problem) {
            this.showError(problem);
            input.control.focus();
        }
        return !problem;
    }

    showError(message) {
        this.error.textContent = message;
        this.input.control.setAttribute("aria-invalid", String(Boolean(message)));
    }

    onKeydown(ev) {
        const isTyped = this.isOpen && ev.target === this.input.control;
        if (ev.key === "Escape") {
            this.close();
        } else if (ev.key === "Enter" && isTyped && !/textarea|file/.test(ev.target.type)) {
            // goes on to the next field and never sends anything
            ev.preventDefault();
            this.on.enter();
        }
    }

    leave() {
        if (this.field) {
            this.field.el.classList.remove("o_sign_current");
            this.field = null;
            this.session = null;
        }
    }

    close() {
        const { field } = this;
        if (field) {
            this.leave();
            this.el.hidden = true;
            this.el.parentElement.classList.remove("o_sign_raised");
            this.home.prepend(this.el);
            field.el.focus({ preventScroll: true });
            this.on.close();
        }
    }
}
