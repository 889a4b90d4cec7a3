import { markPath, pathBox, PEN_COLOR } from "./mark";

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const TEXT_COLOR = "#111827";
// The same rules as in the sealed document (engine/pdf/typesetting.py), in points.
const LEADING = 1.3;
const MAX_SIZE = 11;
const SHRUNK_SIZE = 7;
const MIN_SIZE = 3;
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

function fitText(text, width, height) {
    const top = Math.min(MAX_SIZE, height / LEADING);
    if (!text.includes("\n")) {
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

/** One box on a page: where it stands, what it holds, and how that looks. */
export class Field {
    constructor(el, data, texts) {
        Object.assign(this, data, { el, texts });
        this.label = el.querySelector("[data-label]").textContent;
        this.isOwn = el.tagName === "BUTTON";
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
        this.picture = svgElement("svg", {
            viewBox: `0 0 ${this.box.width} ${this.box.height}`,
            "aria-hidden": "true",
        });
        el.append(this.picture);
        this.setValue(this.type === "checkbox" ? Boolean(data.value) : data.value);
    }

    get isFilled() {
        return Boolean(typeof this.value === "string" ? this.value.trim() : this.value);
    }

    get isMissing() {
        return this.isOwn && this.required && !this.isFilled;
    }

    get isMultiline() {
        return this.type === "text" && this.box.height >= 2 * MAX_SIZE * LEADING;
    }

    setValue(value) {
        this.value = value;
        this.el.classList.toggle("o_sign_filled", this.isFilled);
        this.el.classList.toggle("o_sign_required", Boolean(this.required));
        const spoken = this.el.querySelector("[data-state=filled]");
        if (spoken) {
            spoken.textContent = this.spokenValue();
        }
        this.draw();
    }

    spokenValue() {
        if (!this.isFilled) {
            return "";
        }
        const words = { signature: this.texts.signed, checkbox: this.texts.ticked };
        return words[this.type] || this.value;
    }

    draw() {
        this.picture.replaceChildren();
        if (this.svg) {
            this.drawPath(this.svg.path);
        } else if (!this.isFilled) {
            this.isOwn && this.type !== "checkbox" && this.drawLabel();
        } else if (this.type === "checkbox") {
            this.drawTick();
        } else if (this.type !== "signature") {
            this.drawText(String(this.value));
        } else if (this.value.kind === "drawn") {
            this.drawPath(markPath(this.value));
        } else {
            this.drawTyped(this.value.kind ? this.value.text : String(this.value));
        }
    }

    drawLabel() {
        const { width, height } = this.box;
        const text = this.required ? `${this.label} *` : this.label;
        const natural = measure(text, "sans-serif");
        const size = Math.min(10, height * 0.62, (width - 6) / natural);
        const attributes = { x: 3, y: height / 2 + size * 0.35, "font-size": size };
        this.picture.append(svgElement("text", { ...attributes, class: "o_sign_prompt" }, text));
    }

    drawText(text) {
        const { width, height } = this.box;
        const pad = Math.min(2, width / 10);
        const { lines, size } = fitText(text, width - 2 * pad, height);
        const top = Math.max(0, (height - lines.length * size * LEADING) / 2);
        lines.forEach((line, index) => {
            const y = top + index * size * LEADING + size;
            const attributes = { x: pad, y, "font-size": size, fill: TEXT_COLOR };
            this.picture.append(svgElement("text", attributes, line));
        });
    }

    drawTyped(text) {
        const { width, height } = this.box;
        const font = "o_sign_handwriting, cursive";
        const size = Math.min((width - 6) / measure(text, font), height * 0.75);
        this.picture.append(
            svgElement(
                "text",
                { x: 3, y: height * 0.72, "font-size": size, fill: PEN_COLOR, "font-family": font },
                text,
            ),
        );
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
        this.picture.append(inner);
    }

    drawTick() {
        const { width, height } = this.box;
        const side = Math.min(width, height);
        const at = (x, y) => `${(width - side) / 2 + x * side} ${(height - side) / 2 + y * side}`;
        const d = `M${at(0.18, 0.48)}L${at(0.42, 0.76)}L${at(0.84, 0.2)}`;
        const stroke = { d, class: "o_sign_stroke", "stroke-width": side * 0.11 };
        this.picture.append(svgElement("path", stroke));
    }
}
