import { find } from "./document_page";
import { callRoute } from "./server";
import { isPersonHere } from "./surroundings";

const LENGTH = 6;

/** The digits of a text, also those of Arabic and Persian keyboards, as 0 to 9. */
function digitsOf(text) {
    return text
        .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => digit.charCodeAt(0) & 15)
        .replace(/\D/g, "");
}

/** The page before the document: who opens it first enters a code. */
export class CodePage {
    constructor(config) {
        this.url = config.url;
        this.card = find("[data-method]");
        this.isSent = this.card.dataset.method !== "code";
        this.input = find("#o_sign_code");
        this.isBusy = false;
        this.input.addEventListener("input", () => this.onInput());
        find("[data-step=enter]").addEventListener("submit", (ev) => {
            ev.preventDefault();
            this.check();
        });
        for (const button of document.querySelectorAll("[data-action=send]")) {
            button.addEventListener("click", () => this.send());
        }
        find("[data-action=enter]")?.addEventListener("click", () => this.enter());
    }

    text(name) {
        return find(`[data-text=${name}]`).textContent;
    }

    /** Shows what is wrong where the person is now, or nothing. */
    showError(message = "") {
        for (const el of document.querySelectorAll("[data-error]")) {
            el.textContent = el.closest("[hidden]") ? "" : message;
        }
    }

    /** Calls a route and shows why it was refused; resolves to nothing when no answer came. */
    async call(path, params) {
        // a mail scanner that clicks everything by script must not use up the codes and the tries
        if (this.isBusy || !isPersonHere()) {
            return null;
        }
        this.isBusy = true;
        this.card.setAttribute("aria-busy", "true");
        this.showError();
        try {
            const result = await callRoute(`${this.url}${path}`, params);
            this.showError(result.error?.message);
            return result;
        } catch (error) {
            console.error(error);
            this.showError(this.text("offline"));
            return null;
        } finally {
            this.isBusy = false;
            this.card.removeAttribute("aria-busy");
        }
    }

    async send() {
        if (Date.now() < this.sendAgainAt) {
            return;
        }
        const result = await this.call("/code");
        if (result?.state) {
            this.enter();
            find("[data-sent]").hidden = false;
            this.showError(result.state.problem);
            this.input.value = "";
            this.sendAgainAt = Date.now() + result.state.wait * 1000;
            this.countDown();
        }
    }

    enter() {
        find("[data-step=send]").hidden = true;
        find("[data-step=enter]").hidden = false;
        this.input.focus();
    }

    /** Says when the code can be sent again. */
    countDown() {
        const seconds = Math.ceil((this.sendAgainAt - Date.now()) / 1000);
        const isWaiting = seconds > 0;
        find("[data-seconds]").textContent = seconds;
        find("[data-again=wait]").hidden = !isWaiting;
        find("[data-again=now]").hidden = isWaiting;
        find("[data-step=enter] [data-action=send]").setAttribute("aria-disabled", isWaiting);
        if (isWaiting) {
            setTimeout(() => this.countDown(), 1000);
        }
    }

    onInput() {
        this.input.removeAttribute("aria-invalid");
        if (this.isSent && digitsOf(this.input.value).length === LENGTH) {
            this.check();
        }
    }

    async check() {
        const code = this.isSent ? digitsOf(this.input.value) : this.input.value.trim();
        if (this.isSent ? code.length !== LENGTH : !code) {
            this.showError(this.text("empty"));
            this.refuse();
            return;
        }
        const result = await this.call("/code/check", { code });
        if (result?.state) {
            window.location.reload();
        } else if (result) {
            this.refuse();
        }
    }

    refuse() {
        this.input.setAttribute("aria-invalid", "true");
        this.input.focus();
        this.input.select();
    }
}
