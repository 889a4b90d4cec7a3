import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("signature_workflow_two_clicks", {
    steps: () => [
        {
            content: "first click: the dialog",
            trigger: "button[name=action_sign]",
            run: "click",
        },
        {
            content: "the template that was used last is chosen, with the people of this deal",
            trigger:
                ".modal .o_field_widget[name=template_id] input:value(Agreement), .modal .o_field_widget[name=template_id]:contains(Agreement)",
        },
        {
            content: "the client of this deal gets it",
            trigger: ".modal .o_field_widget[name=signer_ids]:contains('second@client.example')",
        },
        {
            content: "its first page is shown",
            trigger: ".modal img.o_signature_preview_sheet",
        },
        {
            content: "second click: send",
            trigger: ".modal button[name=action_send]",
            run: "click",
        },
        {
            content: "it is on its way",
            trigger: ".o_notification:contains('is on its way to Second client')",
        },
        {
            content: "the dialog is closed and the deal knows of the document",
            trigger:
                "body:not(:has(.modal)) button[name=action_view_signatures]:contains('Waiting')",
        },
    ],
});
