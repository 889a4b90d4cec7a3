import { describe, expect, test } from "@odoo/hoot";
import { cutOutInk } from "@signature_workflow/signing_page/ink";
import {
    markFromPad,
    markPath,
    padOfMark,
    pathBox,
    typedDrawing,
} from "@signature_workflow/signing_page/mark";

describe.current.tags("headless");

const INK = [30, 40, 110];

/** A paper of `width` x `height` pixels; `light` gives its brightness, `inkAt` where somebody wrote. */
function paper(width, height, { light = () => 235, inkAt = () => false, ground = () => false }) {
    const data = new Uint8ClampedArray(width * height * 4);
    for (let y = 0, i = 0; y < height; y++) {
        for (let x = 0; x < width; x++, i += 4) {
            // the grain of the paper, always the same
            const grain = ((x * 7 + y * 13) % 11) - 5;
            const level = light(x, y) + grain;
            const colour = inkAt(x, y) ? INK : ground(x, y) ? [60, 40, 30] : [255, 255, 255];
            data.set([...colour.map((part) => (part * level) / 255), 255], i);
        }
    }
    return { data, width, height };
}

/** A wave of a pen four pixels thick in the middle of a sheet of 400 x 300, and a dot above it. */
function wave(x, y) {
    const onWave = x > 120 && x < 280 && Math.abs(y - 150 - 30 * Math.sin(x / 12)) < 5;
    return onWave || Math.hypot(x - 200, y - 95) < 3;
}

const alphaAt = ({ data, width }, x, y) => data[(y * width + x) * 4 + 3];

function share(cut, wanted) {
    let count = 0;
    for (let i = 3; i < cut.data.length; i += 4) {
        count += wanted(cut.data[i]) ? 1 : 0;
    }
    return count / (cut.width * cut.height);
}

function expectWave(cut) {
    expect(Math.abs(cut.width - 168) < 8).toBe(true);
    // from the dot to the lowest bend
    expect(Math.abs(cut.height - 101) < 8).toBe(true);
    expect(alphaAt(cut, 0, 0)).toBe(0);
    expect(share(cut, (alpha) => alpha > 200) > 0.05).toBe(true);
    expect(share(cut, (alpha) => alpha === 0) > 0.7).toBe(true);
    // dark, and blue as the ink is
    expect(cut.data[2] > cut.data[0] && cut.data[0] < 60).toBe(true);
}

test("of a written paper only the ink is left", () => {
    expectWave(cutOutInk(paper(400, 300, { inkAt: wave })));
});

test("the light may be uneven, and a shadow may lie on the paper", () => {
    const slope = (x, y) => 90 + x / 4 + y / 8;
    expectWave(cutOutInk(paper(400, 300, { inkAt: wave, light: slope })));
    const shadow = (x) => 230 - 90 / (1 + Math.exp((210 - x) / 12));
    expectWave(cutOutInk(paper(400, 300, { inkAt: wave, light: shadow })));
});

test("the table below the paper, rules and dust are left out", () => {
    const table = (x, y) => x < 30 || y < 20 + x / 20 || x > 380;
    const dust = (x, y) => (Math.abs(x - 50) < 2 && Math.abs(y - 270) < 2) || wave(x, y);
    expectWave(cutOutInk(paper(400, 300, { inkAt: dust, ground: table })));
    const ruled = (x, y) => (y % 25 ? 235 : 220);
    expectWave(cutOutInk(paper(400, 300, { inkAt: wave, light: ruled })));
});

test("a signature that fills its picture is kept whole", () => {
    const line = (x, y) => Math.abs(y - 20 - x / 5) < 2 || Math.hypot(x - 60, y - 8) < 2;
    const cut = cutOutInk(paper(120, 50, { inkAt: line }));
    expect(cut.width).toBe(120);
    const first = Array.from({ length: cut.height }, (_, y) => alphaAt(cut, 0, y));
    expect(Math.max(...first)).toBe(255);
});

test("nothing is found where nothing was written", () => {
    expect(cutOutInk(paper(400, 300, {}))).toBe(null);
    expect(cutOutInk(paper(400, 300, { light: (x, y) => 90 + x / 4 + y / 8 }))).toBe(null);
    expect(cutOutInk(paper(400, 300, { inkAt: () => true }))).toBe(null);
    expect(cutOutInk(paper(1, 1, {}))).toBe(null);
});

test("a mark can be drawn on again", () => {
    const points = Array.from({ length: 40 }, (_, i) => ({ x: 10 + i * 5, y: 50 + (i % 7) * 4 }));
    const mark = markFromPad([{ points }, { points: [{ x: 5.04, y: 5 }] }], 300, 120);
    expect(mark.strokes[1]).toEqual([5, 5]);
    expect(markFromPad(padOfMark(mark), 300, 120)).toEqual(mark);
    expect(pathBox(markPath(mark)).width > 190).toBe(true);
});

test("a slip of the pen is no mark", () => {
    expect(markFromPad([], 300, 120)).toBe(null);
    expect(markFromPad([{ points: [{ x: 5, y: 5 }] }], 300, 120)).toBe(null);
    expect(
        markFromPad(
            [
                {
                    points: [
                        { x: 5, y: 5 },
                        { x: 15, y: 5 },
                    ],
                },
            ],
            300,
            120,
        ),
    ).toBe(null);
});

test("a typed name stays inside its box", () => {
    for (const box of [
        { width: 200, height: 40 },
        { width: 20, height: 90 },
    ]) {
        for (const text of ["J", "Ștefan Țăranu", "<b>Wolfeschlegelsteinhausenbergerdorff</b>"]) {
            const el = typedDrawing({ text, font: "comforter" }, box);
            const [x, y, size] = ["x", "y", "font-size"].map((name) =>
                Number(el.getAttribute(name)),
            );
            expect(el.textContent).toBe(text);
            expect(x >= 0 && size > 0 && size <= box.height).toBe(true);
            expect(y - 0.75 * size >= 0 && y + 0.25 * size <= box.height).toBe(true);
            expect(el.getAttribute("font-family")).toMatch(/^o_sign_comforter,/);
        }
    }
});
