import { bounds, moved, resize } from "./geometry";

/**
 * Where a moved or resized rectangle clicks into place: the edges and centres of the others, their
 * sizes, and the centre of the page. A guide is {axis, at, from, to}: a vertical line for the axis
 * "x" and a horizontal one for "y", in points.
 */

const AXES = { x: { side: "width", other: "y" }, y: { side: "height", other: "x" } };

/** The lines of a rectangle across an axis: edges meet edges, and centres meet centres. */
function linesOf(rect, axis) {
    const { side } = AXES[axis];
    return [
        { at: rect[axis], kind: "edge" },
        { at: rect[axis] + rect[side] / 2, kind: "centre" },
        { at: rect[axis] + rect[side], kind: "edge" },
    ];
}

/** The nearest pair of an own line and a line of another, at most so far apart. */
function nearest(own, targets, distance) {
    let best = null;
    for (const { at, kind, rect } of targets) {
        for (const line of own) {
            const delta = at - line.at;
            const isNear = kind === line.kind && Math.abs(delta) <= distance;
            if (isNear && (!best || Math.abs(delta) < Math.abs(best.delta))) {
                best = { delta, at, rect };
            }
        }
    }
    return best;
}

function targetsOn(axis, others, size) {
    const page = { x: 0, y: 0, ...size };
    const found = others.flatMap((rect) => linesOf(rect, axis).map((line) => ({ ...line, rect })));
    return [...found, { at: size[AXES[axis].side] / 2, kind: "centre", rect: page }];
}

function guide(axis, at, rect, target) {
    const { other } = AXES[axis];
    const all = bounds([rect, target]);
    return { axis, at, from: all[other], to: all[other] + all[AXES[other].side] };
}

/**
 * @param {Object} rect as moved by hand
 * @param {Object[]} others rectangles on the same page
 * @param {Object} size of the page
 * @param {number} distance in points
 * @returns {{dx: number, dy: number, guides: Object[]}} how far to move it further
 */
export function snapMove(rect, others, size, distance) {
    const found = {};
    for (const axis of ["x", "y"]) {
        found[axis] = nearest(linesOf(rect, axis), targetsOn(axis, others, size), distance);
    }
    const [dx, dy] = [found.x?.delta || 0, found.y?.delta || 0];
    const place = moved(rect, dx, dy);
    const guides = Object.entries(found)
        .filter(([_, hit]) => hit)
        .map(([axis, hit]) => guide(axis, hit.at, place, hit.rect));
    return { dx, dy, guides };
}

/**
 * @param {Object} rect as resized by hand
 * @param {string} handle see `resize`
 * @returns {{rect: Object, guides: Object[]}}
 */
export function snapResize(rect, handle, others, size, distance) {
    const delta = { x: 0, y: 0 };
    const hits = [];
    for (const [axis, ends] of Object.entries({ x: "we", y: "ns" })) {
        const end = [...ends].find((letter) => handle.includes(letter));
        if (!end) {
            continue;
        }
        const { side } = AXES[axis];
        const isStart = end === ends[0];
        const edge = isStart ? rect[axis] : rect[axis] + rect[side];
        const sameSize = others.map((other) => ({
            at: isStart ? rect[axis] + rect[side] - other[side] : rect[axis] + other[side],
            kind: "edge",
            rect: other,
        }));
        const targets = [...targetsOn(axis, others, size), ...sameSize];
        const hit = nearest([{ at: edge, kind: "edge" }], targets, distance);
        if (hit) {
            delta[axis] = hit.delta;
            hits.push([axis, hit]);
        }
    }
    const snapped = resize(rect, handle, delta.x, delta.y, size);
    return {
        rect: snapped,
        guides: hits.map(([axis, hit]) => guide(axis, hit.at, snapped, hit.rect)),
    };
}
