import { DocumentPage, find } from "./document_page";
import { loadHand, pathBox, typedDrawing } from "./mark";
import { getStatus } from "./server";

// Seconds between looks for the sealed copy; after the last one the page says that it takes longer.
const POLL_DELAYS = [1, 2, 2, 3, 5, 5, 8, 8, 13, 13, 20, 20];

/** Shows of each drawn mark its ink, without the empty pad around it, and typed ones in one line. */
export function fitMarks() {
    for (const picture of document.querySelectorAll(".o_sign_mark_typed")) {
        const mark = { text: picture.textContent, font: picture.dataset.hand };
        const { baseVal: box } = picture.viewBox;
        loadHand(mark.font).then(() => picture.replaceChildren(typedDrawing(mark, box)));
    }
    for (const picture of document.querySelectorAll(".o_sign_mark_drawn")) {
        const { x, y, width, height } = pathBox(picture.firstElementChild.getAttribute("d"));
        picture.setAttribute("viewBox", `${x - 4} ${y - 4} ${width + 8} ${height + 8}`);
    }
}

/** The page of somebody who has signed; waits for the sealed copy while it is made. */
export class FinishedPage {
    constructor(config) {
        this.config = config;
        fitMarks();
        // on a device that was handed over, the document is not shown any more
        if (find(".o_sign_pages")) {
            this.document = new DocumentPage(config);
        }
        if (find("[data-sealing]")) {
            this.waitForCopy();
        }
    }

    async waitForCopy() {
        for (const delay of POLL_DELAYS) {
            await new Promise((resolve) => setTimeout(resolve, delay * 1000));
            const { ready } = await getStatus(this.config.url).catch(() => ({}));
            if (ready) {
                window.location.reload();
                return;
            }
        }
        for (const el of document.querySelectorAll("[data-sealing]")) {
            el.hidden = el.dataset.sealing !== "later";
        }
    }
}
