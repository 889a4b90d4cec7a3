import { formatDate, formatNumber } from "./formats";
import { loadHand, markPath, pathBox, PEN_COLOR, typedDrawing } from "./mark";
import { pictureUrl } from "./picture";

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const TEXT_COLOR = "#111827";
// The same rules as in the sealed document (engine/pdf/typesetting.py), in points.
const LEADING = 1.3;
const MAX_SIZE = 10;
const SHRUNK_SIZE = 7;
const MIN_SIZE = 3;
// smaller is refused by the server
const READABLE_SIZE = 5;
const STEP = 0.5;

const measuring = document.createElement("canvas").getContext("2d");

function measure(text, font) {
    measuring.font = `100px ${font}`;
    return measuring.measureText(text).width / 100;
}

function svgElement(tag, attributes, text) {
    const el = document.createElementNS(SVG_NAMESPACE, tag);
    for (const [name, value] of Object.entries(attributes)) {
        el.setAttribute(name, value);
    }
    if (text !== undefined) {
        el.textContent = text;
    }
    return el;
}

function wrap(text, size, width) {
    const lines = [];
    for (const paragraph of text.split("\n")) {
        let line = "";
        for (const word of paragraph.split(/\s+/)) {
            const longer = line ? `${line} ${word}` : word;
            if (line && measure(longer, "sans-serif") * size > width) {
                lines.push(line);
                line = word;
            } else {
                line = longer;
            }
        }
        lines.push(line);
    }
    return lines;
}

function fitText(text, width, height, isWrapped) {
    const top = Math.min(MAX_SIZE, height / LEADING);
    if (!text.includes("\n") && !isWrapped) {
        const size = Math.min(top, width / measure(text, "sans-serif"));
        if (size >= Math.min(SHRUNK_SIZE, top)) {
            return { lines: [text], size };
        }
    }
    for (let size = top; ; size -= STEP) {
        const lines = wrap(text, size, width);
        if (lines.length * size * LEADING <= height || size <= MIN_SIZE) {
            return { lines, size };
        }
    }
}

const MARKS = ["signature", "initials"];
// of pictures, only that there was one
const KEPT_MARKS = ["drawn", "typed"];
const TICKS = ["checkbox", "radio"];
const PICKED = ["stamp", "file"];

/** One box on a page: where it stands, what it holds, and how that looks. */
export class Field {
    constructor(el, data, { config, texts }) {
        Object.assign(this, data, { el, config, texts });
        this.isOwn = data.open;
        this.isMark = MARKS.includes(data.type);
        // radio buttons of one group; the first one stands for all of them
        this.siblings = [this];
        const { width, height } = el.closest(".o_sign_page").dataset;
        // the box in points, as large as in the document; the drawing in it scales with the page
        this.box = { width: (width * data.width) / 100, height: (height * data.height) / 100 };
        for (const [side, value] of [
            ["left", data.x],
            ["top", data.y],
            ["width", data.width],
            ["height", data.height],
        ]) {
            el.style[side] = `${value}%`;
        }
        this.drawing = svgElement("svg", {
            viewBox: `0 0 ${this.box.width} ${this.box.height}`,
            "aria-hidden": "true",
        });
        el.append(this.drawing);
        this.setValue(TICKS.includes(this.type) ? Boolean(data.value) : data.value);
    }

    get isFilled() {
        return Boolean(typeof this.value === "string" ? this.value.trim() : this.value);
    }

    get lead() {
        return this.siblings[0];
    }

    get isRequired() {
        return this.siblings.some(({ required }) => required);
    }

    get isAnswered() {
        return this.siblings.some(({ isFilled }) => isFilled);
    }

    get isMissing() {
        return this.isOwn && this.lead === this && this.isRequired && !this.isAnswered;
    }

    /** What is asked for: the group's name, where one of several buttons is to be chosen. */
    get title() {
        return this.type === "radio" ? this.group : this.label;
    }

    /** Where the picture of a stamp or of a signature can be shown from, or nothing. */
    get pictureUrl() {
        return this.value && this.value.data
            ? pictureUrl(this.value)
            : this.picture &&
                  (!this.isOwn || this.value) &&
                  `${this.config.url}/picture/${this.id}`;
    }

    /** How many bytes are to be sent. */
    get weight() {
        return (this.value && this.value.data && this.value.data.length * 0.75) || 0;
    }

    /** What is kept until it is sent: of files and pictures only that there was one. */
    get draftValue() {
        return this.weight ? { lost: this.value.name || this.label } : this.value;
    }

    /** Puts back what was kept; `values` are those of all fields. */
    restore(value, values) {
        const before = this.value;
        const kept = value && value.as ? values[value.as] : value;
        if (kept && kept.lost) {
            this.lost = kept.lost;
            this.setValue(null);
        } else if (!this.isMark || !kept || KEPT_MARKS.includes(kept.kind)) {
            try {
                this.setValue(kept);
            } catch (error) {
                // whatever was kept, by another version of this page perhaps, the page has to work
                console.warn(error);
                this.setValue(before);
            }
        }
    }

    setValue(value) {
        this.value = value;
        if (this.isFilled) {
            this.lost = null;
        }
        this.showState();
        const spoken = this.el.querySelector("[data-state=filled]");
        if (spoken) {
            spoken.textContent = this.spokenValue();
        }
        this.draw();
    }

    /** Chooses this button of its group, or with `false` none of them. */
    choose(isChosen = true) {
        for (const sibling of this.siblings) {
            sibling.setValue(isChosen && sibling === this);
        }
        for (const sibling of this.siblings) {
            sibling.showState();
        }
    }

