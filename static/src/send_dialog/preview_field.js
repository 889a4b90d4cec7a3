import { Component, onWillUnmount, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * Shows the pages of the document behind a URL, one at a time. They are made while one waits, so the
 * dialog is there at once; when that cannot be done, the server says why, and that is shown instead.
 */
export class SignaturePreviewField extends Component {
    static template = "signature_workflow.PreviewField";
    static props = { ...standardFieldProps };

    setup() {
        this.state = useState({ src: "", problem: "", isLoading: false, page: 1, pages: 1 });
        useRecordObserver((record) => {
            const url = record.data[this.props.name] || "";
            if (url !== this.url) {
                this.url = url;
                // not awaited: the dialog opens without the picture
                this.load(1);
            }
        });
        onWillUnmount(() => this.release());
    }

    async load(page) {
        const { url } = this;
        this.release();
        Object.assign(this.state, { src: "", problem: "", isLoading: Boolean(url), page });
        if (!url) {
            return;
        }
        const response = await fetch(`${url}&page=${page}`);
        const [src, problem] = response.ok
            ? [URL.createObjectURL(await response.blob()), ""]
            : ["", response.status === 422 ? await response.text() : response.statusText];
        if (this.url === url && this.state.page === page) {
            const pages = Number(response.headers.get("X-Pages")) || 1;
            Object.assign(this.state, { src, problem, pages, isLoading: false });
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
