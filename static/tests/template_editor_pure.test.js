import { describe, expect, test } from "@odoo/hoot";
import {
    choicesOf,
    newValues,
    problemsOf,
    settingsOf,
} from "@signature_workflow/template_editor/field_rules";
import {
    align,
    distribute,
    moveTogether,
    pageName,
    pageNumber,
    readingOrder,
    resize,
    toPercent,
    toRect,
} from "@signature_workflow/template_editor/geometry";
import { History } from "@signature_workflow/template_editor/history";
import { snapMove, snapResize } from "@signature_workflow/template_editor/snapping";

describe.current.tags("headless");

const A4 = { width: 595, height: 842 };
const rect = (x, y, width, height) => ({ x, y, width, height });

test("percent and points lead back to the same place, on any page", () => {
    for (const size of [A4, { width: 842, height: 595 }, { width: 14.4, height: 14400 }]) {
        const field = { x: 12.345, y: 67.891, width: 20.5, height: 3.125 };
        expect(toPercent(toRect(field, size), size)).toEqual(field);
    }
});

test("rounding never leaves the page", () => {
    for (let step = 0; step < 200; step++) {
        const width = 10 + step * 1.2345;
        const { x, width: share } = toPercent(rect(A4.width - width, 0, width, 10), A4);
        expect(x + share <= 100.000001).toBe(true);
    }
});

test("pages count from the front or from the end", () => {
    expect(pageNumber(2, 3)).toBe(2);
    expect(pageNumber(-1, 3)).toBe(3);
    expect(pageNumber(-3, 3)).toBe(1);
    expect([0, 4, -4].map((page) => pageNumber(page, 3))).toEqual([null, null, null]);
    expect(pageName(3, 3, true)).toBe(-1);
    expect(pageName(3, 3, false)).toBe(3);
});

test("rectangles move together as far as all of them fit", () => {
    const group = [rect(10, 10, 50, 20), rect(100, 40, 50, 20)];
    expect(moveTogether(group, -30, 5, A4)).toEqual([rect(0, 15, 50, 20), rect(90, 45, 50, 20)]);
    expect(moveTogether(group, 10000, 0, A4)[1].x).toBe(A4.width - 50);
});

test("a resized rectangle keeps a smallest size and stays on its page", () => {
    const box = rect(100, 100, 50, 20);
    expect(resize(box, "se", 10, 5, A4)).toEqual(rect(100, 100, 60, 25));
    expect(resize(box, "nw", -10, -5, A4)).toEqual(rect(90, 95, 60, 25));
    expect(resize(box, "w", 500, 0, A4)).toEqual(rect(144, 100, 6, 20));
    expect(resize(box, "e", 10000, 0, A4).width).toBe(A4.width - 100);
    expect(resize(box, "n", 0, -1000, A4)).toEqual(rect(100, 0, 50, 120));
});

test("aligning and spreading", () => {
    const group = [rect(10, 0, 20, 10), rect(50, 50, 40, 10), rect(200, 20, 10, 30)];
    expect(align(group, "left").map(({ x }) => x)).toEqual([10, 10, 10]);
    expect(align(group, "right").map(({ x }) => x)).toEqual([190, 170, 200]);
    expect(align(group, "middle").map(({ y }) => y)).toEqual([25, 25, 15]);
    const [first, second, last] = distribute(group, "x");
    expect([first.x, last.x]).toEqual([10, 200]);
    expect(second.x - (first.x + first.width)).toBe(last.x - (second.x + second.width));
});

test("a moved rectangle clicks to edges, centres and the centre of the page", () => {
    const others = [rect(100, 100, 80, 20)];
    const edge = snapMove(rect(103, 200, 50, 20), others, A4, 5);
    expect([edge.dx, edge.dy]).toEqual([-3, 0]);
    expect(edge.guides).toEqual([{ axis: "x", at: 100, from: 100, to: 220 }]);
    const row = snapMove(rect(300, 98, 50, 24), others, A4, 5);
    expect(row.dy).toBe(0);
    expect(row.guides[0]).toMatchObject({ axis: "y", at: 110 });
    expect(snapMove(rect(270, 500, 50, 20), [], A4, 5).dx).toBe(2.5);
    expect(snapMove(rect(300, 300, 50, 20), others, A4, 5)).toEqual({ dx: 0, dy: 0, guides: [] });
});

test("a resized rectangle clicks to edges and to the sizes of others", () => {
    const others = [rect(100, 100, 80, 20)];
    const wide = snapResize(rect(300, 300, 77, 40), "e", others, A4, 5);
    expect(wide.rect).toEqual(rect(300, 300, 80, 40));
    expect(wide.guides.length).toBe(1);
    const up = snapResize(rect(300, 118, 50, 40), "n", others, A4, 5);
    expect(up.rect).toEqual(rect(300, 120, 50, 38));
    const free = snapResize(rect(300, 300, 60, 40), "se", others, A4, 5);
    expect(free.rect).toEqual(rect(300, 300, 60, 40));
});

test("steps with the same tag are one", () => {
    const history = new History("");
    history.push("a", "name");
    history.push("ab", "name");
    history.push("ab!", null);
    expect(history.undo()).toBe("ab");
    expect(history.undo()).toBe("");
    expect(history.canUndo).toBe(false);
    expect(history.redo()).toBe("ab");
    history.push("other");
    expect(history.canRedo).toBe(false);
    expect(history.undo()).toBe("ab");
});

test("fields are read by page, line and column; those without a page come last", () => {
    const field = (name, page, x, y) => ({ name, page, x, y });
    const fields = [
        field("lost", 9, 0, 0),
        field("last page", -1, 0, 0),
        field("right", 1, 60, 10.2),
        field("left", 1, 10, 10.4),
        field("below", 1, 0, 20),
    ];
    const order = readingOrder(fields, 3).map(({ name }) => name);
    expect(order).toEqual(["left", "right", "below", "last page", "lost"]);
});

test("what a field lacks is said", () => {
    const roles = [{ id: 1 }];
    const problems = (values) => problemsOf({ role_id: 1, ...values }, roles).length;
    expect(problems({ type: "signature" })).toBe(0);
    expect(problems({ type: "signature", role_id: 2 })).toBe(1);
    expect(problems({ type: "choice", options: " \n " })).toBe(1);
    expect(problems({ type: "choice", options: "One\nTwo" })).toBe(0);
    expect(problems({ type: "radio", group: "" })).toBe(1);
    expect(problems({ type: "merge", role_id: false })).toBe(1);
    expect(problems({ type: "merge", role_id: false, merge_path: "name" })).toBe(0);
    expect(choicesOf({ options: " One \n\nTwo" })).toEqual(["One", "Two"]);
});

test("settings that make no sense for a type are not offered", () => {
    expect(settingsOf("merge")).toEqual(["merge_path"]);
    expect(settingsOf("date_signed")).toEqual(["write_path"]);
    expect(settingsOf("signature")).toEqual(["help", "required"]);
    expect(settingsOf("text")).toInclude("pattern");
    expect(settingsOf("email")).not.toInclude("pattern");
    expect(settingsOf("choice")).toInclude("options");
    expect(settingsOf("radio")).toInclude("group");
});

test("radio buttons join the group of the last one of their role", () => {
    const first = newValues("radio", 1, []);
    const second = newValues("radio", 1, [first]);
    expect(second.group).toBe(first.group);
    expect(second.name).not.toBe(first.name);
    expect(newValues("checkbox", 1, []).required).toBe(false);
    expect(newValues("merge", 1, []).role_id).toBe(false);
});
