import { Component, useState } from "@odoo/owl";

/** The fields whose page the document does not have any more. */
export class LostTray extends Component {
    static template = "signature_workflow.TemplateEditorLostTray";
    static props = { gestures: Object, placeLost: Function };

    setup() {
        this.editor = useState(this.env.editor);
    }

    onPress(ev, field) {
        if (ev.button === 0 && !this.editor.isReadonly) {
            this.props.gestures.onOutside(ev, field, {
                onClick: () => this.props.placeLost(field),
            });
        }
    }

    /** Enter and the space bar click without a pointer. */
    onClick(ev, field) {
        if (ev.detail === 0 && !this.editor.isReadonly) {
            this.props.placeLost(field);
        }
    }
}
