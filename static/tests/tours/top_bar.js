import { registry } from "@web/core/registry";
import { browser } from "@web/core/browser/browser";

registry.category("web_tour.tours").add("signature_workflow_top_bar", {
    steps: () => [
        {
            content: "one document waits",
            trigger: ".o-mail-ActivityMenu-counter:contains(1)",
            run() {
                // the tour stays in this window
                browser.open = (url) => {
                    browser.location.assign(url);
                    return window;
                };
            },
        },
        {
            content: "open the menu",
            trigger: ".o_menu_systray i[aria-label='Activities']",
            run: "click",
        },
        {
            content: "it says what waits",
            trigger:
                ".o-mail-ActivityGroup:contains('Waiting for my signature'):contains('1 to sign or approve')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "the document is there",
            trigger: ".o_portal_my_doc_table button:contains(Sign)",
        },
    ],
});
