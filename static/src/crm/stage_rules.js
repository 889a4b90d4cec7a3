import { CrmKanbanRenderer } from "@crm/views/crm_kanban/crm_kanban_renderer";
import { reactive, useState, useSubEnv } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";

const MODEL = "signature.rule";

/** The header of a pipeline column: it says what the rules of its stage send, and leads to them. */
class StageRulesHeader extends CrmKanbanRenderer.components.KanbanHeader {
    static template = "signature_workflow.StageRulesHeader";

    setup() {
        super.setup();
        this.action = useService("action");
        this.stageRules = useState(this.env.signatureStageRules);
    }

    get stageId() {
        return this.group.groupByField.name === "stage_id" && this.group.value;
    }

    /** What the mark of the column says; nothing when no rule sends anything here. */
    get sentDocuments() {
        const names = this.stageRules.documents[this.stageId];
        return names && _t("Sends for signature: %s", names.join(", "));
    }

    get configMenuProps() {
        const props = super.configMenuProps;
        const items = [...props.configItems];
        const last = items.findIndex(([key]) => key === "delete_group");
        items.splice(last, 0, [
            "signature_rules",
            {
                label: _t("Signature rules"),
                isVisible: this.stageId && this.stageRules.mayCreate,
                method: () => this.openStageRules(),
                class: "o_signature_rules",
                icon: "fa-pencil-square-o",
            },
        ]);
        return { ...props, configItems: items };
    }

    async openStageRules() {
        const stageId = this.stageId;
        const context = { default_stage_id: stageId };
        if (await this.orm.searchCount(MODEL, [["stage_id", "=", stageId]])) {
            await this.action.doAction("signature_workflow.signature_rule_action", {
                additionalContext: { ...context, search_default_stage_id: stageId },
            });
            return;
        }
        this.props.dialogClose.push(
            this.dialog.add(FormViewDialog, {
                resModel: MODEL,
                context,
                title: _t("New signature rule for “%s”", this.group.displayName),
                size: "xl",
                onRecordSaved: () => this.stageRules.load(),
            }),
        );
    }
}

CrmKanbanRenderer.components = {
    ...CrmKanbanRenderer.components,
    KanbanHeader: StageRulesHeader,
};

patch(CrmKanbanRenderer.prototype, {
    setup() {
        super.setup(...arguments);
        const orm = useService("orm");
        const stageRules = reactive({
            documents: {},
            mayCreate: false,
            async load() {
                const active = [["template_id.active", "=", true]];
                const rules = await orm.silent.searchRead(MODEL, active, [
                    "stage_id",
                    "template_id",
                ]);
                const documents = {};
                for (const { stage_id, template_id } of rules) {
                    (documents[stage_id[0]] ??= []).push(template_id[1]);
                }
                stageRules.documents = documents;
            },
        });
        useSubEnv({ signatureStageRules: stageRules });
        this.props.list.model.signatureStageRules = stageRules;
        // the cards need not wait for it
        stageRules.load();
        user.checkAccessRight(MODEL, "create").then((may) => (stageRules.mayCreate = may));
    },
});