    showState() {
        const { classList } = this.el;
        classList.toggle("o_sign_filled", this.isAnswered);
        classList.toggle("o_sign_required", this.isRequired);
        if (this.isOwn && this.type === "radio") {
            const reached = this.siblings.find(({ isFilled }) => isFilled) || this.lead;
            this.el.tabIndex = this === reached ? 0 : -1;
            this.el.setAttribute("aria-checked", String(this.isFilled));
        }
    }

    spokenValue() {
        if (!this.isFilled) {
            return "";
        }
        const { signed, ticked, chosen } = this.texts;
        const words = { signature: signed, initials: signed, checkbox: ticked, stamp: chosen };
        return words[this.type] || this.shownText;
    }

    /** The text in the box, as the document will have it. */
    get shownText() {
        const { config, isOwn, type, value } = this;
        if (type === "file") {
            return value.name || value;
        }
        if (isOwn && type === "number") {
            return formatNumber(value, config.locale);
        }
        return isOwn && type === "date" ? formatDate(value, config.locale) : String(value);
    }

    /** Whether the text would be too small to read; the server measures it exactly. */
    get isTooLong() {
        const { isFilled, isMark, type } = this;
        return isFilled && ![...TICKS, ...PICKED].includes(type) && !isMark && this.isCrowded;
    }

    get isCrowded() {
        const { lines, size } = this.fitted;
        const height = lines.length * size * LEADING;
        return size < READABLE_SIZE || height > this.box.height + 0.1;
    }

    get fitted() {
        const { width, height } = this.box;
        const pad = Math.min(2, width / 10);
        return fitText(this.shownText, width - 2 * pad, height, this.type === "multiline");
    }

    draw() {
        const { type, value } = this;
        this.drawing.replaceChildren();
        if (this.svg) {
            this.drawPath(this.svg.path);
        } else if (type === "radio") {
            this.drawDot();
        } else if (this.pictureUrl) {
            this.drawPicture();
        } else if (!this.isFilled) {
            this.isOwn && type !== "checkbox" && this.drawLabel();
        } else if (type === "checkbox") {
            this.drawTick();
        } else if (!this.isMark) {
            this.drawText();
        } else if (value.kind === "drawn") {
            this.drawPath(markPath(value));
        } else {
            this.drawTyped(value.kind ? value : { text: String(value), font: this.font });
        }
    }

    drawLabel() {
        const { width, height } = this.box;
        const text = this.required ? `${this.label} *` : this.label;
        const natural = measure(text, "sans-serif");
        const size = Math.min(10, height * 0.62, (width - 6) / natural);
        const attributes = { x: 3, y: height / 2 + size * 0.35, "font-size": size };
        this.drawing.append(svgElement("text", { ...attributes, class: "o_sign_prompt" }, text));
    }

    drawText() {
        const { width, height } = this.box;
        const { lines, size } = this.fitted;
        const block = lines.length * size * LEADING;
        const top = this.type === "multiline" ? 0 : Math.max(0, (height - block) / 2);
        lines.forEach((line, index) => {
            const y = top + index * size * LEADING + size;
            const attributes = {
                x: Math.min(2, width / 10),
                y,
                "font-size": size,
                fill: TEXT_COLOR,
            };
            this.drawing.append(svgElement("text", attributes, line));
        });
    }

    drawPicture() {
        const { width, height } = this.box;
        this.drawing.append(svgElement("image", { href: this.pictureUrl, width, height }));
    }

    drawDot() {
        const { width, height } = this.box;
        const radius = Math.min(width, height) * 0.42;
        const at = { cx: width / 2, cy: height / 2 };
        const ring = { ...at, r: radius, class: "o_sign_ring", "stroke-width": radius / 5 };
        if (this.isOwn || this.isFilled) {
            this.drawing.append(svgElement("circle", ring));
        }
        if (this.isFilled) {
            this.drawing.append(svgElement("circle", { ...at, r: radius * 0.55, fill: PEN_COLOR }));
        }
    }

    /** Draws at once, and again when the hand has come. */
    drawTyped(mark) {
        const { value } = this;
        const draw = () => this.drawing.replaceChildren(typedDrawing(mark, this.box));
        draw();
        loadHand(mark.font, mark.text).then(() => value === this.value && draw());
    }

    /** Draws strokes, given in the pixels of some pad, at the bottom left like on paper. */
    drawPath(path) {
        const { x, y, width, height } = pathBox(path);
        const pen = Math.min(Math.max(this.box.height * 0.03, 0.6), 1.8);
        const inner = svgElement("svg", {
            x: 2,
            y: 2,
            width: Math.max(this.box.width - 4, 1),
            height: Math.max(this.box.height - 4, 1),
            viewBox: `${x} ${y} ${width} ${height}`,
            preserveAspectRatio: "xMinYMax meet",
            overflow: "visible",
        });
        const scale = Math.min(this.box.width / width, this.box.height / height);
        const stroke = { d: path, class: "o_sign_stroke", "stroke-width": pen / scale };
        inner.append(svgElement("path", stroke));
        this.drawing.append(inner);
    }

    drawTick() {
        const { width, height } = this.box;
        const side = Math.min(width, height);
        const at = (x, y) => `${(width - side) / 2 + x * side} ${(height - side) / 2 + y * side}`;
        const d = `M${at(0.18, 0.48)}L${at(0.42, 0.76)}L${at(0.84, 0.2)}`;
        const stroke = { d, class: "o_sign_stroke", "stroke-width": side * 0.11 };
        this.drawing.append(svgElement("path", stroke));
    }
}
