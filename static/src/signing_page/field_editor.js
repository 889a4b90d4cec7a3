const WIDE = "(min-width: 900px)";

/**
 * The one place to type in: at the bottom of a phone, large and above its keyboard; right below the
 * field on a wide screen.
 */
export class FieldEditor {
    /**
     * @param {HTMLElement} el
     * @param {Object} texts
     * @param {Object} on
     * @param {(field: Object) => void} on.change the value of the field was changed
     * @param {() => void} on.enter Enter was pressed: go on
     * @param {() => void} on.close
     */
    constructor(el, texts, on) {
        Object.assign(this, { el, texts, on });
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
        this.el.hidden = false;
        this.el.dir = document.documentElement.dir;
        this.el.classList.toggle("o_sign_editor_check", field.type === "checkbox");
        this.label.textContent = field.label;
        if (field.required) {
            this.label.append(" *");
        } else {
            this.label.append(` ${this.texts.optional}`);
        }
        this.help.textContent = field.help || "";
        this.input = this.makeInput(field);
        this.place.replaceChildren(this.input);
        this.showError(error);
        field.el.classList.add("o_sign_current");
        this.settle();
        this.input.focus({ preventScroll: true });
    }

    makeInput(field) {
        const input = document.createElement(field.isMultiline ? "textarea" : "input");
        input.id = "o_sign_input";
        input.required = Boolean(field.required);
        input.setAttribute("aria-describedby", "o_sign_help o_sign_field_error");
        if (field.type === "checkbox") {
            input.type = "checkbox";
            input.className = "o_sign_checkbox";
            input.checked = Boolean(field.value);
        } else {
            input.className = "o_sign_input";
            input.value = field.value || "";
            input.maxLength = field.type === "name" ? 500 : 2000;
            input.enterKeyHint = field.isMultiline ? "enter" : "next";
            input.autocomplete = field.type === "name" ? "name" : "off";
        }
        input.addEventListener("input", () => {
            field.setValue(field.type === "checkbox" ? input.checked : input.value);
            this.showError("");
            this.on.change(field);
        });
        return input;
    }

    /** Stands below its field where there is room, above it near the end of a page. */
    settle() {
        const { field, el, home } = this;
        if (!this.wide.matches) {
            home.prepend(el);
            el.removeAttribute("style");
            return;
        }
        field.el.after(el);
        const below = field.y + field.height < 75;
        el.style.left = `min(${field.x}%, 100% - 23rem)`;
        el.style.top = below ? `calc(${field.y + field.height}% + 10px)` : "auto";
        el.style.bottom = below ? "auto" : `calc(${100 - field.y}% + 10px)`;
    }

    /** Tells whether the field may be left as it is, and says why not. */
    check() {
        if (this.field.isMissing) {
            const { check, required } = this.texts;
            this.showError(this.field.type === "checkbox" ? check : required);
            this.input.focus();
            return false;
        }
        return true;
    }

    showError(message) {
        this.error.textContent = message;
        this.input.setAttribute("aria-invalid", String(Boolean(message)));
    }

    onKeydown(ev) {
        if (ev.key === "Escape") {
            this.close();
        } else if (ev.key === "Enter" && ev.target === this.input && !this.field.isMultiline) {
            // goes on to the next field and never sends anything
            ev.preventDefault();
            this.on.enter();
        }
    }

    leave() {
        if (this.field) {
            this.field.el.classList.remove("o_sign_current");
            this.field = null;
        }
    }

    close() {
        const { field } = this;
        if (field) {
            this.leave();
            this.el.hidden = true;
            this.home.prepend(this.el);
            field.el.focus({ preventScroll: true });
            this.on.close();
        }
    }
}
