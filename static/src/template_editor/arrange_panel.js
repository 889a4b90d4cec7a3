import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { hasRole, settingsOf } from "./field_rules";
import { align, distribute, intoPage } from "./geometry";

/** What can be done with several selected fields at once. */
export class ArrangePanel extends Component {
    static template = "signature_workflow.TemplateEditorArrange";
    static props = { fields: Array };

    setup() {
        this.editor = useState(this.env.editor);
    }

    get title() {
        return _t("Fields selected: %s", this.props.fields.length);
    }

    get actions() {
        const aligned = (side) => (rects) => align(rects, side);
        const spread = (axis) => (rects) => (rects.length > 2 ? distribute(rects, axis) : rects);
        const sized = (side) => (rects, size) => this.sameSide(rects, side, size);
        return [
            {
                name: "left",
                label: _t("Align left"),
                icon: "fa-align-left",
                change: aligned("left"),
            },
            {
                name: "center",
                label: _t("Align centres"),
                icon: "fa-align-center",
                change: aligned("center"),
            },
            {
                name: "right",
                label: _t("Align right"),
                icon: "fa-align-right",
                change: aligned("right"),
            },
            {
                name: "top",
                label: _t("Align top"),
                icon: "fa-align-left o_signature_turned",
                change: aligned("top"),
            },
            {
                name: "middle",
                label: _t("Align middles"),
                icon: "fa-align-center o_signature_turned",
                change: aligned("middle"),
            },
            {
                name: "bottom",
                label: _t("Align bottom"),
                icon: "fa-align-right o_signature_turned",
                change: aligned("bottom"),
            },
            {
                name: "spread_x",
                label: _t("Same gaps, left to right"),
                icon: "fa-bars o_signature_turned",
                change: spread("x"),
            },
            {
                name: "spread_y",
                label: _t("Same gaps, top to bottom"),
                icon: "fa-bars",
                change: spread("y"),
            },
            {
                name: "width",
                label: _t("Same width"),
                icon: "fa-arrows-h",
                change: sized("width"),
            },
            {
                name: "height",
                label: _t("Same height"),
                icon: "fa-arrows-v",
                change: sized("height"),
            },
        ];
    }

    /** All get the side of the first one, in reading order. */
    sameSide(rects, side, size) {
        return rects.map((rect) => intoPage({ ...rect, [side]: rects[0][side] }, size));
    }

    get filled() {
        return this.props.fields.filter((field) => hasRole(field.type));
    }

    get answered() {
        return this.props.fields.filter((field) => settingsOf(field.type).includes("required"));
    }

    /** The role that all of them have, if it is the same. */
    get roleId() {
        const roles = new Set(this.filled.map((field) => field.role_id));
        return roles.size === 1 ? [...roles][0] : null;
    }

    get areRequired() {
        return this.answered.every((field) => field.required);
    }

    setRole(id) {
        this.editor.update(this.filled, { role_id: Number(id) });
    }

    setRequired(required) {
        this.editor.update(this.answered, { required });
    }
}
