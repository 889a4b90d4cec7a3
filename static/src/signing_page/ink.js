/**
 * Finds the ink on a photographed or scanned paper. Works on plain pixels, as of an ImageData:
 * {data, width, height} with red, green, blue and alpha of each pixel, rows from the top.
 */

// darkness is how much darker than the paper around it a pixel is, from 0 to 255
const LEAST_DARKNESS = 36;
const MOST_DARKNESS = 128;
// parts of the longer side
const CELL = 1 / 16;
const SPECK = 1 / 200;
const MARGIN = 1 / 100;
const LEAST_STROKE = 1 / 32;
// what is this much smaller than the largest piece of ink counts only where the others are
const SMALL = 0.05;
// the edge of a table is so much thicker than the pen, or, where no pen is seen, than this part of
// the longer side and so many pixels
const THICK = 2.5;
const BAND = 1 / 32;
const LEAST_BAND = 12;
// more ink than this is no signature on paper
const MOST_INK = 0.5;
// ink that the light has bleached is shown no lighter than this
const LIGHTEST_INK = 110;

/** Cuts the ink out: its colour on a transparent ground, no larger than needed; or nothing. */
export function cutOutInk(image) {
    const darkness = darknessOf(image);
    const threshold = thresholdOf(darkness);
    const pieces = piecesOf(darkness, threshold, image);
    const kept = withoutSpecks(withoutEdges(pieces, image));
    const area = kept.reduce((sum, piece) => sum + piece.pixels.length, 0);
    const hasStroke = kept.some((piece) => isStroke(piece, image));
    if (!hasStroke || area > MOST_INK * image.width * image.height) {
        return null;
    }
    return paint(image, darkness, threshold, kept);
}

/** Whether a piece is more than the grain of the paper. */
function isStroke({ box }, { width, height }) {
    const length = Math.max(box.right - box.left, box.bottom - box.top);
    return length >= Math.max(width, height) * LEAST_STROKE;
}

/** How much darker than the paper each pixel is; light that is uneven counts as paper. */
function darknessOf({ data, width, height }) {
    const grey = new Uint8Array(width * height);
    for (let i = 0; i < grey.length; i++) {
        grey[i] = (data[i * 4] * 77 + data[i * 4 + 1] * 150 + data[i * 4 + 2] * 29) >> 8;
    }
    const { cell, columns, rows, lights } = paperOf(grey, width, height);
    const across = between(width, cell, columns);
    const down = between(height, cell, rows);
    const darkness = new Uint8Array(grey.length);
    for (let y = 0, i = 0; y < height; y++) {
        const upper = down.first[y] * columns;
        const lower = down.second[y] * columns;
        const blend = new Float32Array(columns);
        for (let column = 0; column < columns; column++) {
            const light = lights[upper + column];
            blend[column] = light + (lights[lower + column] - light) * down.part[y];
        }
        for (let x = 0; x < width; x++, i++) {
            const light = blend[across.first[x]];
            const paper = light + (blend[across.second[x]] - light) * across.part[x];
            darkness[i] = Math.max(0, (1 - grey[i] / Math.max(paper, 1)) * 255);
        }
    }
    return darkness;
}

/** Between the middles of which cells each pixel of a side lies, and how far from the first. */
function between(length, cell, count) {
    const first = new Uint8Array(length);
    const second = new Uint8Array(length);
    const part = new Float32Array(length);
    for (let i = 0; i < length; i++) {
        const place = Math.min(Math.max((i + 0.5) / cell - 0.5, 0), count - 1);
        first[i] = place;
        second[i] = Math.min(first[i] + 1, count - 1);
        part[i] = place - first[i];
    }
    return { first, second, part };
}

/** The brightness of the paper, measured in cells: the middle one of each cell and those around it. */
function paperOf(grey, width, height) {
    const cell = Math.max(8, Math.round(Math.max(width, height) * CELL));
    const columns = Math.ceil(width / cell);
    const rows = Math.ceil(height / cell);
    const measured = [];
    for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
            measured.push(lightOf(grey, width, height, column * cell, row * cell, cell));
        }
    }
    const steps = [-1, 0, 1];
    const lights = measured.map((_, i) => {
        const column = i % columns;
        const near = steps.filter((step) => column + step >= 0 && column + step < columns);
        const around = steps
            .flatMap((step) => near.map((side) => measured[i + step * columns + side]))
            .filter((light) => light !== undefined);
        return around.sort((one, other) => one - other)[around.length >> 1];
    });
    return { cell, columns, rows, lights };
}

/** The brightness that six of seven pixels of a cell do not exceed. */
function lightOf(grey, width, height, left, top, cell) {
    const counts = new Uint32Array(256);
    let total = 0;
    for (let y = top; y < Math.min(top + cell, height); y++) {
        for (let x = left; x < Math.min(left + cell, width); x++) {
            counts[grey[y * width + x]]++;
            total++;
        }
    }
    let light = 255;
    for (let above = counts[light]; above < total / 7 && light > 0; above += counts[light]) {
        light--;
    }
    return light;
}

/** Parts paper and ink where the two differ most (Otsu 1979). */
function thresholdOf(darkness) {
    const counts = new Float64Array(256);
    let sum = 0;
    for (const level of darkness) {
        counts[level]++;
        sum += level;
    }
    let best = 0;
    let threshold = 0;
    let below = 0;
    let sumBelow = 0;
    for (let level = 0; level < 255; level++) {
        below += counts[level];
        sumBelow += level * counts[level];
        const above = darkness.length - below;
        if (below && above) {
            const apart = sumBelow / below - (sum - sumBelow) / above;
            const spread = below * above * apart * apart;
            if (spread > best) {
                best = spread;
                threshold = level;
            }
        }
    }
    return Math.min(Math.max(threshold, LEAST_DARKNESS), MOST_DARKNESS);
}

