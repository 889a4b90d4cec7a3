import { FormDialog } from "./form_dialog";

/** Asks who is to sign instead. */
export class ForwardDialog extends FormDialog {
    get problem() {
        const { name, email, phone } = this.form.elements;
        const problems = [
            !name.value.trim() && "name",
            (!email.value.trim() || email.validity.typeMismatch) && "email",
            phone && !phone.value.trim() && "phone",
        ];
        return problems.filter(Boolean).join(" ");
    }
}
