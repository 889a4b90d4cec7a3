import { Component, onWillStart, useRef, useState, useSubEnv } from "@odoo/owl";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { DocumentArea } from "./document_area";
import { EditorModel } from "./editor_model";
import { Gestures } from "./gestures";
import { useHotkeys } from "./hotkeys";
import { Palette } from "./palette";
import { Announcer, Ghost, SidePanel } from "./side_panel";

const MODEL = "signature.template";
const nextFrame = () => new Promise((resolve) => requestAnimationFrame(() => resolve()));

/** Puts fields on the document of a template. */
export class TemplateEditor extends Component {
    static template = "signature_workflow.TemplateEditor";
    static components = { Announcer, DocumentArea, Ghost, Layout, Palette, SidePanel };
    static props = { ...standardActionServiceProps };
    static path = "signature-template-editor";
    static displayName = _t("Fields of a template");

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.root = useRef("root");
        this.state = useState({ drawer: "", isSaving: false });
        const { params = {}, context = {} } = this.props.action;
        this.next = params.next;
        this.recordId = params.record_id || context.record_id || false;
        this.templateId = params.template_id || this.props.resId || context.active_id;
        useSubEnv({ editor: new EditorModel() });
        this.editor = useState(this.env.editor);
        this.gestures = new Gestures(this.env.editor, () => this.area.scrollElement);
        useHotkeys(this.env.editor, this.gestures, {
            getRoot: () => this.root.el,
            edit: () => this.editSelected(),
        });
        useSetupAction({
            beforeLeave: () => this.beforeLeave(),
            beforeUnload: (ev) => this.beforeUnload(ev),
        });
        onWillStart(async () => {
            await this.load();
            this.env.config.setDisplayName(this.editor.template.name);
            // so that the page can be loaded again
            this.props.updateActionState?.({ resId: this.templateId });
        });
    }

    register(area) {
        this.area = area;
    }

    placeInSight(type) {
        this.area.placeInSight(type);
    }

    get options() {
        return { record_id: this.recordId };
    }

    get saveLabel() {
        return this.next ? _t("Save and continue") : _t("Save");
    }

    async load() {
        const data = await this.orm.call(MODEL, "editor_load", [[this.templateId]], this.options);
        this.editor.load(data);
    }

    /** Saves; tells whether that worked. What the server refuses stays here to be mended. */
    async save() {
        const { editor } = this;
        const [incomplete] = editor.incomplete;
        if (incomplete) {
            editor.select([incomplete.key]);
            editor.focusKey = incomplete.key;
            const text = _t("“%s” is not complete yet.", editor.labelOf(incomplete));
            this.notification.add(text, { type: "warning" });
            return false;
        }
        this.state.isSaving = true;
        try {
            const args = [[this.templateId], editor.payload, editor.revision];
            editor.load(await this.orm.call(MODEL, "editor_save", args, this.options));
        } finally {
            this.state.isSaving = false;
        }
        editor.say(_t("Saved"));
        return true;
    }

    async onSave() {
        const isSaved = (!this.editor.isDirty && this.next) || (await this.save());
        if (isSaved && this.next) {
            const args = [[this.templateId]];
            this.action.doAction(await this.orm.call(MODEL, "action_send_for", args, this.next));
        }
    }

    onDiscard() {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Discard the changes?"),
            body: _t("The fields become again what they were when they were last saved."),
            confirmLabel: _t("Discard"),
            confirm: () => this.load(),
            cancelLabel: _t("Keep editing"),
            cancel: () => {},
        });
    }

    /** Asks what becomes of unsaved changes; false keeps the editor open. */
    beforeLeave() {
        if (!this.editor.isDirty) {
            return true;
        }
        return new Promise((resolve) => {
            this.dialog.add(ConfirmationDialog, {
                title: _t("Unsaved changes"),
                body: _t("The fields of “%s” have been changed.", this.editor.template.name),
                confirmLabel: _t("Save"),
                confirm: () =>
                    this.save().then(resolve, (error) => {
                        resolve(false);
                        throw error;
                    }),
                cancelLabel: _t("Discard"),
                cancel: () => resolve(true),
                dismiss: () => resolve(false),
            });
        });
    }

    beforeUnload(ev) {
        if (this.editor.isDirty) {
            ev.preventDefault();
            ev.returnValue = true;
        }
    }

    toggleDrawer(name) {
        this.state.drawer = this.state.drawer === name ? "" : name;
    }

    /** Leads to the settings of the selected field. */
    async editSelected() {
        this.state.drawer = "panel";
        await nextFrame();
        this.root.el.querySelector(".o_signature_panel [name=name]")?.select();
    }

    closeDrawer() {
        this.state.drawer = "";
    }
}

registry.category("actions").add("signature_workflow.template_editor", TemplateEditor);
