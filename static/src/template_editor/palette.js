import { Component, useState } from "@odoo/owl";
import { GROUPS, hasRole } from "./field_rules";

/** The types of fields, and the role that a new one gets. */
export class Palette extends Component {
    static template = "signature_workflow.TemplateEditorPalette";
    static props = { gestures: Object, placeInSight: Function, onTaken: Function };

    setup() {
        this.editor = useState(this.env.editor);
    }

    get groups() {
        const { types } = this.editor;
        return GROUPS.map(({ title, types: names }) => ({
            title: title(),
            types: names.filter((name) => types[name]).map((name) => types[name]),
        })).filter((group) => group.types.length);
    }

    /** The colour in which a new field of this type comes. */
    colorOf(type) {
        const role = hasRole(type) && this.editor.roles.find(({ id }) => id === this.editor.roleId);
        return role ? role.color : 0;
    }

    choose(role) {
        this.editor.roleId = role.id;
    }

    onPress(ev, type) {
        if (ev.button === 0) {
            const field = { ...this.editor.newField(type, 1, 0, 0), page: 0 };
            this.props.gestures.onOutside(ev, field, {
                onClick: () => this.arm(type),
                onDrag: () => this.props.onTaken(),
            });
        }
    }

    arm(type) {
        this.editor.armed = this.editor.armed === type ? null : type;
        if (this.editor.armed) {
            this.props.onTaken();
        }
    }

    /** Enter and the space bar click without a pointer. */
    onClick(ev, type) {
        if (ev.detail === 0) {
            this.props.placeInSight(type);
        }
    }
}
