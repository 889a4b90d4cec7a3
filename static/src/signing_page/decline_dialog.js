import { FormDialog } from "./form_dialog";

/** Asks why somebody declines, or does not approve; nothing is sent without a reason. */
export class DeclineDialog extends FormDialog {
    get chosen() {
        return this.form.querySelector("[name=reason]:checked");
    }

    /** Whether the chosen reason says it all. */
    get isEnough() {
        return Boolean(this.chosen) && !this.chosen.dataset.needsWords;
    }

    get problem() {
        if (this.isEnough || this.values.words.trim()) {
            return "";
        }
        return this.chosen || !this.form.querySelector("[name=reason]") ? "words" : "choice";
    }

    settle() {
        this.form.querySelector("[data-optional]").hidden = !this.isEnough;
        this.form.elements.words.setAttribute("aria-required", String(!this.isEnough));
    }
}
