import { find } from "./document_page";

/** Lets the salesperson leave the page that they see as the signer does. */
export function setUpPreview() {
    const button = find("[data-action=leave-preview]");
    button?.addEventListener("click", () => {
        // a tab of its own has nowhere to go back to
        if (window.history.length > 1) {
            window.history.back();
        } else {
            window.close();
        }
    });
}
