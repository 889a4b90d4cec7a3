import { openDialog } from "./dialog";

/** Asks for the reason, and for nothing without one. */
export class DeclineDialog {
    /**
     * @param {HTMLElement} el
     * @param {(reason: string) => Promise<Object>} send gives the server's answer
     * @param {() => void} onDeclined
     */
    constructor(el, send, onDeclined) {
        Object.assign(this, { el, send, onDeclined });
        this.reason = el.querySelector("textarea");
        this.isSending = false;
        el.querySelector("[data-action=confirm]").addEventListener("click", () => this.confirm());
    }

    open() {
        this.showError(null);
        openDialog(this.el);
    }

    showError(kind, message) {
        for (const el of this.el.querySelectorAll("[data-error]")) {
            el.hidden = el.dataset.error !== kind;
        }
        this.el.querySelector("[data-error=refused]").textContent = message || "";
        this.reason.setAttribute("aria-invalid", String(kind === "empty"));
    }

    async confirm() {
        if (!this.reason.value.trim()) {
            this.showError("empty");
            this.reason.focus();
            return;
        }
        if (this.isSending) {
            return;
        }
        this.isSending = true;
        try {
            const { error } = await this.send(this.reason.value);
            if (!error) {
                this.onDeclined();
                return;
            }
            this.showError("refused", error.message);
        } catch (error) {
            console.error(error);
            this.showError("offline");
        }
        this.isSending = false;
    }
}
