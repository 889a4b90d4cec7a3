import { find } from "./document_page";
import { forgetDrafts } from "./draft";
import { callRoute } from "./server";
import { isPersonHere } from "./surroundings";

/** On a device that was handed over: one page, and one way out of it. */
export function setUpInPerson(config) {
    if (!document.body.classList.contains("o_sign_in_person")) {
        return;
    }
    trapBack();
    document.addEventListener("click", askForFullScreen, { once: true, capture: true });
    for (const button of document.querySelectorAll("[data-action=return]")) {
        button.addEventListener("click", () => isPersonHere() && giveBack(config.url));
    }
}

function trapBack() {
    window.history.pushState(null, "");
    window.addEventListener("popstate", () => window.history.pushState(null, ""));
    // the browser may keep a page in memory after it was left
    window.addEventListener("pageshow", (ev) => ev.persisted && window.location.reload());
}

async function askForFullScreen(ev) {
    if (ev.target.closest("[data-action=return]")) {
        return;
    }
    try {
        await document.documentElement.requestFullscreen({ navigationUI: "hide" });
    } catch {
        // not every device can, or lets a page ask: signing works all the same
    }
}

/** Closes the link, forgets what was typed here, and leads the salesperson to where they go on. */
async function giveBack(page) {
    const error = find("[data-return-error]");
    error.hidden = true;
    try {
        const { url } = await callRoute(`${page}/return`);
        forgetDrafts();
        window.location.replace(url);
    } catch (failure) {
        console.error(failure);
        if (failure.isGone) {
            // the link was closed elsewhere: the page says why
            forgetDrafts();
            window.location.reload();
        } else {
            error.hidden = false;
        }
    }
}
