import { Component, useState } from "@odoo/owl";
import { useAutofocus } from "@web/core/utils/hooks";
import { PLACE_TYPES, placeToSign } from "./placeholders";

/** Asks what a signer fills, and who. */
export class PlacePopover extends Component {
    static template = "signature_workflow.PlacePopover";
    static props = {
        roles: { type: Array, element: String },
        insert: Function,
        close: Function,
    };

    setup() {
        useAutofocus({ refName: "first" });
        this.types = PLACE_TYPES;
        this.state = useState({
            type: "signature",
            role: this.props.roles[0] || "",
            label: "",
            required: true,
            choices: "",
        });
    }

    get asks() {
        return Boolean(PLACE_TYPES.find(({ type }) => type === this.state.type).asks);
    }

    insert() {
        this.props.insert(placeToSign(this.state));
    }

    onKeydown(ev) {
        if (ev.key === "Escape") {
            this.props.close();
        }
    }
}
