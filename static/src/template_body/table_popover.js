import { Component, useState } from "@odoo/owl";
import { useAutofocus, useService } from "@web/core/utils/hooks";
import { ModelFieldSelectorPopover } from "@web/core/model_field_selector/model_field_selector_popover";
import { isMergeable, leadsToLines, tableOfLines, usualColumns } from "./placeholders";

/** Asks for a list of lines and its columns. */
export class TablePopover extends Component {
    static template = "signature_workflow.TablePopover";
    static components = { ModelFieldSelectorPopover };
    static props = { resModel: String, insert: Function, close: Function };

    setup() {
        useAutofocus();
        this.fieldService = useService("field");
        this.isMergeable = isMergeable;
        this.leadsToLines = leadsToLines;
        this.state = useState({
            step: "lines",
            path: "",
            lineModel: "",
            columns: [],
            optional: false,
            column: null,
        });
    }

    updateLines(path) {
        this.state.path = path;
    }

    async closeLines(isChosen = false) {
        if (!isChosen) {
            this.props.close();
            return;
        }
        const { resModel } = this.props;
        const { fieldDef } = await this.fieldService.loadFieldInfo(resModel, this.state.path);
        const fieldDefs = await this.fieldService.loadFields(fieldDef.relation);
        Object.assign(this.state, {
            step: "columns",
            lineModel: fieldDef.relation,
            columns: usualColumns(fieldDefs),
        });
    }

    updateColumn(path, fieldDef) {
        this.state.column = { path, heading: fieldDef?.string || "" };
    }

    closeColumn(isChosen = false) {
        if (isChosen) {
            this.state.columns.push(this.state.column);
        }
        this.state.step = "columns";
    }

    insert() {
        const { path, columns, optional } = this.state;
        this.props.insert(tableOfLines(path, columns, optional));
    }

    onKeydown(ev) {
        if (ev.key === "Escape") {
            this.props.close();
        }
    }
}
