import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { beforeEach, expect, test } from "@odoo/hoot";
import {
    keyDown,
    keyUp,
    pointerDown,
    pointerUp,
    press,
    queryAll,
    queryOne,
    queryRect,
} from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import { Component, xml } from "@odoo/owl";
import {
    contains,
    defineModels,
    fields,
    getService,
    models,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { EditorDocument } from "@signature_workflow/template_editor/editor_document";
import { registry } from "@web/core/registry";
import { WebClient } from "@web/webclient/webclient";

const A4 = [595, 842];
const WIDE = [842, 595];
const CLIENT = { id: 1, name: "Client", color: 4 };
const COMPANY = { id: 2, name: "Our company", color: 10 };
const SIZES = { signature: [150, 45], checkbox: [14, 14], radio: [14, 14] };
const TYPES = Object.entries({
    signature: "Signature",
    name: "Name",
    text: "Text",
    date: "Date",
    checkbox: "Checkbox",
    radio: "Radio button",
    choice: "Choice",
    merge: "Merge value",
}).map(([type, label]) => {
    const [width, height] = SIZES[type] || [150, 20];
    return { type, label, icon: "fa-pencil", width, height };
});

class Lead extends models.Model {
    _name = "crm.lead";
    name = fields.Char({ string: "Opportunity" });
    picture = fields.Binary({ string: "Picture" });
}

function field(id, values) {
    const texts = ["name", "help", "default_value", "merge_path", "write_path", "options"];
    const empty = Object.fromEntries([...texts, "group", "pattern"].map((name) => [name, ""]));
    const place = { page: 1, x: 10, y: 10, width: 20, height: 3 };
    const own = { id, type: "text", role_id: 1, required: true, readonly: false };
    return { ...empty, ...own, ...place, ...values };
}

/** The answer of the server, and what was saved. */
function template(ownFields, values = {}) {
    const answer = {
        template: {
            id: 7,
            name: "Agreement",
            kind: "pdf",
            model: "crm.lead",
            can_write: true,
            reaches_record: true,
        },
        revision: "first",
        url: "/agreement.pdf",
        record: { id: 3, name: "Big deal" },
        pages: [A4, A4, WIDE],
        roles: [CLIENT, COMPANY],
        types: TYPES,
        fields: ownFields,
        ...values,
    };
    const saved = [];
    onRpc("signature.template", "editor_load", () => answer);
    onRpc("signature.template", "editor_save", ({ args: [ids, rows, revision], kwargs }) => {
        saved.push({ ids, rows, revision, record_id: kwargs.record_id });
        const ids_given = rows.map((row, at) => ({ ...row, id: row.id || 100 + at }));
        return { ...answer, fields: ids_given, revision: "second" };
    });
    return saved;
}

async function open(params = {}) {
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "signature_workflow.template_editor",
        params: { template_id: 7, record_id: 3, ...params },
    });
    await animationFrame();
}

/** The place of a field in percent of its page. */
function placeOf(target) {
    const { left, top, width, height } = queryOne(target).style;
    return [left, top, width, height].map((part) => Math.round(parseFloat(part) * 10) / 10);
}

const pageOf = (target) => Number(queryOne(target).closest("[data-page]").dataset.page);
const fieldCount = () => queryAll("[data-key]").length;
const spoken = (start) => `[data-key][aria-label^="${start}"]`;

/** A place on a page, in points. */
function at(page, x, y) {
    const rect = queryRect(`[data-page="${page}"]`);
    const scale = rect.width / Number(queryOne(`[data-page="${page}"]`).dataset.width);
    return { position: { x: rect.x + x * scale, y: rect.y + y * scale } };
}

async function dragTo(target, page, x, y, options = {}) {
    const { drop, moveTo } = await contains(target).drag(options);
    await moveTo(`[data-page="${page}"]`, at(page, x, y));
    await animationFrame();
    await drop();
    await animationFrame();
}

async function shortcut(...keys) {
    await press(keys);
    await animationFrame();
}

