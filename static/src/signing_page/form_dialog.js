import { openDialog, shieldFromDoubleTap } from "./dialog";
import { isPersonHere } from "./surroundings";

/** A dialog that asks for something and sends it: to decline, to approve, to forward. */
export class FormDialog {
    /**
     * @param {HTMLElement} el
     * @param {Object} values what was written before, by the names of the inputs
     * @param {Object} on
     * @param {(values: Object) => void} on.change
     * @param {(values: Object) => Promise<Object>} on.send gives the server's answer
     * @param {(reply: Object) => void} on.done it was sent
     * @param {(error: Object) => void} on.refusedField the server objects to a field of the document
     */
    constructor(el, values, on) {
        Object.assign(this, { el, on });
        this.form = el.querySelector("form");
        this.inputs = [...this.form.querySelectorAll("[name]")];
        this.button = this.form.querySelector("[type=submit]");
        this.isSending = false;
        for (const input of this.inputs) {
            const value = values[input.name];
            if (input.type === "radio") {
                input.checked = input.value === value;
            } else {
                input.value = value || "";
            }
        }
        this.form.addEventListener("input", () => this.onInput());
        this.form.addEventListener("keydown", (ev) => {
            // it would press the last button, which is a step that nobody can take back
            if (ev.key === "Enter" && ev.target.matches("input")) {
                ev.preventDefault();
            }
        });
        this.form.addEventListener("submit", (ev) => {
            ev.preventDefault();
            this.submit();
        });
        this.settle();
    }

    get values() {
        return Object.fromEntries(new FormData(this.form));
    }

    /** What is wrong with what was written: names of texts in the dialog, with spaces between, or nothing. */
    get problem() {
        return "";
    }

    /** Shows what goes with what was written. */
    settle() {}

    open() {
        this.showError("");
        this.close = openDialog(this.el);
        shieldFromDoubleTap(this.button);
    }

    onInput() {
        this.settle();
        this.showError("");
        this.on.change(this.values);
    }

    /** Shows some of the texts that stand in the dialog, and leads to the first input that they are about. */
    showError(problem, message = "") {
        const names = problem.split(" ");
        for (const el of this.el.querySelectorAll("[data-error]")) {
            el.hidden = !names.includes(el.dataset.error);
            if (el.dataset.error === "refused") {
                el.textContent = message;
            }
        }
        const isMeant = ({ dataset }) => names.includes(dataset.errors);
        for (const input of this.inputs) {
            input.setAttribute("aria-invalid", String(isMeant(input)));
        }
        const first = this.inputs.find(isMeant);
        first && first.focus();
    }

    showSending(isSending) {
        this.isSending = isSending;
        this.button.setAttribute("aria-disabled", String(isSending));
        for (const label of this.button.children) {
            label.hidden = (label.dataset.mode === "sending") !== isSending;
        }
    }

    async submit() {
        if (this.isSending) {
            return;
        }
        const problem = isPersonHere() ? this.problem : "nobody";
        this.showError(problem);
        if (problem) {
            return;
        }
        this.showSending(true);
        try {
            const reply = await this.on.send(this.values);
            if (!reply.error) {
                // still busy: the page is loaded anew
                this.on.done(reply);
                return;
            }
            this.showRefusal(reply.error);
        } catch (error) {
            console.error(error);
            this.showError(error.isGone ? "gone" : "offline");
        }
        this.showSending(false);
    }

    showRefusal(error) {
        if (error.field_id) {
            this.close();
            this.on.refusedField(error);
        } else {
            this.showError("refused", error.message);
        }
    }
}
