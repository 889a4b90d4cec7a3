import { DocumentPage } from "./document_page";
import { fitMarks } from "./finished_page";
import { callRoute } from "./server";
import { onFirstAction } from "./surroundings";

/** The page of somebody who only reads. */
export class ReadingPage extends DocumentPage {
    constructor(config) {
        super(config);
        fitMarks();
    }

    /** Tells the server of the first thing that a person does with the document in sight. */
    onShown() {
        if (!this.config.isPreview) {
            onFirstAction(() => {
                callRoute(`${this.config.url}/viewed`).catch((error) => console.warn(error));
            });
        }
    }
}
