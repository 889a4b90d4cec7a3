import { Component, useState } from "@odoo/owl";

/** Undo, pages and zoom. */
export class Toolbar extends Component {
    static template = "signature_workflow.TemplateEditorToolbar";
    static props = {
        percent: Number,
        isFit: Boolean,
        drawer: String,
        onDrawer: Function,
        onFit: Function,
        goTo: Function,
        zoomIn: Function,
        zoomOut: Function,
    };

    setup() {
        this.editor = useState(this.env.editor);
    }

    onPage(ev) {
        this.props.goTo(Number(ev.target.value));
    }
}
