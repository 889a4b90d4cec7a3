import { Component, useState } from "@odoo/owl";
import { ArrangePanel } from "./arrange_panel";
import { Overview } from "./overview";
import { Properties } from "./properties";

/** What is beside the document: the settings of what is selected, or an overview. */
export class SidePanel extends Component {
    static template = "signature_workflow.TemplateEditorSidePanel";
    static components = { ArrangePanel, Overview, Properties };
    static props = {};

    setup() {
        this.editor = useState(this.env.editor);
    }
}

/** The field under the pointer while it is not over a page. */
export class Ghost extends Component {
    static template = "signature_workflow.TemplateEditorGhost";
    static props = {};

    setup() {
        this.editor = useState(this.env.editor);
    }

    get ghost() {
        return this.editor.overlay.ghost;
    }
}

/** Says to screen readers what has happened. */
export class Announcer extends Component {
    static template = "signature_workflow.TemplateEditorAnnouncer";
    static props = {};

    setup() {
        this.editor = useState(this.env.editor);
    }
}
