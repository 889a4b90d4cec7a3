/**
 * A drawn mark as it is sent: {kind: "drawn", width, height, strokes: [[x0, y0, x1, y1, ...], ...]}
 * in CSS pixels of the pad; a typed one: {kind: "typed", text, font}; a picture: {kind: "picture",
 * data} with a PNG file in base64. See engine/marks.py.
 */

export const PEN_COLOR = "#1a237e";

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
// typed before there were several hands
const DEFAULT_HAND = "caveat";

const MAX_STROKES = 200;
// far more than a signature needs, and small enough to send for each of many fields
const MAX_POINTS = 4000;
// less ink than this part of the pad's longer side is a dot or a slip
const MIN_INK = 0.05;

/** Makes a mark of the data of a signature pad, or nothing when hardly anything was drawn. */
export function markFromPad(groups, width, height) {
    const clamp = (value, side) => Math.round(Math.min(Math.max(value, 0), side) * 10) / 10;
    const count = groups.reduce((sum, { points }) => sum + points.length, 0);
    const every = Math.ceil(count / MAX_POINTS);
    const strokes = groups
        .slice(0, MAX_STROKES)
        .map(({ points }) =>
            points
                .filter((_, index) => index % every === 0 || index === points.length - 1)
                .flatMap(({ x, y }) => [clamp(x, width), clamp(y, height)]),
        );
    const ink = strokes.reduce((sum, stroke) => sum + strokeLength(stroke), 0);
    if (ink < MIN_INK * Math.max(width, height)) {
        return null;
    }
    return { kind: "drawn", width, height, strokes };
}

/** The data of a signature pad for a drawn mark. */
export function padOfMark({ strokes }) {
    return strokes.map((stroke) => {
        const points = [];
        for (let i = 0; i < stroke.length; i += 2) {
            // an even pace, at which the pad draws a middling line
            points.push({ x: stroke[i], y: stroke[i + 1], time: i * 8, pressure: 0.5 });
        }
        return { points };
    });
}

function strokeLength(stroke) {
    let length = 0;
    for (let i = 2; i < stroke.length; i += 2) {
        length += Math.hypot(stroke[i] - stroke[i - 2], stroke[i + 1] - stroke[i - 1]);
    }
    return length;
}

/** The rectangle that a path of absolute pairs of numbers fills, so that no empty pad is shown. */
export function pathBox(path) {
    const numbers = path.match(/-?[\d.]+/g).map(Number);
    let [left, top] = numbers;
    let [right, bottom] = numbers;
    for (let i = 0; i < numbers.length; i += 2) {
        left = Math.min(left, numbers[i]);
        right = Math.max(right, numbers[i]);
        top = Math.min(top, numbers[i + 1]);
        bottom = Math.max(bottom, numbers[i + 1]);
    }
    return { x: left, y: top, width: Math.max(right - left, 1), height: Math.max(bottom - top, 1) };
}

/** The strokes as one SVG path: each inner point bends a curve between the middles beside it. */
export function markPath({ strokes }) {
    return strokes
        .map((stroke) => {
            const [x, y] = stroke;
            let path = `M${x} ${y}`;
            for (let i = 2; i + 3 < stroke.length; i += 2) {
                const middleX = (stroke[i] + stroke[i + 2]) / 2;
                const middleY = (stroke[i + 1] + stroke[i + 3]) / 2;
                path += `Q${stroke[i]} ${stroke[i + 1]} ${middleX} ${middleY}`;
            }
            // a stroke of one point becomes a line of no length: a dot with a round pen
            return `${path}L${stroke[stroke.length - 2]} ${stroke[stroke.length - 1]}`;
        })
        .join("");
}

function handFamily(font) {
    return `o_sign_${font || DEFAULT_HAND}, cursive`;
}

/** Resolves once a hand can be measured and drawn, or cannot be had. */
export function loadHand(font) {
    // without its font a name still shows, in letters of the device
    return document.fonts.load(`16px ${handFamily(font)}`).catch((error) => console.warn(error));
}

/**
 * A typed mark as an SVG text that fills a box as in the sealed document (engine/pdf/renderers.py):
 * as large as its ink allows, at the bottom left. Right once `loadHand` has resolved.
 */
export function typedDrawing({ text, font }, { width, height }) {
    const family = handFamily(font);
    const context = document.createElement("canvas").getContext("2d");
    context.font = `100px ${family}`;
    const ink = context.measureText(text);
    const left = Math.max(ink.actualBoundingBoxLeft / 100, 0);
    const right = Math.max(ink.actualBoundingBoxRight / 100, ink.width / 100, 0.1);
    const top = Math.max(ink.actualBoundingBoxAscent / 100, 0.75);
    const bottom = Math.max(ink.actualBoundingBoxDescent / 100, 0.25);
    const pad = Math.min(height * 0.06, width / 8);
    const size = Math.min((width - 2 * pad) / (left + right), (height - 2 * pad) / (top + bottom));
    const el = document.createElementNS(SVG_NAMESPACE, "text");
    el.setAttribute("x", pad + left * size);
    el.setAttribute("y", height - pad - bottom * size);
    el.setAttribute("font-size", size);
    el.setAttribute("font-family", family);
    el.setAttribute("fill", PEN_COLOR);
    el.textContent = text;
    return el;
}
