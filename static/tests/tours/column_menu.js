import { registry } from "@web/core/registry";

const COLUMN = ".o_opportunity_kanban .o_kanban_group:has(.o_column_title:contains('To sign'))";

function openRules() {
    return [
        {
            content: "the menu of the column",
            trigger: `${COLUMN} .o_group_config button:not(:visible), ${COLUMN} .o_group_config button`,
            run: "click",
        },
        {
            content: "its signature rules",
            trigger: ".o-dropdown--group-config-menu .o_signature_rules",
            run: "click",
        },
    ];
}

function choose(field, words) {
    return [
        {
            content: `type ${words}`,
            trigger: `.modal .o_field_widget[name=${field}] input`,
            run: `edit ${words}`,
        },
        {
            content: `choose ${words}`,
            trigger: `.o-autocomplete--dropdown-item a:contains('${words}')`,
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("signature_workflow_column_menu", {
    steps: () => [
        {
            content: "no rule sends anything here yet",
            trigger: `${COLUMN}:not(:has(.o_signature_stage))`,
        },
        ...openRules(),
        {
            content: "a new rule, for this stage",
            trigger: ".modal .o_field_widget[name=stage_id] input:value('To sign')",
        },
        ...choose("template_id", "Agreement"),
        ...choose("signatory_id", "Ceo"),
        {
            content: "save it",
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "back at the pipeline, the column says what it sends",
            trigger: `body:not(:has(.modal)) ${COLUMN} .o_signature_stage[aria-label*='Agreement']`,
        },
        {
            content: "drag a deal there",
            trigger: ".o_kanban_record:contains('Big deal')",
            run: `drag_and_drop (${COLUMN})`,
        },
        {
            content: "the card lies in the column",
            trigger: `${COLUMN} .o_kanban_record:contains('Big deal')`,
        },
        ...openRules(),
        {
            content: "the rules of this stage",
            trigger: ".o_list_view .o_data_row:contains('Agreement')",
        },
        {
            content: "a further one",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "is for this stage as well",
            trigger: ".o_form_view .o_field_widget[name=stage_id] input:value('To sign')",
        },
        {
            content: "not now",
            trigger: ".o_form_button_cancel",
            run: "click",
        },
        {
            content: "back to the pipeline",
            trigger: ".o_breadcrumb a:contains('Pipeline')",
            run: "click",
        },
        {
            content: "where the mark is still there",
            trigger: `${COLUMN} .o_signature_stage`,
        },
    ],
});

registry.category("web_tour.tours").add("signature_workflow_no_column_menu", {
    steps: () => [
        {
            content: "a salesperson sees what the column sends",
            trigger: `${COLUMN} .o_signature_stage`,
        },
        {
            content: "the menu of the column",
            trigger: `${COLUMN} .o_group_config button:not(:visible), ${COLUMN} .o_group_config button`,
            run: "click",
        },
        {
            content: "has no rules for them",
            trigger:
                ".o-dropdown--group-config-menu:not(:has(.o_signature_rules)) .o_kanban_toggle_fold",
        },
    ],
});

registry.category("web_tour.tours").add("signature_workflow_automation", {
    steps: () => [
        {
            content: "a new automation rule",
            trigger: ".o-kanban-button-new",
            run: "click",
        },
        {
            content: "its name",
            trigger: ".o_field_widget[name=name] textarea, .o_field_widget[name=name] input",
            run: "edit Thank them",
        },
        {
            content: "of contacts",
            trigger: ".o_field_widget[name=model_id] input",
            run: "edit Contact",
        },
        {
            content: "of contacts",
            trigger: ".o-autocomplete--dropdown-item a:text('Contact')",
            run: "click",
        },
        {
            content: "the triggers",
            trigger: ".o_field_widget[name=trigger] input",
            run: "click",
        },
        {
            content: "ours are in a group of their own",
            trigger: ".o_select_menu_group:contains('Signatures')",
        },
        {
            content: "signed by all",
            trigger: ".o_select_menu_item:contains('Document is signed by all')",
            run: "click",
        },
        {
            content: "for which contacts, and what it is about",
            trigger:
                ".o_form_sheet:contains('Of documents that are made from these records') .o_field_widget[name=filter_domain]",
        },
        {
            content: "an action",
            trigger:
                ".o_field_widget[name=action_server_ids] .o-kanban-button-new, .o_field_widget[name=action_server_ids] button:contains('Add an action')",
            run: "click",
        },
        {
            content: "that asks for a signature",
            trigger:
                ".modal .o_field_widget[name=state] .o_selection_badge:contains('Request Signature')",
            run: "click",
        },
        ...choose("signature_template_id", "Privacy notice"),
        {
            content: "done",
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "the action stands there with its icon",
            trigger:
                "body:not(:has(.modal)) .o_field_widget[name=action_server_ids] .o_kanban_record:contains('Request signature: Privacy notice') .fa-pencil-square-o",
        },
        {
            content: "save",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "saved",
            trigger: ".o_form_saved",
        },
        {
            content: "to all rules",
            trigger: ".o_back_button, .o_breadcrumb a:contains('Automation Rules')",
            run: "click",
        },
        {
            content: "the card says it in words",
            trigger:
                ".o_base_automation_kanban_view .o_kanban_record:contains('Thank them'):contains('Document is signed by all') .fa-pencil-square-o",
        },
    ],
});
