import { HtmlField, htmlField } from "@html_editor/fields/html_field";
import { QWebPlugin } from "@html_editor/others/qweb_plugin";
import { registry } from "@web/core/registry";
import { PlaceholderPlugin } from "./placeholder_plugin";

/** The text of a template: Odoo's editor with a bar to insert merge fields and places to sign. */
export class TemplateBodyField extends HtmlField {
    static template = "signature_workflow.TemplateBodyField";

    getConfig() {
        const config = super.getConfig();
        const { record } = this.props;
        return {
            ...config,
            Plugins: [...config.Plugins, QWebPlugin, PlaceholderPlugin],
            signature: {
                getResModel: () => record.data.model,
                getRoles: () =>
                    record.data.role_ids.records
                        .map((line) => line.data.role_id.display_name)
                        .filter(Boolean),
            },
        };
    }

    openPlaceholder(name, ev) {
        this.editor.shared.signaturePlaceholder.openPlaceholder(name, ev.currentTarget);
    }
}

export const templateBodyField = {
    ...htmlField,
    component: TemplateBodyField,
    // the look of an HTML field
    additionalClasses: ["o_field_html"],
    fieldDependencies: [{ name: "model", type: "char", readonly: true }],
};

registry.category("fields").add("signature_body", templateBodyField);
