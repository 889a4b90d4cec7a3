import { Component, useState } from "@odoo/owl";
import { CopyButton } from "@web/core/copy_button/copy_button";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useAutofocus, useService } from "@web/core/utils/hooks";

/** Shows a secret link to copy, and its QR code to be photographed. The link is kept nowhere. */
export class LinkDialog extends Component {
    static template = "signature_workflow.LinkDialog";
    static components = { CopyButton, Dialog };
    static props = {
        signerId: Number,
        name: String,
        canHandOver: Boolean,
        isTablet: Boolean,
        url: String,
        qr: { type: Object, shape: { path: String, size: Number } },
        close: Function,
    };

    setup() {
        this.orm = useService("orm");
        useAutofocus({ refName: "url", selectAll: true });
        const { isTablet, url, qr } = this.props;
        this.link = useState({ isTablet, url, qr });
    }

    get title() {
        return _t("Link for %s", this.props.name);
    }

    get advice() {
        const { name } = this.props;
        return this.link.isTablet
            ? _t(
                  "Scan this with the tablet, then hand it to %s. It is recorded that you were there.",
                  name,
              )
            : _t("Let %s scan this, or copy the link. Whoever has it can act in their name.", name);
    }

    get copied() {
        return _t("Copied");
    }

    async showForTablet() {
        const action = await this.orm.call("signature.signer", "action_show_tablet_link", [
            this.props.signerId,
        ]);
        const { isTablet, url, qr } = action.params;
        Object.assign(this.link, { isTablet, url, qr });
    }

    select(ev) {
        ev.target.select();
    }
}

// a function, not a component: the web client keeps the actions that it shows for the next reload
registry
    .category("actions")
    .add("signature_workflow.link_dialog", (env, { params }, { onClose }) => {
        env.services.dialog.add(LinkDialog, params, { onClose });
    });