async function clickWith(key, target) {
    await keyDown(key);
    await contains(target).click();
    await keyUp(key);
    await animationFrame();
}

class Elsewhere extends Component {
    static template = xml`<div class="elsewhere"/>`;
    static props = ["*"];
}

defineMailModels();
defineModels([Lead]);

beforeEach(() => {
    registry.category("actions").add("elsewhere", Elsewhere);
    // the one seam: what draws the pages
    patchWithCleanup(EditorDocument.prototype, { async load() {} });
});

test("the pages, the fields and who fills them are shown", async () => {
    template([
        field(1, { type: "signature", name: "", page: -1 }),
        field(2, { type: "choice", name: "Colour", page: 2, role_id: 2 }),
    ]);
    await open();
    expect("[data-page]").toHaveCount(3);
    expect(".o_breadcrumb").toHaveText("Agreement");
    expect("[data-page='3'] [data-key]").toHaveAttribute(
        "aria-label",
        "Signature, Client, page 3, required",
    );
    expect(spoken("Colour, Our company, page 2")).toHaveClass("o_signature_color_10");
    expect(spoken("Colour")).toHaveClass("o_signature_incomplete");
    expect(".o_signature_overview .o_signature_row").toHaveCount(2);
    expect("button[name=save]").not.toBeEnabled();
});

test("a type is dragged onto a page for the chosen role", async () => {
    const saved = template([]);
    await open();
    expect(".o_signature_empty").toHaveCount(1);
    await contains(".o_signature_role:contains(Our company) input").check();
    await dragTo("[data-type=signature]", 1, 297.5, 200);
    expect("[data-page='1'] [data-key]").toHaveCount(1);
    expect("[data-key]").toHaveAttribute("aria-pressed", "true");
    expect("[data-key]").toBeFocused();
    await contains("button[name=save]").click();
    const [{ ids, rows, revision, record_id }] = saved;
    expect({ ids, revision, record_id }).toEqual({ ids: [7], revision: "first", record_id: 3 });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ type: "signature", role_id: 2, page: 1, required: true });
    expect("id" in rows[0] || "key" in rows[0]).toBe(false);
    const centre = rows[0].x + rows[0].width / 2;
    expect(Math.abs(centre - 50) < 0.1).toBe(true);
    expect(Math.abs(rows[0].width - 25.21) < 0.01).toBe(true);
    expect("button[name=save]").not.toBeEnabled();
});

test("a type dropped beside the pages is no field", async () => {
    template([]);
    await open();
    const { drop, moveTo } = await contains("[data-type=signature]").drag();
    await moveTo(".o_signature_roles");
    await animationFrame();
    expect(".o_signature_ghost").toHaveCount(1);
    await drop();
    await animationFrame();
    expect(".o_signature_ghost").toHaveCount(0);
    expect(fieldCount()).toBe(0);
    expect("button[name=save]").not.toBeEnabled();
});

test("a type is pressed, then the page", async () => {
    template([]);
    await open();
    await contains("[data-type=text]").click();
    expect("[data-type=text]").toHaveAttribute("aria-pressed", "true");
    await shortcut("Escape");
    expect("[data-type=text]").toHaveAttribute("aria-pressed", "false");
    await contains("[data-type=text]").click();
    await contains("[data-page='1']").click(at(1, 300, 150));
    await animationFrame();
    expect(fieldCount()).toBe(1);
    expect("[data-type=text]").toHaveAttribute("aria-pressed", "false");
});

test("Enter places a type in the middle of the page in sight, arrows move it", async () => {
    template([]);
    await open();
    queryOne("[data-type=checkbox]").focus();
    await press("Enter");
    await animationFrame();
    expect("[data-page='1'] [data-key]").toBeFocused();
    const [x, y] = placeOf("[data-key]");
    for (let step = 0; step < 6; step++) {
        await shortcut("ArrowRight");
    }
    await shortcut("Shift", "ArrowDown");
    const [movedX, movedY] = placeOf("[data-key]");
    expect(Math.abs(movedX - x - 600 / 595) < 0.15).toBe(true);
    expect(Math.abs(movedY - y - 1000 / 842) < 0.15).toBe(true);
    await shortcut("Control", "ArrowRight");
    expect(placeOf("[data-key]")[2] > 14 / 5.95).toBe(true);
});

