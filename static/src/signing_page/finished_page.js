import { DocumentPage } from "./document_page";
import { pathBox } from "./mark";
import { getStatus } from "./server";

// Seconds between looks for the sealed copy; after the last one the page promises it by mail.
const POLL_DELAYS = [1, 2, 2, 3, 5, 5, 8, 8, 13, 13, 20, 20];

/** The page of somebody who has signed; waits for the sealed copy while it is made. */
export class FinishedPage extends DocumentPage {
    constructor(config) {
        super(config);
        for (const picture of document.querySelectorAll(".o_sign_mark")) {
            const { x, y, width, height } = pathBox(picture.firstElementChild.getAttribute("d"));
            picture.setAttribute("viewBox", `${x - 4} ${y - 4} ${width + 8} ${height + 8}`);
        }
        if (config.state === "sealing") {
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
