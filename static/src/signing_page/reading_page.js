import { DocumentPage } from "./document_page";
import { fitMarks } from "./finished_page";
import { reportView } from "./surroundings";

/** The page of somebody who only reads. */
export class ReadingPage extends DocumentPage {
    constructor(config) {
        super(config);
        fitMarks();
    }

    onShown() {
        if (!this.config.isPreview) {
            reportView(this.config.url);
        }
    }
}
