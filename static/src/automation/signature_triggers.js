import { TriggerSelectionField } from "@base_automation/base_automation_trigger_selection_field";
import { markRaw, onWillUpdateProps } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";

const isOurs = ([value]) => value.startsWith("on_signature_");

/** Sets our triggers apart: Odoo's field fails when it finds one that is in none of its own groups. */
function setApart({ record, name }) {
    const field = record.fields[name];
    if (!field.signatureTriggers) {
        record.config.fields = markRaw({
            ...record.fields,
            [name]: {
                ...field,
                selection: field.selection.filter((option) => !isOurs(option)),
                signatureTriggers: field.selection.filter(isOurs),
            },
        });
    }
}

patch(TriggerSelectionField.prototype, {
    setup() {
        setApart(this.props);
        onWillUpdateProps(setApart);
        super.setup();
    },

    get signatureTriggers() {
        return this.props.record.fields[this.props.name].signatureTriggers;
    },

    get options() {
        return [...super.options, ...this.signatureTriggers];
    },

    get groups() {
        const choices = this.signatureTriggers.map(([value, label]) => ({ value, label }));
        return this.props.record.data.model_is_mail_thread
            ? [...super.groups, { label: _t("Signatures"), choices }]
            : super.groups;
    },
});
