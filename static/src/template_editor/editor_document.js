import { DocumentView } from "../signing_page/document_view";

/** The pages of the template, drawn like those that a signer sees. */
export class EditorDocument extends DocumentView {
    /** Words that can be selected would be in the way of drawing a field. */
    async addText(page) {
        page.text ||= document.createElement("div");
    }
}