/** The pieces of ink: dark pixels that touch each other, with their thickness and their box. */
function piecesOf(darkness, threshold, { width, height }) {
    const isInk = darkness.map((level) => (level > threshold ? 1 : 0));
    const isFree = isInk.slice();
    const queue = new Int32Array(darkness.length);
    const all = { left: 0, top: 0, right: width - 1, bottom: height - 1 };
    const speck = Math.max(3, Math.max(width, height) * SPECK);
    const pieces = [];
    for (let start = 0; start < isFree.length; start++) {
        if (!isFree[start]) {
            continue;
        }
        let end = 1;
        let rim = 0;
        queue[0] = start;
        isFree[start] = 0;
        const box = { left: width, top: height, right: 0, bottom: 0 };
        for (let next = 0; next < end; next++) {
            const pixel = queue[next];
            const x = pixel % width;
            const y = (pixel - x) / width;
            box.left = Math.min(box.left, x);
            box.right = Math.max(box.right, x);
            box.top = Math.min(box.top, y);
            box.bottom = Math.max(box.bottom, y);
            let inside = 0;
            forEachAround(x, y, all, (column, row) => {
                const other = row * width + column;
                inside += row === y || column === x ? isInk[other] : 0;
                if (isFree[other]) {
                    isFree[other] = 0;
                    queue[end++] = other;
                }
            });
            // all but those with ink on four sides
            rim += inside < 5 ? 1 : 0;
        }
        if (end >= speck) {
            pieces.push({ box, thickness: (2 * end) / rim, pixels: queue.slice(0, end) });
        }
    }
    return pieces;
}

/** Calls back with the column and row of a pixel and of those that touch it, within a box. */
function forEachAround(x, y, { left, top, right, bottom }, visit) {
    for (let row = Math.max(y - 1, top); row <= Math.min(y + 1, bottom); row++) {
        for (let column = Math.max(x - 1, left); column <= Math.min(x + 1, right); column++) {
            visit(column, row);
        }
    }
}

/** Leaves out the edges of the paper, and of what it lies on. */
function withoutEdges(pieces, image) {
    const touches = ({ box: { left, top, right, bottom } }) =>
        !left || !top || right === image.width - 1 || bottom === image.height - 1;
    const [inner] = largestFirst(
        pieces.filter((piece) => !touches(piece) && isStroke(piece, image)),
    );
    const band = Math.max(Math.max(image.width, image.height) * BAND, LEAST_BAND);
    const limit = inner ? inner.thickness * THICK : band;
    return pieces.filter((piece) => !touches(piece) || piece.thickness <= limit);
}

function largestFirst(pieces) {
    return pieces.slice().sort((a, b) => b.pixels.length - a.pixels.length);
}

/** Leaves out what is small and lies apart from the rest: dust, the grain of the paper. */
function withoutSpecks(pieces) {
    const [largest, ...others] = largestFirst(pieces);
    if (!largest) {
        return [];
    }
    const least = SMALL * largest.pixels.length;
    const large = others.filter(({ pixels }) => pixels.length >= least);
    const { left, top, right, bottom } = boxOf([largest, ...large]);
    const reach = 0.15 * Math.max(right - left, bottom - top);
    return pieces.filter(
        ({ box }) =>
            box.left >= left - reach &&
            box.right <= right + reach &&
            box.top >= top - reach &&
            box.bottom <= bottom + reach,
    );
}

function boxOf(pieces) {
    const side = (name, choose) =>
        pieces.map(({ box }) => box[name]).reduce((one, other) => choose(one, other));
    return {
        left: side("left", Math.min),
        top: side("top", Math.min),
        right: side("right", Math.max),
        bottom: side("bottom", Math.max),
    };
}

/** Draws the pieces in their one colour, soft at the rims. */
function paint({ data, width, height }, darkness, threshold, pieces) {
    const margin = Math.round(Math.max(width, height) * MARGIN);
    const { left, top, right, bottom } = boxOf(pieces);
    const frame = {
        left: Math.max(left - margin, 0),
        top: Math.max(top - margin, 0),
        right: Math.min(right + margin, width - 1),
        bottom: Math.min(bottom + margin, height - 1),
    };
    const wide = frame.right - frame.left + 1;
    const high = frame.bottom - frame.top + 1;
    const colour = colourOf(data, darkness, threshold, pieces);
    const painted = new Uint8ClampedArray(wide * high * 4);
    for (let i = 0; i < painted.length; i += 4) {
        painted.set(colour, i);
    }
    for (const { pixels } of pieces) {
        for (const pixel of pixels) {
            const x = pixel % width;
            // the rim itself is lighter than the threshold
            forEachAround(x, (pixel - x) / width, frame, (column, row) => {
                const opacity = darkness[row * width + column] / threshold / 0.9 - 0.55;
                painted[((row - frame.top) * wide + column - frame.left) * 4 + 3] = opacity * 255;
            });
        }
    }
    return { data: painted, width: wide, height: high };
}

/** The colour of the ink, mostly of where it is darkest. */
function colourOf(data, darkness, threshold, pieces) {
    const sums = [0, 0, 0];
    let total = 0;
    for (const { pixels } of pieces) {
        for (const pixel of pixels) {
            const weight = (darkness[pixel] - threshold) ** 2;
            total += weight;
            for (let band = 0; band < 3; band++) {
                sums[band] += data[pixel * 4 + band] * weight;
            }
        }
    }
    const colour = sums.map((sum) => sum / total);
    const light = colour[0] * 0.3 + colour[1] * 0.59 + colour[2] * 0.11;
    const scale = Math.min(1, LIGHTEST_INK / light);
    return colour.map((level) => Math.round(level * scale));
}
