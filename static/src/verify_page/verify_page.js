import { callRoute } from "@signature_workflow/signing_page/server";
import { Unfit, findCode, readPdf, sha256 } from "./check";

const find = (selector, root = document) => root.querySelector(selector);

/** Adds to each time what the visitor's own clock showed. */
function showLocalTimes(root) {
    const format = new Intl.DateTimeFormat(document.documentElement.lang, {
        dateStyle: "medium",
        timeStyle: "medium",
    });
    for (const el of root.querySelectorAll(".o_verify_time")) {
        const date = new Date(find("time", el).dateTime);
        // whoever lives by UTC has read it already
        if (date.getTimezoneOffset()) {
            const local = find("[data-local]", el);
            find("span", local).textContent = format.format(date);
            local.hidden = false;
        }
    }
}

/** Takes a file, computes its fingerprint on this device, and shows what the server says of it. */
class FileCheck {
    constructor(root, page) {
        this.root = root;
        this.page = page;
        this.answer = find(".o_verify_answer", root);
        this.tries = 0;
        root.hidden = false;
        find("input", root).addEventListener("change", ({ target }) => this.take(target));
        this.listenForDrops(find(".o_verify_drop", root));
    }

    take(input) {
        const [file] = input.files;
        if (file) {
            this.check(file).finally(() => {
                // the same file can be chosen again
                input.value = "";
            });
        }
    }

    listenForDrops(target) {
        // beside its place, a file that is dropped would be opened instead of the page
        for (const type of ["dragover", "drop"]) {
            window.addEventListener(type, (ev) => ev.preventDefault());
        }
        for (const [type, isOver] of [
            ["dragenter", true],
            ["dragover", true],
            ["dragleave", false],
            ["drop", false],
        ]) {
            target.addEventListener(type, () => target.classList.toggle("o_verify_over", isOver));
        }
        window.addEventListener("drop", ({ dataTransfer }) => {
            if (dataTransfer.files.length) {
                this.check(dataTransfer.files[0]);
            }
        });
    }

    /** Checks a file; the answer to an earlier one is not shown any more. */
    async check(file) {
        const number = ++this.tries;
        this.begin(file.name);
        let answer = {};
        try {
            answer = await this.judge(file);
        } catch (error) {
            answer.problem = error instanceof Unfit ? error.message : "offline";
        }
        if (number === this.tries) {
            this.end(answer);
        }
    }

    async judge(file) {
        const bytes = await readPdf(file);
        const code = findCode(bytes, this.page);
        return callRoute("/verify/check", { sha256: await sha256(bytes), code, page: this.page });
    }

    begin(name) {
        const busy = find("[data-busy]", this.root);
        find("strong", busy).textContent = name;
        busy.hidden = false;
        this.answer.hidden = true;
        this.say("");
    }

    end({ html, problem }) {
        find("[data-busy]", this.root).hidden = true;
        if (problem) {
            this.say(find(`[data-text=${problem}]`, this.root).textContent);
            return;
        }
        // made by our own templates, which escape what people have written
        this.answer.innerHTML = html;
        showLocalTimes(this.answer);
        this.answer.hidden = false;
        this.answer.focus({ preventScroll: true });
        this.answer.scrollIntoView({ block: "nearest" });
    }

    say(text) {
        find("[role=alert]", this.root).textContent = text;
    }
}

showLocalTimes(document);
// there is none where the record of the document does not hold
const place = find(".o_verify_check");
if (place && window.crypto.subtle) {
    new FileCheck(place, find(".o_verify").dataset.code || "");
} else if (place) {
    find("[data-notice=insecure]").hidden = false;
}
