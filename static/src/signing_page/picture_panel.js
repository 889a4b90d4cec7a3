import { pictureUrl, readSignature } from "./picture";

/** Where a picture of a mark is chosen or taken; it is cut out of its paper. */
export class PicturePanel {
    /**
     * @param {HTMLElement} el
     * @param {() => void} onChange
     * @param {(problem: string) => void} onProblem called with "unreadable", "large" or "blank"
     */
    constructor(el, onChange, onProblem) {
        Object.assign(this, { el, onChange, onProblem });
        this.chosen = null;
        this.input = el.querySelector("input");
        this.image = el.querySelector("img");
        this.input.addEventListener("change", () => {
            const [file] = this.input.files;
            if (file) {
                this.read(file);
            }
        });
    }

    /** The mark that stands here, or nothing. */
    get mark() {
        return this.chosen;
    }

    set mark(mark) {
        this.chosen = mark;
        this.showState(mark ? "ready" : "empty");
    }

    async read(file) {
        this.reading = file;
        this.chosen = null;
        this.onChange();
        this.showState("working");
        let mark = null;
        let problem = "";
        try {
            mark = await readSignature(file);
        } catch (error) {
            problem = ["large", "blank"].includes(error.code) ? error.code : "unreadable";
            console.warn(error);
        }
        // another file may have been chosen meanwhile
        if (this.reading === file) {
            // so that the same file can be chosen again
            this.input.value = "";
            this.mark = mark;
            if (problem) {
                this.onProblem(problem);
            }
        }
    }

    showState(state) {
        for (const el of this.el.querySelectorAll("[data-picture]")) {
            el.hidden = !el.dataset.picture.split(" ").includes(state);
        }
        if (state === "ready") {
            this.image.src = pictureUrl(this.chosen);
        }
    }
}