test("a field is moved to another page and never leaves the pages", async () => {
    template([field(1, { name: "Place", y: 80 })]);
    await open();
    queryOne(".o_signature_scroller").scrollTop = queryOne("[data-page='2']").offsetTop - 400;
    await animationFrame();
    await dragTo(spoken("Place"), 1, 590, 700);
    expect(pageOf(spoken("Place"))).toBe(1);
    expect(placeOf(spoken("Place"))[0]).toBe(80);
    await dragTo(spoken("Place"), 2, 200, 60);
    expect(pageOf(spoken("Place"))).toBe(2);
    expect(placeOf(spoken("Place")).slice(2)).toEqual([20, 3]);
    await shortcut("Control", "z");
    expect(pageOf(spoken("Place"))).toBe(1);
});

test("Escape takes a gesture back", async () => {
    template([field(1, { name: "Place" })]);
    await open();
    const { moveTo } = await contains(spoken("Place")).drag();
    await moveTo("[data-page='1']", at(1, 400, 300));
    await animationFrame();
    expect(placeOf(spoken("Place"))[0] > 30).toBe(true);
    await shortcut("Escape");
    expect(placeOf(spoken("Place"))[0]).toBe(10);
    expect("button[name=save]").not.toBeEnabled();
});

test("a moved field clicks to the edge of another, not with Alt", async () => {
    template([
        field(1, { name: "Fixed", x: 40, y: 10 }),
        field(2, { name: "Place", x: 10, y: 20 }),
    ]);
    await open();
    // the middle of a field that stands 2 points beside the other
    const x = 0.4 * 595 + 2 + 0.1 * 595;
    const { drop, moveTo } = await contains(spoken("Place")).drag();
    await moveTo("[data-page='1']", at(1, x, 400));
    await animationFrame();
    expect(".o_signature_guide").toHaveCount(1);
    await drop();
    await animationFrame();
    expect(placeOf(spoken("Place"))[0]).toBe(40);
    expect(".o_signature_guide").toHaveCount(0);
    await keyDown("Alt");
    await dragTo(spoken("Place"), 1, x, 300);
    await keyUp("Alt");
    expect(placeOf(spoken("Place"))[0]).toBe(40.3);
});

test("a field is resized by its handles", async () => {
    template([field(1, { name: "Place", x: 20, y: 20, width: 40, height: 5 })]);
    await open();
    await contains(spoken("Place")).click();
    expect("[data-handle]").toHaveCount(8);
    await dragTo("[data-handle=se]", 1, 0.7 * 595, 0.3 * 842);
    const [x, y, width, height] = placeOf(spoken("Place"));
    expect([x, y]).toEqual([20, 20]);
    expect(Math.abs(width - 50) < 0.6 && Math.abs(height - 10) < 0.6).toBe(true);
});

test("undo and redo go through every change", async () => {
    template([field(1, { name: "Place" })]);
    await open();
    await contains(spoken("Place")).click();
    await contains("input[name=name]").edit("Signed at", { confirm: false });
    await animationFrame();
    expect(spoken("Signed at")).toHaveCount(1);
    await contains("button[name=delete]").click();
    expect(fieldCount()).toBe(0);
    await contains("button[name=undo]").click();
    expect(spoken("Signed at")).toHaveAttribute("aria-pressed", "true");
    queryOne(".o_signature_scroller").focus();
    await shortcut("Control", "z");
    expect(spoken("Place")).toHaveCount(1);
    expect("button[name=save]").not.toBeEnabled();
    expect("button[name=undo]").not.toBeEnabled();
    await shortcut("Control", "Shift", "z");
    await shortcut("Control", "y");
    expect(fieldCount()).toBe(0);
    expect("button[name=redo]").not.toBeEnabled();
});

