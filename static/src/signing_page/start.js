import { CodePage } from "./code_page";
import { FinishedPage } from "./finished_page";
import { setUpInPerson } from "./in_person";
import { setUpPreview } from "./preview_banner";
import { PreviewPage } from "./preview_page";
import { ReadingPage } from "./reading_page";
import { SigningPage } from "./signing_page";

const PAGES = {
    code: CodePage,
    ready: SigningPage,
    held: FinishedPage,
    reading: ReadingPage,
    signed: FinishedPage,
    sealing: FinishedPage,
    completed: FinishedPage,
    withdrawn: FinishedPage,
};

function start(config) {
    const isSeenOnly = config.isPreview && config.state === "ready";
    const Page = isSeenOnly ? PreviewPage : PAGES[config.state];
    if (Page) {
        new Page(config);
    }
    setUpInPerson(config);
    setUpPreview();
}

/** Says that the page does not work here, instead of leaving it there with dead buttons. */
function giveUp() {
    const notice = document.querySelector("[data-notice=document]");
    if (notice) {
        notice.hidden = false;
        notice.querySelector("button").addEventListener("click", () => window.location.reload());
    }
}

const el = document.querySelector("#o_sign_config");
if (el) {
    try {
        start(JSON.parse(el.textContent));
    } catch (error) {
        giveUp();
        throw error;
    }
}
