import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { hasRole, problemsOf } from "./field_rules";

const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
// in points: a smaller box has handles at its corners only
const SMALL = 26;

/** The fields of one page. They are rendered again only if one of them changes. */
export class PageView extends Component {
    static template = "signature_workflow.TemplateEditorPage";
    static props = {
        number: Number,
        size: Object,
        fields: Array,
        selectedKeys: String,
        hasHandles: Boolean,
        guides: Array,
    };

    setup() {
        // roles and types; what changes comes as props
        this.editor = this.env.editor;
    }

    isSelected(field) {
        return this.props.selectedKeys.split(" ").includes(field.key);
    }

    hasAllHandles(field) {
        const { width, height } = this.editor.rectOf(field);
        return Math.min(width, height) >= SMALL;
    }

    handlesOf(field) {
        if (!this.props.hasHandles || this.editor.isReadonly || !this.isSelected(field)) {
            return [];
        }
        return HANDLES.filter((handle) => handle.length === 2 || this.hasAllHandles(field));
    }

    problems(field) {
        return problemsOf(field, this.editor.roles).join(". ");
    }

    classOf(field) {
        const role = this.editor.roleOf(field);
        return {
            [`o_signature_color_${role?.color ?? 0}`]: true,
            o_signature_selected: this.isSelected(field),
            o_signature_incomplete: problemsOf(field, this.editor.roles).length,
            o_signature_merge: !hasRole(field.type),
        };
    }

    styleOf({ x, y, width, height }) {
        return `left: ${x}%; top: ${y}%; width: ${width}%; height: ${height}%;`;
    }

    /** What a screen reader says: “Signature, Client, page 1”. */
    spoken(field) {
        const parts = [
            this.editor.labelOf(field),
            this.editor.roleOf(field)?.name,
            _t("page %s", this.props.number),
            field.required && _t("required"),
            this.problems(field),
        ];
        return parts.filter(Boolean).join(", ");
    }

    guideStyle({ axis, at, from, to }) {
        const { width, height } = this.props.size;
        const [across, along] = axis === "x" ? [width, height] : [height, width];
        const [start, end] = [(from / along) * 100, ((to - from) / along) * 100];
        const line = (at / across) * 100;
        return axis === "x"
            ? `left: ${line}%; top: ${start}%; height: ${end}%; width: 0;`
            : `top: ${line}%; left: ${start}%; width: ${end}%; height: 0;`;
    }
}
