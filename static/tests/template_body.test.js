import { moveSelectionOutsideEditor, setSelection } from "@html_editor/../tests/_helpers/selection";
import { insertText } from "@html_editor/../tests/_helpers/user_actions";
import { HtmlField } from "@html_editor/fields/html_field";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { beforeEach, expect, test } from "@odoo/hoot";
import { press, queryAllTexts, queryOne, waitFor } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import {
    clickSave,
    contains,
    defineModels,
    fields,
    models,
    mountView,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";

class Template extends models.Model {
    _name = "signature.template";
    body = fields.Html();
    model = fields.Char();
    role_ids = fields.One2many({ relation: "signature.template.role" });
    _records = [
        { id: 1, model: "crm.lead", body: "<p>Between us</p><p><br></p>", role_ids: [1, 2] },
        { id: 2, model: "crm.lead", body: "<p>Alone</p>", role_ids: [] },
        { id: 3, model: false, body: "<p>Of nothing</p>", role_ids: [] },
    ];
}

class TemplateRole extends models.Model {
    _name = "signature.template.role";
    role_id = fields.Many2one({ relation: "signature.role" });
    _records = [
        { id: 1, role_id: 1 },
        { id: 2, role_id: 2 },
    ];
}

class Role extends models.Model {
    _name = "signature.role";
    name = fields.Char();
    _records = [
        { id: 1, name: "Client" },
        { id: 2, name: "Our company" },
    ];
}

class Lead extends models.Model {
    _name = "crm.lead";
    name = fields.Char({ string: "Opportunity" });
    picture = fields.Binary({ string: "Picture" });
    secret = fields.Char({ string: "Secret", groups: "base.group_system" });
    activity_summary = fields.Char({ string: "Next Activity Summary" });
    order_ids = fields.One2many({ string: "Orders", relation: "sale.order" });
}

class Order extends models.Model {
    _name = "sale.order";
    order_line = fields.One2many({ string: "Order Lines", relation: "sale.order.line" });
}

class OrderLine extends models.Model {
    _name = "sale.order.line";
    name = fields.Char({ string: "Description" });
    discount = fields.Float({ string: "Discount" });
    price_subtotal = fields.Float({ string: "Amount" });
}

defineMailModels();
defineModels([Template, TemplateRole, Role, Lead, Order, OrderLine]);

let editor, saved;
beforeEach(() => {
    saved = null;
    onRpc("signature.template", "web_save", ({ args }) => {
        saved = args[1].body;
    });
    patchWithCleanup(HtmlField.prototype, {
        onEditorLoad(loaded) {
            editor = loaded;
            return super.onEditorLoad(...arguments);
        },
    });
});

async function mountTemplate(resId = 1) {
    await mountView({
        type: "form",
        resModel: "signature.template",
        resId,
        arch: `
            <form>
                <field name="body" widget="signature_body"/>
                <field name="role_ids"><list editable="bottom"><field name="role_id"/></list></field>
            </form>`,
    });
}

async function cursorAfter(selector) {
    const anchorNode = queryOne(selector);
    anchorNode.closest(".odoo-editor-editable").focus();
    const isEmpty = !anchorNode.textContent;
    setSelection({ anchorNode, anchorOffset: isEmpty ? 0 : anchorNode.childNodes.length });
    // the browser tells of it later
    await animationFrame();
}

async function saveText() {
    await clickSave();
    // the version of the editor that wrote it
    return saved.replace(/ data-oe-version="[^"]*"/g, "");
}

test("a merge field goes where the cursor stands, as plain text", async () => {
    await mountTemplate();
    await cursorAfter(".odoo-editor-editable p:first");
    await insertText(editor, " and ");
    await contains(".o_signature_body_bar [data-insert='mergeField']").click();
    for (const hidden of ["Picture", "Secret", "Next Activity Summary"]) {
        expect(queryAllTexts(".o_model_field_selector_popover_item_name")).not.toInclude(hidden);
    }
    await contains("[data-name='name'] .o_model_field_selector_popover_item_name").click();
    expect(".o_signature_question .fw-bold").toHaveText("Opportunity");
    expect(".o_signature_question [type='submit']").toBeFocused();
    await press("Enter");
    await animationFrame();
    expect(".o_signature_popover").toHaveCount(0);
    expect(await saveText()).toBe("<p>Between us and {{name}}</p><p><br></p>");
});

test("a merge field that may be empty", async () => {
    await mountTemplate();
    await cursorAfter(".odoo-editor-editable p:last");
    await contains("[data-insert='mergeField']").click();
    await contains("[data-name='name'] .o_model_field_selector_popover_item_name").click();
    await contains("#o_signature_skip").click();
    await contains(".o_signature_question [type='submit']").click();
    expect(await saveText()).toBe("<p>Between us</p><p>{{name?}}</p>");
});

test("a place to sign by keyboard, below the text when nobody clicked into it", async () => {
    await mountTemplate();
    queryOne("[data-insert='place']").focus();
    await press("Enter");
    await waitFor("#o_signature_type");
    expect("#o_signature_type").toBeFocused();
    expect(queryAllTexts("#o_signature_role option")).toEqual(["Client", "Our company"]);
    await contains("#o_signature_role").select("Our company");
    await contains(".o_signature_question [type='submit']").click();
    expect(await saveText()).toBe("<p>Between us</p><p>{{signature;role=Our company}}</p>");
});

test("what is asked in words needs a label, and a list needs choices", async () => {
    await mountTemplate();
    await cursorAfter(".odoo-editor-editable p:last");
    await contains("[data-insert='place']").click();
    await contains("#o_signature_type").select("choice");
    expect("#o_signature_label").toHaveAttribute("required");
    expect("#o_signature_choices").toHaveAttribute("required");
    await contains("#o_signature_label").edit("Size; {of} shirt", { confirm: false });
    await contains("#o_signature_choices").edit("Small\nL|arge\n", { confirm: false });
    await contains("#o_signature_required").click();
    await contains(".o_signature_question [type='submit']").click();
    expect(await saveText()).toBe(
        "<p>Between us</p><p>{{Size of shirt;type=choice;role=Client;required=false;options=Small|L arge}}</p>",
    );
});

test("below a text that does not end with an empty line, and a table never within a line", async () => {
    await mountTemplate(2);
    await contains("[data-insert='mergeField']").click();
    await contains("[data-name='name'] .o_model_field_selector_popover_item_name").click();
    await contains(".o_signature_question [type='submit']").click();
    await cursorAfter(".odoo-editor-editable p:first");
    await contains("[data-insert='table']").click();
    await contains("[data-name='order_ids'] .o_model_field_selector_popover_item_name").click();
    await contains(".o_signature_question [type='submit']").click();
    expect(await saveText()).toBe(
        "<p>Alone</p><p>{{table;order_ids;columns=display_name:Display name}}</p><p>{{name}}</p>",
    );
});

test("without roles nothing can be asked", async () => {
    await mountTemplate(2);
    await contains("[data-insert='place']").click();
    expect(".o_signature_question [role='alert']").toHaveCount(1);
    expect(".o_signature_question [type='submit']").not.toBeEnabled();
    await press("Escape");
    await animationFrame();
    expect(".o_signature_popover").toHaveCount(0);
});

test("without a model there is nothing to choose from", async () => {
    await mountTemplate(3);
    await contains("[data-insert='mergeField']").click();
    expect(".o_signature_popover").toHaveCount(0);
    expect(".o_notification").toHaveCount(1);
});

test("a table of lines begins with the usual columns", async () => {
    await mountTemplate();
    await cursorAfter(".odoo-editor-editable p:last");
    await contains("[data-insert='table']").click();
    expect(queryAllTexts(".o_model_field_selector_popover_item_name")).toEqual(["Orders"]);
    await contains("[data-name='order_ids'] .o_model_field_selector_popover_item_relation").click();
    await contains("[data-name='order_line'] .o_model_field_selector_popover_item_name").click();
    await contains("input[aria-label='name']").edit("What", { confirm: false });
    await contains(".o_signature_question .btn-link").click();
    await contains("[data-name='discount'] .o_model_field_selector_popover_item_name").click();
    await contains(".o_signature_question .input-group:eq(1) button").click();
    await contains(".o_signature_question [type='submit']").click();
    expect(await saveText()).toBe(
        "<p>Between us</p><p>{{table;order_ids.order_line;columns=name:What,discount:Discount}}</p>",
    );
});

test("the slash offers the same, and Undo takes it back", async () => {
    await mountTemplate();
    await cursorAfter(".odoo-editor-editable p:last");
    await insertText(editor, "/placetosign");
    await animationFrame();
    await press("Enter");
    await waitFor("#o_signature_type");
    await contains(".o_signature_question [type='submit']").click();
    expect(".odoo-editor-editable").toHaveText(/\{\{signature;role=Client\}\}/);
    await press(["ctrl", "z"]);
    await animationFrame();
    expect(".odoo-editor-editable").not.toHaveText(/signature;role/);
});

test("placeholders are coloured, and the text stays as it is", async () => {
    Template._records[0].body = "<p>{{name}} {{signature;role=Client}} {{table;a;columns=b}}</p>";
    await mountTemplate();
    const coloured = (name) => [...CSS.highlights.get(name)].map(String);
    expect(coloured("signature-merge-field")).toEqual(["{{name}}", "{{table;a;columns=b}}"]);
    expect(coloured("signature-place")).toEqual(["{{signature;role=Client}}"]);
    await cursorAfter(".odoo-editor-editable p:first");
    await insertText(editor, "!");
    moveSelectionOutsideEditor();
    expect(await saveText()).toBe(
        "<p>{{name}} {{signature;role=Client}} {{table;a;columns=b}}!</p>",
    );
});

test("what Odoo's own editor inserted is kept", async () => {
    Template._records[0].body = `<p>For <t t-out="object.name">nobody</t></p><p><br></p>`;
    await mountTemplate();
    await cursorAfter(".odoo-editor-editable p:last");
    await insertText(editor, "x");
    expect(await saveText()).toBe(`<p>For <t t-out="object.name">nobody</t></p><p>x</p>`);
});
