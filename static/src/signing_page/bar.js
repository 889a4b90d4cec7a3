import { shieldFromDoubleTap } from "./dialog";
import { find } from "./document_page";

// What the large button does at last; before that it leads there.
const LAST_MODES = ["finish", "approve", "again", "sending"];
const NOTICES = ["offline", "refused", "nobody", "gone"];

/** The bar at the bottom: how far one has come, what comes next, and what went wrong. */
export class Bar {
    /** @param {Object} texts of the page */
    constructor(texts) {
        this.texts = texts;
        this.primary = find("#o_sign_primary");
        this.back = find("[data-action=back]");
        this.undo = find("[data-action=undo-change]");
        this.optional = find("[data-action=optional]");
        this.consent = find("#o_sign_consent");
        this.saved = find("[data-saved]");
        this.isLast = false;
        this.primary.addEventListener("keydown", (ev) => {
            // Enter that is held down has led here, and goes no further
            ev.repeat && ev.preventDefault();
        });
    }

    /**
     * @param {Object} state
     * @param {string} state.mode what the large button does
     * @param {number} state.done how many required fields are filled in
     * @param {number} state.total
     * @param {string} state.hint the name of the line above it, or nothing
     * @param {boolean} state.hasBack
     * @param {boolean} state.hasUndo
     * @param {boolean} state.hasOptional
     */
    show({ mode, done, total, hint, hasBack, hasUndo, hasOptional }) {
        for (const label of this.primary.children) {
            label.hidden = label.dataset.mode !== mode;
        }
        this.primary.setAttribute("aria-disabled", String(mode === "sending"));
        this.showLast(LAST_MODES.includes(mode));
        find("[data-done]").textContent = done;
        find("[data-total]").textContent = total;
        find("[data-left]").textContent = total - done;
        find(".o_sign_progress").hidden = !total;
        find(".o_sign_track_done").style.inlineSize = `${total ? (done / total) * 100 : 0}%`;
        for (const el of document.querySelectorAll("[data-hint]")) {
            el.hidden = el.dataset.hint !== hint;
        }
        this.back.hidden = !hasBack;
        this.undo.hidden = !hasUndo;
        this.optional.hidden = !hasOptional;
        find(".o_sign_hint p").hidden = !hint;
        find(".o_sign_hint").hidden = !hint && !hasUndo && !hasOptional;
    }

    /** What is agreed to by the last button stands above it; who approves reads it in the dialog. */
    showLast(isLast) {
        if (isLast && !this.isLast) {
            shieldFromDoubleTap(this.primary);
        }
        this.isLast = isLast;
        if (!this.consent) {
            return;
        }
        this.consent.hidden = !isLast;
        if (isLast) {
            this.primary.setAttribute("aria-describedby", this.consent.id);
        } else {
            this.primary.removeAttribute("aria-describedby");
        }
    }

    showNotice(name) {
        for (const kind of NOTICES) {
            find(`[data-notice=${kind}]`).hidden = kind !== name;
        }
    }

    showRefusal(message, isOutdated) {
        find("[data-refused]").textContent = message;
        find("[data-refused-reload]").hidden = !isOutdated;
        this.showNotice("refused");
    }

    /** Says which files were chosen before the page was loaded anew, and are not kept. */
    showLost(names) {
        find("[data-notice=lost]").hidden = !names.length;
        find("[data-lost]").textContent = names.join(", ");
    }

    /** Says quietly how the copy on the server fares; only what is new is read aloud. */
    showSaved(state, message) {
        this.saved.classList.toggle("o_sign_pending", state !== "saved");
        if (state === "saved") {
            this.saved.textContent = this.texts.saved;
        }
        if (state !== "pending") {
            const isSaid = state === "unsaved" || state === "device";
            find("[data-unsaved]").textContent = isSaid ? this.texts[state] : "";
        }
        if (state === "gone") {
            this.showNotice("gone");
        } else if (state === "refused") {
            this.showRefusal(message, true);
        }
    }

    announce(text) {
        find("[data-status]").textContent = text;
    }
}