test("fields are copied to the page in sight, and duplicated", async () => {
    const saved = template([field(1, { name: "Place" })]);
    await open();
    await contains(spoken("Place")).click();
    await shortcut("Control", "d");
    expect("[data-page='1'] [data-key]").toHaveCount(2);
    await shortcut("Control", "a");
    expect("[data-key][aria-pressed=true]").toHaveCount(2);
    await shortcut("Control", "c");
    queryOne(".o_signature_scroller").scrollTop = queryOne("[data-page='2']").offsetTop;
    await animationFrame();
    await animationFrame();
    await shortcut("Control", "v");
    expect("[data-page='2'] [data-key]").toHaveCount(2);
    expect("[data-page='2'] [aria-pressed=true]").toHaveCount(2);
    await shortcut("Delete");
    expect("[data-page='2'] [data-key]").toHaveCount(0);
    await shortcut("Control", "z");
    await contains("button[name=save]").click();
    expect(saved[0].rows.map((row) => [row.id, row.page, row.name])).toEqual([
        [1, 1, "Place"],
        [undefined, 1, "Place"],
        [undefined, 2, "Place"],
        [undefined, 2, "Place"],
    ]);
});

test("a field is copied to every page", async () => {
    template([field(1, { name: "Place", page: 2 })]);
    await open();
    await contains(spoken("Place")).click();
    await contains("button[name=repeat]").click();
    expect(queryAll("[data-key]").map((el) => pageOf(el))).toEqual([1, 2, 3]);
    await contains("button[name=repeat]").click();
    expect(fieldCount()).toBe(3);
});

test("several fields are selected, aligned and moved together", async () => {
    template([
        field(1, { name: "One", x: 10, y: 10 }),
        field(2, { name: "Two", x: 30, y: 20 }),
        field(3, { name: "Three", x: 50, y: 30 }),
    ]);
    await open();
    await contains(spoken("One")).click();
    await clickWith("Control", spoken("Two"));
    await clickWith("Shift", spoken("Three"));
    expect(".o_signature_panel_title").toHaveText("Fields selected: 3");
    await contains("button[name=left]").click();
    expect(["One", "Two", "Three"].map((name) => placeOf(spoken(name))[0])).toEqual([10, 10, 10]);
    await contains("select[name=role_id]").select("2");
    expect(spoken("Two, Our company")).toHaveCount(1);
    await clickWith("Control", spoken("Three"));
    expect("[data-key][aria-pressed=true]").toHaveCount(2);
    await dragTo(spoken("Two"), 1, 0.5 * 595, 0.5 * 842);
    const [one, two, three] = ["One", "Two", "Three"].map((name) => placeOf(spoken(name)));
    expect(Math.abs(two[0] - 40) < 0.6).toBe(true);
    expect(one[0]).toBe(two[0]);
    expect(Math.round(two[1] - one[1])).toBe(10);
    expect(three[0]).toBe(10);
});

test("a band selects what it touches, Escape lets go", async () => {
    template([
        field(1, { name: "One", x: 30, y: 10 }),
        field(2, { name: "Two", x: 30, y: 20 }),
        field(3, { name: "Three", x: 30, y: 60 }),
    ]);
    await open();
    await pointerDown("[data-page='1']", at(1, 20, 60));
    await contains("[data-page='1']").hover(at(1, 400, 300));
    await animationFrame();
    expect(".o_signature_band").toHaveCount(1);
    await pointerUp("[data-page='1']", at(1, 400, 300));
    await animationFrame();
    expect(".o_signature_band").toHaveCount(0);
    expect("[data-key][aria-pressed=true]").toHaveCount(2);
    await shortcut("Escape");
    expect("[data-key][aria-pressed=true]").toHaveCount(0);
});

