import { markRaw } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { groupBy } from "@web/core/utils/arrays";
import { Reactive } from "@web/core/utils/reactive";
import { newValues, problemsOf } from "./field_rules";
import {
    intoPage,
    moved,
    moveTogether,
    pageName,
    pageNumber,
    readingOrder,
    resize,
    toPercent,
    toRect,
} from "./geometry";
import { History } from "./history";

// in points, how far a copy stands from what it would cover
const SHIFT = 12;
const MAX_SHIFTS = 50;
// kept from one template to the next
let clipboard = [];
let lastKey = 0;

/**
 * The template being edited: its fields, what is selected, and every change that can be made.
 *
 * A field is an object that is never changed but replaced, as is the list of them, so that what a page
 * shows is compared by identity. `key` names a field here, `id` on the server.
 */
export class EditorModel extends Reactive {
    constructor() {
        super();
        this.armed = null; // the type that a click on a page places
        this.page = 1; // the one in sight
        this.focusKey = null; // the field that gets the focus as soon as it is on the screen
        this.status = "";
        this.roleId = false;
        this.overlay = markRaw({ guides: [], band: null, ghost: null });
    }

    /** @param {Object} data what `signature.template.editor_load` answers */
    load(data) {
        const { template, record, url, pages, roles, types, revision } = data;
        Object.assign(this, { template, record, url, revision });
        this.sizes = markRaw(pages.map(([width, height]) => ({ width, height })));
        this.roles = markRaw(roles);
        this.types = markRaw(Object.fromEntries(types.map((type) => [type.type, type])));
        if (!roles.some((role) => role.id === this.roleId)) {
            this.roleId = roles[0]?.id || false;
        }
        const fields = data.fields.map((field) => ({ ...field, key: `field_${field.id}` }));
        this.history = markRaw(new History(markRaw(readingOrder(fields, this.pageCount))));
        this.saved = this.history.state;
        this.show(this.history.state);
    }

    // What there is --------------------------------------------------------------------------------

    get pageCount() {
        return this.sizes.length;
    }

    get isReadonly() {
        return !this.template.can_write;
    }

    get selection() {
        return this.fields.filter((field) => this.selected.has(field.key));
    }

    /** Fields whose page the document does not have any more. */
    get lost() {
        return this.fields.filter((field) => !this.pageOf(field));
    }

    /** Fields that keep the template from being saved. */
    get incomplete() {
        return this.fields.filter((field) => problemsOf(field, this.roles).length);
    }

    field(key) {
        return this.fields.find((field) => field.key === key);
    }

    pageOf(field) {
        return pageNumber(field.page, this.pageCount);
    }

    sizeOf(number) {
        return this.sizes[number - 1];
    }

    rectOf(field) {
        return toRect(field, this.sizeOf(this.pageOf(field)));
    }

    roleOf(field) {
        return this.roles.find((role) => role.id === field.role_id);
    }

    labelOf(field) {
        return field.name || this.types[field.type].label;
    }

    /** The fields as the server wants them. */
    get payload() {
        return this.history.state.map(({ key, ...values }) => values);
    }

    // Changing -------------------------------------------------------------------------------------

    /** Shows fields, such as during a gesture, without making them a step that can be undone. */
    show(fields) {
        this.fields = markRaw(fields);
        const keys = new Set(fields.map((field) => field.key));
        const selected = [...(this.selected || [])].filter((key) => keys.has(key));
        if (selected.length !== this.selected?.size) {
            this.selected = markRaw(new Set(selected));
        }
        this.isDirty = this.history.state !== this.saved || fields !== this.history.state;
        this.canUndo = this.history.canUndo;
        this.canRedo = this.history.canRedo;
    }

    /** Makes what is shown a step that can be undone; see `History.push` about the tag. */
    commit(fields = this.fields, tag = null) {
        const ordered = readingOrder(fields, this.pageCount);
        const now = this.history.state;
        const isSame =
            ordered.length === now.length && ordered.every((field, at) => field === now[at]);
        if (!isSame) {
            this.history.push(markRaw(ordered), tag);
        }
        this.show(this.history.state);
    }

    revert() {
        this.show(this.history.state);
    }

    undo() {
        this.travel(this.canUndo && this.history.undo(), _t("Undone"));
    }

    redo() {
        this.travel(this.canRedo && this.history.redo(), _t("Redone"));
    }

    /** Shows another state and selects what is different in it. */
    travel(fields, said) {
        if (fields) {
            const before = new Set(this.fields);
            this.show(fields);
            this.select(fields.filter((field) => !before.has(field)).map((field) => field.key));
            this.say(said);
        }
    }

    /** Replaces some fields by what `change` makes of them: a part of the values, or nothing. */
    changed(fields, change) {
        const keys = new Set(fields.map((field) => field.key));
        return this.fields.map((field) =>
            keys.has(field.key) ? { ...field, ...change(field) } : field,
        );
    }

    update(fields, values, tag = null) {
        this.commit(
            this.changed(fields, () => values),
            tag && `${tag}:${fields.map((field) => field.key)}`,
        );
    }

    /** The values of a place: a rectangle in points on a page. */
    placed(number, rect, fromEnd = false) {
        const size = this.sizeOf(number);
        const page = pageName(number, this.pageCount, fromEnd);
        return { page, ...toPercent(intoPage(rect, size), size) };
    }

