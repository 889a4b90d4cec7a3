import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("signature_workflow_drag_deal", {
    steps: () => [
        {
            content: "drag the deal to the stage with the rule",
            trigger: ".o_kanban_record:contains('Big deal')",
            run: "drag_and_drop (.o_opportunity_kanban .o_kanban_group:has(.o_column_title:contains('To sign')))",
        },
        {
            content: "the card lies in the new column",
            trigger:
                ".o_kanban_group:has(.o_column_title:contains('To sign')) .o_kanban_record:contains('Big deal')",
        },
    ],
});

registry.category("web_tour.tours").add("signature_workflow_deal_signed", {
    steps: () => [
        {
            content: "the card says that all have signed",
            trigger:
                ".o_kanban_group:has(.o_column_title:contains('Done')) .o_kanban_record:contains('Big deal') .o_signature_badge:contains('Signed'):contains('2/2')",
        },
        {
            content: "open the deal",
            trigger: ".o_kanban_record:contains('Big deal')",
            run: "click",
        },
        {
            content: "the button counts the signatures",
            trigger: "button[name=action_view_signatures]:contains('2/2')",
        },
        {
            content: "the signed copy is in the chatter",
            trigger:
                ".o-mail-Message:contains('Everybody has signed') .o-mail-AttachmentList:contains('signed.pdf')",
        },
        {
            content: "open the request",
            trigger: "button[name=action_view_signatures]",
            run: "click",
        },
        {
            content: "it is completed, with its signers",
            trigger:
                ".o_form_view:has(.o_statusbar_status button.o_arrow_button_current:contains('Completed')) .o_field_one2many:contains('zoe@client.example')",
        },
    ],
});