test("by keyboard alone: focus selects, Enter leads to the settings, Escape back", async () => {
    template([field(1, { name: "One" }), field(2, { name: "Two", y: 20 })]);
    await open();
    await pointerDown(".o_signature_scroller");
    await pointerUp(".o_signature_scroller");
    queryOne(spoken("One")).focus();
    await animationFrame();
    expect(spoken("One")).toHaveAttribute("aria-pressed", "true");
    await press("Tab");
    await animationFrame();
    expect(spoken("Two")).toBeFocused();
    expect("[data-key][aria-pressed=true]").toHaveCount(1);
    await press("Enter");
    await animationFrame();
    expect("input[name=name]").toBeFocused();
    await shortcut("Escape");
    expect(spoken("Two")).toBeFocused();
    await shortcut("Delete");
    expect(fieldCount()).toBe(1);
    expect(".o_signature_editor [role=status]").toHaveText("Fields deleted: 1");
});

test("only the settings of the type are shown, and another type drops the others", async () => {
    const saved = template([
        field(1, { type: "text", name: "Place", pattern: "99", help: "Help" }),
    ]);
    await open();
    await contains(spoken("Place")).click();
    expect("input[name=pattern]").toHaveValue("99");
    await contains("select[name=type]").select("choice");
    expect("input[name=pattern]").toHaveCount(0);
    expect("[role=alert]").toHaveText("Enter what can be chosen");
    await contains("button[name=save]").click();
    expect(saved).toHaveLength(0);
    expect(".o_notification").toHaveText("“Place” is not complete yet.");
    await contains("textarea[name=options]").edit("Red\nBlue", { confirm: false });
    await contains("button[name=save]").click();
    expect(saved[0].rows[0]).toMatchObject({
        id: 1,
        type: "choice",
        name: "Place",
        help: "Help",
        pattern: "",
        options: "Red\nBlue",
        page: 1,
        x: 10,
    });
});

test("a checkbox is ticked from the start as an answer is stored", async () => {
    const saved = template([field(1, { type: "checkbox", name: "I agree" })]);
    await open();
    await contains(spoken("I agree")).click();
    await contains("input[name=default_value]").check();
    await contains("button[name=save]").click();
    expect(saved[0].rows[0].default_value).toBe("1");
});

test("a merge field is chosen by its path", async () => {
    const saved = template([field(1, { type: "merge", role_id: false })]);
    await open();
    await contains("[data-key]").click();
    expect("select[name=role_id]").toHaveCount(0);
    await contains("[data-setting=merge_path] .o_model_field_selector_value").click();
    await animationFrame();
    expect(".o_model_field_selector_popover_item:contains(Picture)").toHaveCount(0);
    await contains(
        ".o_model_field_selector_popover_item:contains(Opportunity) .o_model_field_selector_popover_item_name",
    ).click();
    await animationFrame();
    await contains("button[name=save]").click();
    expect(saved[0].rows[0]).toMatchObject({ merge_path: "name", role_id: false });
});

test("the page counts from the end, the place is set in points", async () => {
    const saved = template([field(1, { name: "Place", page: 2 })]);
    await open();
    await contains(spoken("Place")).click();
    await contains("input[name=from_end]").check();
    await contains("input[name=x]").edit("119");
    await contains("input[name=page]").edit("3");
    await contains("button[name=save]").click();
    // the same size in points on a page that is wider
    expect(saved[0].rows[0]).toMatchObject({ page: -1 });
    expect(saved[0].rows[0].x).toBe(Math.round((119 / 842) * 100000) / 1000);
    expect(saved[0].rows[0].width).toBe(Math.round(((0.2 * 595) / 842) * 100000) / 1000);
});

