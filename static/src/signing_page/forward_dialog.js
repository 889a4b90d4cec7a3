import { FormDialog } from "./form_dialog";

/** Asks who is to sign instead. */
export class ForwardDialog extends FormDialog {
    get problem() {
        const { name, email, phone } = this.form.elements;
        if (!name.value.trim()) {
            return "name";
        }
        if (!email.value.trim() || email.validity.typeMismatch) {
            return "email";
        }
        return phone && !phone.value.trim() ? "phone" : "";
    }
}
