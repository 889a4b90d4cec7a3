import { editedNumber, format, formatSize, maskExample, matchesMask, parseNumber } from "./formats";
import { readPicture, sizeOf, toBase64 } from "./picture";

// as long as the server accepts (engine/values.py)
const LENGTHS = { name: 500, company: 500, position: 500, email: 254, phone: 50, number: 30 };
const LENGTH = 2000;
const AUTOCOMPLETE = {
    name: "name",
    company: "organization",
    position: "organization-title",
    email: "email",
    phone: "tel",
};
const KINDS = { email: "email", phone: "tel", date: "date" };
const INPUT_MODES = { email: "email", phone: "tel", number: "decimal" };
const YEARS = { min: "1900-01-01", max: "2200-12-31" };

/**
 * What the editor shows for one field: `el` to be placed, `control` to be focused and described,
 * `problem()` that says in words why what stands there cannot be used, and `hint` on its form.
 *
 * @param {Object} field
 * @param {Object} context
 * @param {Object} context.texts
 * @param {Object} context.config
 * @param {() => void} context.onChange the value of the field was changed
 * @param {(message: string) => void} context.onError
 * @param {() => number} context.sizeOfOthers how many bytes are to be sent with other fields
 */
export function makeInput(field, context) {
    const makers = {
        checkbox: makeCheckbox,
        radio: makeRadios,
        choice: makeChoice,
        number: makeNumber,
        multiline: makeLines,
        stamp: makePicker,
        file: makePicker,
    };
    const made = (makers[field.type] || makeLine)(field, context);
    made.control.id = "o_sign_input";
    made.control.setAttribute("aria-describedby", "o_sign_help o_sign_field_error");
    return { problem: () => "", hint: "", el: made.control, ...made };
}

function listen(control, event, read, field, { onChange }) {
    control.addEventListener(event, () => {
        field.setValue(read());
        onChange();
    });
}

function lineControl(field) {
    const control = document.createElement("input");
    control.type = KINDS[field.type] || "text";
    control.inputMode = INPUT_MODES[field.type] || "text";
    if (/^[^A*]*9[^A*]*$/.test(field.pattern)) {
        control.inputMode = "numeric";
    }
    control.className = "o_sign_input";
    control.autocomplete = AUTOCOMPLETE[field.type] || "off";
    control.enterKeyHint = "next";
    control.required = field.isRequired;
    if (field.type === "date") {
        Object.assign(control, YEARS);
    } else {
        control.maxLength = field.pattern ? field.pattern.length : LENGTHS[field.type] || LENGTH;
    }
    return control;
}

function makeLine(field, context) {
    const { texts } = context;
    const control = lineControl(field);
    control.value = field.value || "";
    listen(control, "input", () => control.value, field, context);
    const example = { example: maskExample(field.pattern) };
    const hint = field.pattern && format(texts.example, example);
    const problem = () => {
        const { badInput, rangeOverflow, rangeUnderflow, typeMismatch } = control.validity;
        if (typeMismatch || badInput || rangeOverflow || rangeUnderflow) {
            return texts[field.type];
        }
        const text = control.value.trim();
        const fits = !hint || !text || matchesMask(field.pattern, text);
        return fits ? "" : format(texts.mask, example);
    };
    return { control, problem, hint };
}

function makeLines(field, context) {
    const control = document.createElement("textarea");
    control.className = "o_sign_input";
    control.rows = 4;
    control.maxLength = LENGTH;
    control.enterKeyHint = "enter";
    control.required = field.isRequired;
    control.value = field.value || "";
    listen(control, "input", () => control.value, field, context);
    return { control };
}

/** A number is typed as text: browsers disagree on separators, and the wheel would change it. */
function makeNumber(field, context) {
    const { texts, config } = context;
    const control = lineControl(field);
    control.value = field.value ? editedNumber(field.value, config.locale) : "";
    const read = () => parseNumber(control.value, config.locale);
    listen(control, "input", read, field, context);
    return { control, problem: () => (control.value.trim() && !read() ? texts.number : "") };
}

