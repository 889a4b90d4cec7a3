import { Component, onWillUnmount, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * Shows the picture behind a URL. It is made while one waits, so the dialog is there at once; when
 * it cannot be made, the server says why, and that is shown instead.
 */
export class SignaturePreviewField extends Component {
    static template = "signature_workflow.PreviewField";
    static props = { ...standardFieldProps };

    setup() {
        this.state = useState({ src: "", problem: "", isLoading: false });
        useRecordObserver((record) => {
            const url = record.data[this.props.name] || "";
            if (url !== this.shown) {
                // not awaited: the dialog opens without the picture
                this.load(url);
            }
        });
        onWillUnmount(() => this.release());
    }

    async load(url) {
        this.shown = url;
        this.release();
        Object.assign(this.state, { src: "", problem: "", isLoading: Boolean(url) });
        if (!url) {
            return;
        }
        const response = await fetch(url);
        const [src, problem] = response.ok
            ? [URL.createObjectURL(await response.blob()), ""]
            : ["", response.status === 422 ? await response.text() : response.statusText];
        if (this.shown === url) {
            Object.assign(this.state, { src, problem, isLoading: false });
        } else if (src) {
            URL.revokeObjectURL(src);
        }
    }

    release() {
        if (this.state.src) {
            URL.revokeObjectURL(this.state.src);
        }
    }
}

registry.category("fields").add("signature_preview", {
    component: SignaturePreviewField,
    supportedTypes: ["char"],
});
