import { DocumentView } from "./document_view";
import { Field } from "./fields";
import { format } from "./formats";

const ZOOM_STEPS = [1, 1.25, 1.5, 2, 2.5];

export const find = (selector) => document.querySelector(selector);

function readTexts() {
    const texts = {};
    for (const el of document.querySelectorAll("#o_sign_texts [data-text]")) {
        texts[el.dataset.text] = el.textContent;
    }
    return texts;
}

/** Puts all pages, of these widths and heights, into their place; the server sends only those with fields. */
function makePages(root, sizes) {
    const sent = new Map([...root.children].map((el) => [Number(el.dataset.page), el]));
    const pages = sizes.map(([width, height], index) => {
        const el = sent.get(index + 1) || document.createElement("div");
        el.className = "o_sign_page";
        el.setAttribute("role", "group");
        Object.assign(el.dataset, { width, height });
        return el;
    });
    root.append(...pages);
}

/** The document and its fields: what every state of the page has in common. */
export class DocumentPage {
    constructor(config) {
        this.config = config;
        this.texts = readTexts();
        makePages(find(".o_sign_pages"), config.pages);
        this.fields = config.fields.map(
            (data) => new Field(find(`[data-field="${data.id}"]`), data, this),
        );
        this.view = new DocumentView(find(".o_sign_pages"), `${config.url}/document`, {
            pageLabel: (page, total) => format(this.texts.page, { page, total }),
            onShown: () => this.onShown(),
        });
        this.zoom = 0;
        for (const button of document.querySelectorAll("[data-zoom]")) {
            button.addEventListener("click", () => this.zoomBy(Number(button.dataset.zoom)));
        }
        find("[data-action=retry-document]").addEventListener("click", () => this.load());
        this.load();
    }

    onShown() {}

    async load() {
        const notice = find("[data-notice=document]");
        notice.hidden = true;
        try {
            await this.view.load();
        } catch (error) {
            notice.hidden = false;
            console.error(error);
        }
    }

    zoomBy(step) {
        this.zoom = Math.min(Math.max(this.zoom + step, 0), ZOOM_STEPS.length - 1);
        const { scrollingElement: root } = document;
        const middle = (root.scrollTop + window.innerHeight / 2) / root.scrollHeight;
        find(".o_sign_document").style.setProperty("--o-sign-zoom", ZOOM_STEPS[this.zoom]);
        root.scrollTop = middle * root.scrollHeight - window.innerHeight / 2;
    }
}