    /** A field that is in no list yet, centred on (x, y) of a page. */
    newField(type, number, x, y) {
        const { width, height } = this.types[type];
        const rect = { x: x - width / 2, y: y - height / 2, width, height };
        const values = newValues(type, this.roleId, this.history.state);
        return { key: this.newKey(), ...values, ...this.placed(number, rect) };
    }

    newKey() {
        lastKey += 1;
        return `new_${lastKey}`;
    }

    /** Adds a field and selects it. */
    add(field) {
        this.commit([...this.fields, field]);
        this.select([field.key]);
        this.focusKey = field.key;
        this.armed = null;
        this.sayPlace(field);
    }

    sayPlace(field) {
        const words = { field: this.labelOf(field), page: this.pageOf(field) };
        this.say(_t("%(field)s placed on page %(page)s", words));
    }

    remove(fields = this.selection) {
        if (fields.length) {
            const keys = new Set(fields.map((field) => field.key));
            this.commit(this.fields.filter((field) => !keys.has(field.key)));
            this.focusKey = null;
            this.say(_t("Fields deleted: %s", fields.length));
        }
    }

    /** Applies `change(rects, size)` to the selected rectangles of each page. */
    arrange(change, tag = null) {
        const places = new Map();
        const onPages = this.selection.filter((field) => this.pageOf(field));
        for (const fields of Object.values(groupBy(onPages, (field) => this.pageOf(field)))) {
            const size = this.sizeOf(this.pageOf(fields[0]));
            const rects = change(
                fields.map((field) => this.rectOf(field)),
                size,
            );
            fields.forEach((field, at) => places.set(field.key, toPercent(rects[at], size)));
        }
        this.commit(
            this.changed(this.selection, ({ key }) => places.get(key)),
            tag,
        );
    }

    nudge(dx, dy, tag) {
        this.arrange((rects, size) => moveTogether(rects, dx, dy, size), tag);
    }

    grow(dx, dy, tag) {
        this.arrange((rects, size) => rects.map((rect) => resize(rect, "se", dx, dy, size)), tag);
    }

    toPage(fields, number, fromEnd) {
        this.commit(
            this.changed(fields, (field) => {
                const page = this.pageOf(field);
                const rect = toRect(field, this.sizeOf(page || number));
                return this.placed(number, rect, fromEnd ?? field.page < 0);
            }),
        );
    }

    // Copies ---------------------------------------------------------------------------------------

    copy() {
        clipboard = this.originals();
        if (clipboard.length) {
            this.say(_t("Fields copied: %s", clipboard.length));
        }
    }

    paste(number = this.page) {
        this.insertCopies(clipboard, () => number);
    }

    duplicate() {
        this.insertCopies(this.originals(), (field) => this.pageOf(field));
    }

    /** What is selected, with its rectangles: pages may have different sizes. */
    originals() {
        const fields = this.selection.filter((field) => this.pageOf(field));
        return fields.map((field) => ({ field, rect: this.rectOf(field) }));
    }

    /** Adds copies at their own places, a little further where one like it stands already. */
    insertCopies(originals, pageFor) {
        if (originals.length) {
            const copies = originals.map(({ field, rect }) => {
                const number = pageFor(field);
                let place = this.placed(number, rect);
                for (let step = 1; this.isTaken(field.type, place) && step < MAX_SHIFTS; step++) {
                    place = this.placed(number, moved(rect, step * SHIFT, step * SHIFT));
                }
                return this.copyOf(field, place);
            });
            this.commit([...this.fields, ...copies]);
            this.select(copies.map((field) => field.key));
            this.focusKey = copies[0].key;
            this.say(_t("Fields pasted: %s", copies.length));
        }
    }

    copyOf(field, place) {
        const copy = { ...field, ...place, key: this.newKey() };
        delete copy.id;
        // it may come from a template with other roles
        if (field.role_id && !this.roleOf(field)) {
            copy.role_id = this.roleId;
        }
        return copy;
    }

    isTaken(type, { page, x, y }) {
        return this.fields.some(
            (field) =>
                field.type === type &&
                this.pageOf(field) === pageNumber(page, this.pageCount) &&
                Math.abs(field.x - x) < 0.5 &&
                Math.abs(field.y - y) < 0.5,
        );
    }

    /** Puts a copy on every other page at the same place, such as for initials. */
    repeatOnPages(field) {
        const rect = this.rectOf(field);
        const copies = this.sizes
            .map((_, at) => this.placed(at + 1, rect))
            .filter((place) => !this.isTaken(field.type, place))
            .map((place) => this.copyOf(field, place));
        this.commit([...this.fields, ...copies]);
        this.say(_t("Copies made: %s", copies.length));
    }

    // Selecting ------------------------------------------------------------------------------------

    select(keys) {
        this.selected = markRaw(new Set(keys));
    }

    toggle(key) {
        const selected = new Set(this.selected);
        if (!selected.delete(key)) {
            selected.add(key);
        }
        this.selected = markRaw(selected);
    }

    selectPage(number = this.page) {
        this.select(
            this.fields.filter((field) => this.pageOf(field) === number).map(({ key }) => key),
        );
        this.say(_t("Fields selected: %s", this.selected.size));
    }

    /** Tells screen readers. */
    say(text) {
        this.status = text;
    }
}
