import { _t } from "@web/core/l10n/translation";

/**
 * Placeholders in the text of a template, written as the server reads them: merge fields
 * `{{partner_id.name}}`, places to sign `{{signature;role=Client}}`, tables of lines
 * `{{table;order_ids.order_line;columns=name:Description,price_subtotal}}`.
 */

/** The types of places to sign, and whether the signer must be told by a label what is asked. */
export const PLACE_TYPES = [
    { type: "signature", label: _t("Signature") },
    { type: "initials", label: _t("Initials") },
    { type: "stamp", label: _t("Stamp") },
    { type: "name", label: _t("Name") },
    { type: "company", label: _t("Company") },
    { type: "position", label: _t("Position") },
    { type: "email", label: _t("E-mail") },
    { type: "phone", label: _t("Phone") },
    { type: "date_signed", label: _t("Date signed") },
    { type: "text", label: _t("Text"), asks: true },
    { type: "multiline", label: _t("Multi-line text"), asks: true },
    { type: "number", label: _t("Number"), asks: true },
    { type: "date", label: _t("Date"), asks: true },
    { type: "checkbox", label: _t("Checkbox"), asks: true },
    { type: "choice", label: _t("Choice"), asks: true },
    { type: "file", label: _t("File from the signer"), asks: true },
];

const UNREADABLE_TYPES = [
    "binary",
    "json",
    "many2one_reference",
    "properties",
    "properties_definition",
    "reference",
    "separator",
];
const TECHNICAL = /^(activity_|message_|my_activity_|website_message_|has_message$|rating_)/;
const LIST_TYPES = ["one2many", "many2many"];
// the columns that a list of lines most likely shows
const USUAL_COLUMNS = ["name", "product_uom_qty", "quantity", "price_unit", "price_subtotal"];
const PLACEHOLDER = /\{\{\s*([^{}<>]+?)\s*\}\}/g;

/** Whether the server can print this field. */
export function isMergeable(fieldDef) {
    const { groups, name, type } = fieldDef;
    return !groups && !UNREADABLE_TYPES.includes(type) && !TECHNICAL.test(name);
}

/** Whether this field is a list of lines, or may lead to one. */
export function leadsToLines(fieldDef) {
    return isMergeable(fieldDef) && Boolean(fieldDef.relation);
}

export function isList(fieldDef) {
    return LIST_TYPES.includes(fieldDef?.type);
}

/** The columns to begin with; `fieldDefs` are the fields of a line, by name. */
export function usualColumns(fieldDefs) {
    const names = USUAL_COLUMNS.filter((name) => name in fieldDefs);
    return (names.length ? names : ["display_name"]).map((name) => ({
        path: name,
        heading: fieldDefs[name]?.string || "",
    }));
}

/** Text without what has a meaning inside a placeholder. */
function plain(text, separators = "") {
    const special = new RegExp(`[{}<>;\\s${separators}]+`, "g");
    return text.replace(special, " ").trim();
}

export function mergeField(path, optional) {
    return `{{${path}${optional ? "?" : ""}}}`;
}

export function placeToSign({ type, role, label, required, choices }) {
    const name = plain(label);
    const parts = name ? [name, `type=${type}`] : [type];
    parts.push(`role=${role}`);
    if (!required) {
        parts.push("required=false");
    }
    if (type === "choice") {
        const options = choices.split("\n").map((line) => plain(line, "|"));
        parts.push(`options=${options.filter(Boolean).join("|")}`);
    }
    return `{{${parts.join(";")}}}`;
}

export function tableOfLines(path, columns, optional) {
    const listed = columns.map(({ path, heading }) => {
        const title = plain(heading, ",");
        return title ? `${path}:${title}` : path;
    });
    return `{{table;${path}${optional ? "?" : ""};columns=${listed.join(",")}}}`;
}

/** The placeholders in a text as {start, end, isPlace}: a place is filled by a signer. */
export function findPlaceholders(text) {
    return [...text.matchAll(PLACEHOLDER)].map((match) => ({
        start: match.index,
        end: match.index + match[0].length,
        isPlace: match[1].includes(";") && !match[1].startsWith("table;"),
    }));
}
