import { registry } from "@web/core/registry";

/** Gives an input the file that lies behind a URL, as a person chooses it. */
async function chooseFile(input, url, name) {
    const data = await (await fetch(url)).blob();
    const files = new DataTransfer();
    files.items.add(new File([data], name, { type: "application/pdf" }));
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
}

registry.category("web_tour.tours").add("signature_workflow_template_from_form", {
    steps: () => [
        {
            content: "a new template",
            trigger: ".o-kanban-button-new",
            run: "click",
        },
        {
            content: "its name",
            trigger: ".o_field_widget[name=name] input",
            run: "edit Order form",
        },
        {
            content: "made from a PDF",
            trigger: ".o_field_widget[name=kind] .o_radio_input[data-value=pdf]",
            run: "click",
        },
        {
            content: "the file",
            trigger: ".o_field_widget[name=pdf_file] input[type=file]:not(:visible)",
            run: ({ anchor }) => chooseFile(anchor, "/signature_test/order_form.pdf", "order.pdf"),
        },
        {
            content: "the file is there",
            trigger: "button[name=action_open_editor]:visible",
            run: "click",
        },
        {
            content: "its form fields have become ours",
            trigger: ".o_signature_page .o_signature_field[aria-label*='Order number']",
        },
        {
            content: "the multi-line one is our company's",
            trigger:
                ".o_signature_page .o_signature_field[aria-label*='Our company remarks'][aria-label*='Our company']",
        },
        {
            content: "the page is drawn",
            trigger: ".o_signature_page canvas",
        },
        {
            content: "a signature",
            trigger: ".o_signature_type[data-type=signature]",
            run: "click",
        },
        {
            content: "the client signs here",
            trigger: ".o_signature_page[data-page='1'] .o_signature_layer",
            run: "click",
        },
        {
            content: "a signature of the client lies on the page",
            trigger: ".o_signature_field[aria-label*='Signature'][aria-label*='Client']",
        },
        {
            content: "now what our company does",
            trigger: ".o_signature_role:contains('Our company')",
            run: "click",
        },
        {
            content: "initials",
            trigger: ".o_signature_type[data-type=initials]",
            run: "click",
        },
        {
            content: "also on this page",
            trigger: ".o_signature_page[data-page='1'] .o_signature_layer",
            run: "click",
        },
        {
            content: "initials of our company lie on the page",
            trigger: ".o_signature_field[aria-label*='Initials'][aria-label*='Our company']",
        },
        {
            content: "keep it",
            trigger: ".o_signature_editor button[name=save]:enabled",
            run: "click",
        },
        {
            content: "it is kept",
            trigger: ".o_signature_editor button[name=save]:disabled",
        },
    ],
});

registry.category("web_tour.tours").add("signature_workflow_send_template", {
    steps: () => [
        {
            content: "send a document",
            trigger: "button[name=action_sign]",
            run: "click",
        },
        {
            content: "open the list of documents",
            trigger: ".modal .o_field_widget[name=template_id] input",
            run: "edit Order form",
        },
        {
            content: "choose the one that was made from the form",
            trigger: ".o-autocomplete--dropdown-item:contains('Order form')",
            run: "click",
        },
        {
            content: "the preview follows",
            trigger: ".modal img.o_signature_preview_sheet",
        },
        {
            content: "send",
            trigger: ".modal button[name=action_send]",
            run: "click",
        },
        {
            content: "it is on its way",
            trigger: ".o_notification:contains('“Order form” is on its way')",
        },
    ],
});