test("fields that fell off the document are kept apart and can be put back", async () => {
    const saved = template([
        field(1, { name: "Lost", page: 9 }),
        field(2, { name: "Gone", page: -5 }),
    ]);
    await open();
    expect("[data-key]").toHaveCount(0);
    expect(".o_signature_lost_field").toHaveCount(2);
    await dragTo("[data-lost=field_1]", 1, 300, 200);
    expect(spoken("Lost, Client, page 1")).toHaveCount(1);
    expect(".o_signature_lost_field").toHaveCount(1);
    await contains(".o_signature_lost_field [aria-label=Delete]").click();
    expect(".o_signature_lost").toHaveCount(0);
    await contains("button[name=save]").click();
    expect(saved[0].rows.map(({ id, page }) => [id, page])).toEqual([[1, 1]]);
});

test("unsaved changes are asked about before leaving", async () => {
    const saved = template([field(1, { name: "Place" })]);
    await open();
    await contains(spoken("Place")).click();
    await shortcut("ArrowRight");
    const leave = () => getService("action").doAction("elsewhere");
    leave();
    await animationFrame();
    expect(".modal-title").toHaveText("Unsaved changes");
    await contains(".modal .btn-close").click();
    expect(".o_signature_editor").toHaveCount(1);
    expect(saved).toHaveLength(0);
    const unload = new Event("beforeunload", { cancelable: true });
    window.dispatchEvent(unload);
    expect(unload.defaultPrevented).toBe(true);
    leave();
    await animationFrame();
    await contains(".modal .btn-primary").click();
    await animationFrame();
    expect(saved).toHaveLength(1);
    expect(".elsewhere").toHaveCount(1);
    expect(".o_signature_editor").toHaveCount(0);
});

test("Discard brings back what was saved", async () => {
    template([field(1, { name: "Place" })]);
    await open();
    await contains(spoken("Place")).click();
    await shortcut("Delete");
    await contains("button[name=discard]").click();
    await contains(".modal .btn-primary").click();
    await animationFrame();
    expect(spoken("Place")).toHaveCount(1);
    expect("button[name=discard]").toHaveCount(0);
});

test("what the server refuses is shown and not lost here", async () => {
    expect.errors(1);
    template([field(1, { name: "Place" })]);
    onRpc("signature.template", "editor_save", () => {
        throw new Error("Somebody else has changed the fields");
    });
    await open();
    await contains(spoken("Place")).click();
    await shortcut("Shift", "ArrowRight");
    const place = placeOf(spoken("Place"));
    await contains("button[name=save]").click();
    await animationFrame();
    expect.verifyErrors([/Somebody else/]);
    expect(placeOf(spoken("Place"))).toEqual(place);
    expect("button[name=save]").toBeEnabled();
});

test("with a next step, saving goes on to it", async () => {
    const saved = template([field(1, { name: "Place" })]);
    onRpc("signature.template", "action_send_for", ({ args, kwargs }) => {
        expect(args).toEqual([[7]]);
        expect([kwargs.res_model, kwargs.res_id]).toEqual(["crm.lead", 3]);
        expect.step("send");
        return {
            type: "ir.actions.client",
            tag: "display_notification",
            params: { message: "On" },
        };
    });
    await open({ next: { res_model: "crm.lead", res_id: 3 } });
    expect("button[name=save]").toHaveText("Save and continue");
    await contains("button[name=save]").click();
    await animationFrame();
    expect.verifySteps(["send"]);
    expect(saved).toHaveLength(0);
    await contains(spoken("Place")).click();
    await shortcut("ArrowDown");
    await contains("button[name=save]").click();
    await animationFrame();
    expect.verifySteps(["send"]);
    expect(saved).toHaveLength(1);
});

test("who may not change the template looks only", async () => {
    const values = { id: 7, name: "Agreement", kind: "pdf", model: "crm.lead", can_write: false };
    template([field(1, { name: "Place" })], { template: values });
    await open();
    expect(".o_signature_palette").toHaveCount(0);
    expect("button[name=save]").toHaveCount(0);
    await contains(spoken("Place")).click();
    expect("input[name=name]").not.toBeEnabled();
    await shortcut("Delete");
    expect(fieldCount()).toBe(1);
});
