import { Component, useState } from "@odoo/owl";
import { problemsOf } from "./field_rules";

/** What the template has, while nothing is selected: its roles, and its fields page by page. */
export class Overview extends Component {
    static template = "signature_workflow.TemplateEditorOverview";
    static props = {};

    setup() {
        this.editor = useState(this.env.editor);
    }

    get roles() {
        const { editor } = this;
        // a text, a report or a Word file may have places to sign of its own
        const isWhole = editor.template.kind === "pdf";
        return editor.roles.map((role) => {
            const fields = editor.fields.filter((field) => field.role_id === role.id);
            const signs = fields.some((field) => ["signature", "initials"].includes(field.type));
            return { ...role, count: fields.length, isSilent: isWhole && !signs };
        });
    }

    get pages() {
        const { editor } = this;
        const pages = new Map();
        for (const field of editor.fields) {
            const number = editor.pageOf(field);
            if (number && !pages.has(number)) {
                pages.set(number, []);
            }
            pages.get(number)?.push(field);
        }
        return [...pages].map(([number, fields]) => ({ number, fields }));
    }

    problems(field) {
        return problemsOf(field, this.editor.roles).join(". ");
    }

    open(field) {
        this.editor.select([field.key]);
        this.editor.focusKey = field.key;
    }
}
