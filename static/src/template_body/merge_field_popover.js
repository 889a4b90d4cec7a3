import { Component, useState } from "@odoo/owl";
import { useAutofocus, useService } from "@web/core/utils/hooks";
import { ModelFieldSelectorPopover } from "@web/core/model_field_selector/model_field_selector_popover";
import { isMergeable, mergeField } from "./placeholders";

/** Asks for a field of the record, and what happens when it is empty. */
export class MergeFieldPopover extends Component {
    static template = "signature_workflow.MergeFieldPopover";
    static components = { ModelFieldSelectorPopover };
    static props = { resModel: String, insert: Function, close: Function };

    setup() {
        useAutofocus();
        this.fieldService = useService("field");
        this.isMergeable = isMergeable;
        this.state = useState({ path: "", label: "", isChosen: false, optional: false });
    }

    update(path) {
        this.state.path = path;
    }

    async closeSelector(isChosen = false) {
        if (!isChosen) {
            this.props.close();
            return;
        }
        const { resModel } = this.props;
        const { displayNames } = await this.fieldService.loadPathDescription(
            resModel,
            this.state.path,
        );
        Object.assign(this.state, { label: displayNames.join(": "), isChosen: true });
    }

    insert() {
        this.props.insert(mergeField(this.state.path, this.state.optional));
    }

    onKeydown(ev) {
        if (ev.key === "Escape") {
            this.props.close();
        }
    }
}
