import { _t } from "@web/core/l10n/translation";

/** What each type of field is about: where it stands in the palette, what can be set, what is missing. */

export const GROUPS = [
    { title: () => _t("To sign"), types: ["signature", "initials", "stamp", "date_signed"] },
    {
        title: () => _t("About the signer"),
        types: ["name", "company", "position", "email", "phone"],
    },
    {
        title: () => _t("To fill in"),
        types: ["text", "multiline", "number", "date", "checkbox", "radio", "choice", "file"],
    },
    { title: () => _t("From the record"), types: ["merge"] },
];

const MASKED = ["name", "company", "position", "phone", "text"];
const ANSWERED = ["help", "required"];
const SETTINGS = {
    signature: ANSWERED,
    initials: ANSWERED,
    stamp: ANSWERED,
    file: ANSWERED,
    radio: [...ANSWERED, "group", "write_path"],
    date_signed: ["write_path"],
    merge: ["merge_path"],
};
const PREFILLED = [...ANSWERED, "readonly", "default_value", "merge_path", "write_path"];

/** The names of the settings that make sense for a type, besides its label, role and place. */
export function settingsOf(type) {
    const settings = SETTINGS[type] || PREFILLED;
    return [
        ...settings,
        ...(type === "choice" ? ["options"] : []),
        ...(MASKED.includes(type) ? ["pattern"] : []),
    ];
}

export function hasRole(type) {
    return type !== "merge";
}

export function choicesOf(field) {
    return (field.options || "")
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean);
}

/** The values of a new field besides its place; `fields` are those that there are. */
export function newValues(type, roleId, fields) {
    const values = {
        type,
        role_id: hasRole(type) ? roleId : false,
        name: "",
        help: "",
        required: !["checkbox", "merge", "date_signed"].includes(type),
        readonly: false,
        default_value: "",
        merge_path: "",
        write_path: "",
        options: "",
        group: "",
        pattern: "",
    };
    if (type === "radio") {
        // the next button most likely belongs to the group of the last one
        const others = fields.filter((field) => field.type === "radio" && field.role_id === roleId);
        values.group = others.at(-1)?.group || _t("Group 1");
        const number = others.filter((field) => field.group === values.group).length + 1;
        values.name = _t("Option %s", number);
    }
    return values;
}

/** What a field lacks, in a few words; such a template cannot be saved. */
export function problemsOf(field, roles) {
    const problems = [];
    if (hasRole(field.type) && !roles.some((role) => role.id === field.role_id)) {
        problems.push(_t("Nobody fills this: choose a role"));
    }
    if (field.type === "choice" && !choicesOf(field).length) {
        problems.push(_t("Enter what can be chosen"));
    }
    if (field.type === "radio" && !field.group?.trim()) {
        problems.push(_t("Name the group of this button"));
    }
    if (field.type === "merge" && !field.merge_path) {
        problems.push(_t("Choose the field whose value is printed"));
    }
    return problems;
}
