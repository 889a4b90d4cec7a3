/**
 * Boxes on pages: pure arithmetic, without DOM.
 *
 * A rectangle is {x, y, width, height} in points, from the top left of a page as displayed. A field
 * holds the same in percent of its page. A size is {width, height} in points.
 */

/** The smallest side, in points, that a field may have. */
export const MIN_SIDE = 6;
const DECIMALS = 1000;
// fields whose tops differ by less, in percent of the page, stand in one line
const LINE = 1;

const round = (number) => Math.round(number * DECIMALS) / DECIMALS;
const between = (number, low, high) => Math.max(low, Math.min(number, high));

/** The rectangle of a field on a page of this size. */
export function toRect(field, size) {
    return {
        x: (field.x * size.width) / 100,
        y: (field.y * size.height) / 100,
        width: (field.width * size.width) / 100,
        height: (field.height * size.height) / 100,
    };
}

/** What a field holds for a rectangle, never beyond the page. */
export function toPercent(rect, size) {
    const width = Math.min(round((rect.width / size.width) * 100), 100);
    const height = Math.min(round((rect.height / size.height) * 100), 100);
    return {
        x: between(round((rect.x / size.width) * 100), 0, round(100 - width)),
        y: between(round((rect.y / size.height) * 100), 0, round(100 - height)),
        width,
        height,
    };
}

/** The number of the page that a field names, or null when the document has no such page. */
export function pageNumber(page, count) {
    const number = page < 0 ? count + 1 + page : page;
    return number >= 1 && number <= count ? number : null;
}

/** How a field names a page, from the front or, negative, from the end. */
export function pageName(number, count, fromEnd) {
    return fromEnd ? number - count - 1 : number;
}

/** The same rectangle, small enough for the page and on it. */
export function intoPage(rect, size) {
    const width = Math.min(rect.width, size.width);
    const height = Math.min(rect.height, size.height);
    return {
        x: between(rect.x, 0, size.width - width),
        y: between(rect.y, 0, size.height - height),
        width,
        height,
    };
}

/** The smallest rectangle around all of them. */
export function bounds(rects) {
    const x = Math.min(...rects.map((rect) => rect.x));
    const y = Math.min(...rects.map((rect) => rect.y));
    return {
        x,
        y,
        width: Math.max(...rects.map((rect) => rect.x + rect.width)) - x,
        height: Math.max(...rects.map((rect) => rect.y + rect.height)) - y,
    };
}

export function moved(rect, dx, dy) {
    return { ...rect, x: rect.x + dx, y: rect.y + dy };
}

/** Moves rectangles together, as far as the page lets all of them. */
export function moveTogether(rects, dx, dy, size) {
    const all = bounds(rects);
    const held = intoPage(moved(all, dx, dy), size);
    return rects.map((rect) => intoPage(moved(rect, held.x - all.x, held.y - all.y), size));
}

/**
 * Moves the sides named by the handle, of "n", "e", "s", "w" or two of them, within the page.
 */
export function resize(rect, handle, dx, dy, size) {
    let { x, y, width, height } = rect;
    if (handle.includes("e")) {
        width = between(width + dx, MIN_SIDE, size.width - x);
    }
    if (handle.includes("s")) {
        height = between(height + dy, MIN_SIDE, size.height - y);
    }
    if (handle.includes("w")) {
        const left = between(x + dx, 0, x + width - MIN_SIDE);
        [x, width] = [left, width + x - left];
    }
    if (handle.includes("n")) {
        const top = between(y + dy, 0, y + height - MIN_SIDE);
        [y, height] = [top, height + y - top];
    }
    return { x, y, width, height };
}

/** Aligns rectangles of one page to "left", "center", "right", "top", "middle" or "bottom" of all. */
export function align(rects, side) {
    const all = bounds(rects);
    const place = {
        left: () => ({ x: all.x }),
        center: (rect) => ({ x: all.x + (all.width - rect.width) / 2 }),
        right: (rect) => ({ x: all.x + all.width - rect.width }),
        top: () => ({ y: all.y }),
        middle: (rect) => ({ y: all.y + (all.height - rect.height) / 2 }),
        bottom: (rect) => ({ y: all.y + all.height - rect.height }),
    }[side];
    return rects.map((rect) => ({ ...rect, ...place(rect) }));
}

/** Spreads three or more rectangles so that the gaps along "x" or "y" are the same. */
export function distribute(rects, axis) {
    const side = axis === "x" ? "width" : "height";
    const order = rects.map((_, index) => index).sort((a, b) => rects[a][axis] - rects[b][axis]);
    const all = bounds(rects);
    const gap = (all[side] - rects.reduce((sum, rect) => sum + rect[side], 0)) / (rects.length - 1);
    const result = [...rects];
    let next = all[axis];
    for (const index of order) {
        result[index] = { ...rects[index], [axis]: next };
        next += rects[index][side] + gap;
    }
    return result;
}

export function intersects(one, other) {
    return (
        one.x < other.x + other.width &&
        other.x < one.x + one.width &&
        one.y < other.y + other.height &&
        other.y < one.y + one.height
    );
}

/** Fields in the order in which somebody reads them; those on no page come last. */
export function readingOrder(fields, count) {
    const place = (field) => pageNumber(field.page, count) ?? Infinity;
    const line = (field) => Math.round(field.y / LINE);
    return [...fields].sort(
        (one, other) =>
            // Infinity - Infinity is no number: two fields on no page are equal here
            place(one) - place(other) || line(one) - line(other) || one.x - other.x,
    );
}