function makeChoice(field, context) {
    const control = document.createElement("select");
    control.className = "o_sign_input";
    control.required = field.isRequired;
    control.append(new Option(context.texts.choose, ""));
    for (const option of field.options) {
        control.append(new Option(option, option));
    }
    control.value = field.value || "";
    listen(control, "change", () => control.value, field, context);
    return { control };
}

function makeCheckbox(field, context) {
    const control = document.createElement("input");
    control.type = "checkbox";
    control.className = "o_sign_checkbox";
    control.required = field.isRequired;
    control.checked = Boolean(field.value);
    listen(control, "change", () => control.checked, field, context);
    return { control };
}

/** All buttons of the group at once: larger and with more words than on the page. */
function makeRadios(field, { onChange }) {
    const el = document.createElement("div");
    el.className = "o_sign_choices";
    el.setAttribute("role", "radiogroup");
    el.setAttribute("aria-labelledby", "o_sign_editor_label");
    el.setAttribute("aria-required", String(field.isRequired));
    const inputs = field.siblings.map((sibling) => {
        const label = document.createElement("label");
        const input = document.createElement("input");
        input.type = "radio";
        input.name = "o_sign_choice";
        input.checked = Boolean(sibling.value);
        input.addEventListener("change", () => {
            sibling.choose();
            onChange();
        });
        label.append(input, sibling.label);
        el.append(label);
        return input;
    });
    return { el, control: inputs.find((input) => input.checked) || inputs[0] };
}

/** A file or a picture. Its texts and buttons stand in the page, in signing_page_inputs. */
function makePicker(field, context) {
    const el = document.querySelector(`[data-input=${field.type}]`).cloneNode(true);
    const part = (name) => el.querySelector(`[data-pick=${name}]`);
    const control = el.querySelector("input");
    const show = () => showPicked(field, context, part);
    const set = (value) => {
        field.setValue(value);
        show();
        context.onChange();
    };
    control.addEventListener("change", async () => {
        const [file] = control.files;
        // so that the same file can be chosen again
        control.value = "";
        if (file) {
            const { value, error } = await pick(field, file, context);
            error ? context.onError(error) : set(value);
        }
    });
    part("remove").addEventListener("click", () => {
        set(null);
        control.focus();
    });
    const company = part("company");
    if (company) {
        company.addEventListener("click", () => {
            set({ kind: "company" });
            control.focus();
        });
    }
    el.hidden = false;
    show();
    return { el, control };
}

async function pick(field, file, { texts, config, sizeOfOthers }) {
    const refused = (text, limit) => {
        const size = Math.floor(limit / 2 ** 20);
        return { error: format(text, { limit: format(texts.megabytes, { size }) }) };
    };
    const { limits } = config;
    if (field.type === "file") {
        if (file.size > limits.file) {
            return refused(texts.file_too_large, limits.file);
        }
        if (!/\.(pdf|png|jpe?g)$/i.test(file.name)) {
            return { error: texts.file_type };
        }
    }
    try {
        const value =
            field.type === "stamp"
                ? await readPicture(file)
                : { name: file.name, data: await toBase64(file) };
        const size = sizeOf(value.data);
        if (field.type === "stamp" && size > limits.picture) {
            return refused(texts.file_too_large, limits.picture);
        }
        return sizeOfOthers() + size > limits.all
            ? refused(texts.files_too_large, limits.all)
            : { value };
    } catch (error) {
        console.warn(error);
        return { error: texts.unreadable };
    }
}

function showPicked(field, { texts, config }, part) {
    const { value } = field;
    part("choose").hidden = field.isFilled;
    part("replace").hidden = !field.isFilled;
    part("remove").hidden = !field.isFilled;
    if (field.type === "stamp") {
        const isCompany = Boolean(value) && value.kind === "company";
        part("image").hidden = !field.isFilled;
        if (field.isFilled) {
            part("image").src = field.pictureUrl;
        }
        part("company").hidden = isCompany || !field.picture;
        return;
    }
    part("file").hidden = !field.isFilled;
    if (field.isFilled) {
        part("name").textContent = value.name;
        part("size").textContent = formatSize(sizeOf(value.data), texts);
    }
}
