import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { ModelFieldSelector } from "@web/core/model_field_selector/model_field_selector";
import { choicesOf, hasRole, newValues, problemsOf, settingsOf } from "./field_rules";
import { pageName, resize } from "./geometry";

const UNREADABLE = ["binary", "reference", "json", "properties", "properties_definition"];
const SIDES = ["x", "y", "width", "height"];

/** What can be set on the one field that is selected. */
export class Properties extends Component {
    static template = "signature_workflow.TemplateEditorProperties";
    static components = { ModelFieldSelector };
    static props = { field: Object };

    setup() {
        this.editor = useState(this.env.editor);
        this.state = useState({ unit: "pt" });
    }

    get field() {
        return this.props.field;
    }

    get settings() {
        const settings = settingsOf(this.field.type);
        const { reaches_record: reaches } = this.editor.template;
        return reaches ? settings : settings.filter((name) => !name.endsWith("_path"));
    }

    get hasRole() {
        return hasRole(this.field.type);
    }

    get problems() {
        return problemsOf(this.field, this.editor.roles);
    }

    get choices() {
        return choicesOf(this.field);
    }

    get page() {
        return this.editor.pageOf(this.field);
    }

    get isFromEnd() {
        return this.field.page < 0;
    }

    get defaultType() {
        return { number: "number", date: "date", email: "email" }[this.field.type] || "text";
    }

    set(name, value) {
        this.editor.update([this.field], { [name]: value });
    }

    /** Letters typed one after the other are one step. */
    write(name, ev) {
        this.editor.update([this.field], { [name]: ev.target.value }, name);
    }

    setRole(id) {
        this.set("role_id", Number(id) || false);
    }

    /** A type that knows nothing of some setting does not keep it. */
    setType(type) {
        const fresh = newValues(type, this.field.role_id || this.editor.roleId, this.editor.fields);
        const kept = Object.keys(fresh).filter(
            (name) => ["name", "required"].includes(name) || settingsOf(type).includes(name),
        );
        const values = Object.fromEntries(kept.map((name) => [name, this.field[name]]));
        if (!this.field.group) {
            values.group = fresh.group;
        }
        const wasAnswered = settingsOf(this.field.type).includes("required");
        if (!wasAnswered || !settingsOf(type).includes("required")) {
            values.required = fresh.required;
        }
        this.editor.update([this.field], { ...fresh, ...values, type });
    }

    setPage(typed) {
        const { pageCount } = this.editor;
        const page = Math.max(1, Math.min(Math.round(Number(typed)) || 1, pageCount));
        this.editor.toPage([this.field], page, this.isFromEnd);
    }

    setFromEnd(isFromEnd) {
        const page = pageName(this.page, this.editor.pageCount, isFromEnd);
        this.editor.update([this.field], { page });
    }

    // Place: in points, or in percent of the page

    get sides() {
        return SIDES;
    }

    setUnit(unit) {
        this.state.unit = unit;
    }

    sideLabel(side) {
        return {
            x: _t("Left"),
            y: _t("Top"),
            width: _t("Width"),
            height: _t("Height"),
        }[side];
    }

    /** How much of the unit a point is. */
    factor(side) {
        const { width, height } = this.editor.sizeOf(this.page);
        const all = ["x", "width"].includes(side) ? width : height;
        return this.state.unit === "pt" ? 1 : 100 / all;
    }

    valueOf(side) {
        return Math.round(this.editor.rectOf(this.field)[side] * this.factor(side) * 10) / 10;
    }

    setSide(side, value) {
        const number = Number(value) / this.factor(side);
        if (Number.isFinite(number)) {
            const rect = { ...this.editor.rectOf(this.field), [side]: number };
            // as small as a field may be
            const allowed = resize(rect, "se", 0, 0, { width: Infinity, height: Infinity });
            this.editor.commit(
                this.editor.changed([this.field], () =>
                    this.editor.placed(this.page, allowed, this.isFromEnd),
                ),
            );
        }
    }

    // Field paths

    get isPrinted() {
        return this.field.type === "merge";
    }

    /** Odoo's field selector opens by a click only. */
    onPathKey(ev) {
        if (["Enter", " "].includes(ev.key) && ev.target.closest("[tabindex]")) {
            ev.preventDefault();
            ev.target.click();
        }
    }

    canRead(definition) {
        return !UNREADABLE.includes(definition.type);
    }

    /** Links are there to be followed. */
    canWrite(definition) {
        const isLink = Boolean(definition.relation);
        return !UNREADABLE.includes(definition.type) && (isLink || !definition.readonly);
    }
}
