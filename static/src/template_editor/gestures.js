import { markRaw } from "@odoo/owl";
import { bounds, intersects, moved, moveTogether, resize } from "./geometry";
import { snapMove, snapResize } from "./snapping";

// in pixels
const THRESHOLD = { touch: 8, pen: 5, mouse: 3 };
const SNAP = 6;
const EDGE = 48;
const SCROLL_STEP = 14;
const NOTHING = markRaw({ guides: [], band: null, ghost: null });

const hasKey = (ev) => ev.shiftKey || ev.ctrlKey || ev.metaKey;

/** What a mouse, pen or finger does to the fields: each gesture is one step that can be undone. */
export class Gestures {
    /**
     * @param {import("./editor_model").EditorModel} model
     * @param {() => HTMLElement} getScroller holds the pages and scrolls them
     */
    constructor(model, getScroller) {
        Object.assign(this, { model, getScroller });
    }

    /** Press on a field: selects it, and moves the whole selection. */
    onField(ev, field) {
        const { model } = this;
        const wasSelected = model.selected.has(field.key);
        if (hasKey(ev)) {
            model.toggle(field.key);
        } else if (!wasSelected) {
            model.select([field.key]);
        }
        if (!model.isReadonly && model.selected.has(field.key)) {
            const rect = model.rectOf(field);
            const point = this.pointOn(this.pageElement(model.pageOf(field)), ev);
            const grab = { x: point.x - rect.x, y: point.y - rect.y };
            const others = model.selection.filter((other) => other.key !== field.key);
            this.move(ev, [field, ...others.filter((other) => model.pageOf(other))], grab, {
                onClick: () => !hasKey(ev) && model.select([field.key]),
            });
        }
    }

    /** Press on something outside of the document that becomes a field on it. */
    onOutside(ev, field, { onClick, onDrag }) {
        const { width, height } = this.model.types[field.type];
        this.move(ev, [field], { x: width / 2, y: height / 2 }, { onClick, onDrag });
    }

    /**
     * @param {Object[]} fields the first one is held by the pointer
     * @param {{x: number, y: number}} grab where it is held, in points
     */
    move(ev, fields, grab, { onClick, onDrag }) {
        const { model } = this;
        const starts = fields.map((field) => {
            const page = model.pageOf(field);
            const { width, height } = model.types[field.type];
            return {
                field,
                page,
                rect: page ? model.rectOf(field) : { x: 0, y: 0, width, height },
            };
        });
        let page = starts[0].page;
        this.track(ev, {
            onClick,
            onDrag,
            onMove: (now) => {
                const over = this.pageAt(now) || (starts[0].page && this.pageAtEdge(now));
                page = over || page;
                if (over || starts[0].page) {
                    this.showMoved(now, starts, page, grab);
                } else {
                    page = null;
                    model.revert();
                    const { clientX: x, clientY: y } = now;
                    model.overlay = markRaw({ ...NOTHING, ghost: { field: fields[0], x, y } });
                }
            },
            onEnd: () => {
                if (page) {
                    model.commit();
                    model.select(fields.map((field) => field.key));
                    model.focusKey = fields[0].key;
                    model.armed = null;
                    model.sayPlace(model.field(fields[0].key));
                } else {
                    model.revert();
                }
            },
        });
    }

    /** Shows the fields moved, so that the first one is on this page and under the pointer. */
    showMoved(ev, starts, page, grab) {
        const { model } = this;
        const [first] = starts;
        const turned = first.page ? page - first.page : 0;
        const targetOf = (start) =>
            Math.max(1, Math.min((start.page || page) + turned, model.pageCount));
        const point = this.pointOn(this.pageElement(page), ev);
        const by = { dx: point.x - grab.x - first.rect.x, dy: point.y - grab.y - first.rect.y };
        const here = starts.filter((start) => targetOf(start) === page);
        const { dx, dy, guides } = ev.altKey
            ? { ...by, guides: [] }
            : this.snapped(here, starts, by, page, SNAP / point.scale);
        const places = new Map();
        for (const target of new Set(starts.map(targetOf))) {
            const group = starts.filter((start) => targetOf(start) === target);
            const rects = group.map(({ rect }) => rect);
            moveTogether(rects, dx, dy, model.sizeOf(target)).forEach((rect, at) => {
                const { field } = group[at];
                const fromEnd = Boolean(group[at].page) && field.page < 0;
                places.set(field.key, { ...field, ...model.placed(target, rect, fromEnd) });
            });
        }
        const known = model.history.state;
        const shown = known.map((field) => places.get(field.key) || field);
        const added = [...places.values()].filter(({ key }) => !known.some((f) => f.key === key));
        model.show([...shown, ...added]);
        model.overlay = markRaw({ ...NOTHING, guides });
    }

    /** How far the fields that come to this page go, once they have clicked into place. */
    snapped(here, starts, { dx, dy }, page, distance) {
        const size = this.model.sizeOf(page);
        const rects = here.map(({ rect }) => rect);
        const others = this.rectsOn(
            page,
            starts.map(({ field }) => field.key),
        );
        const [before, after] = [bounds(rects), bounds(moveTogether(rects, dx, dy, size))];
        const snap = snapMove(after, others, size, distance);
        return {
            dx: after.x - before.x + snap.dx,
            dy: after.y - before.y + snap.dy,
            guides: snap.guides.map((guide) => ({ ...guide, page })),
        };
    }

    onHandle(ev, field, handle) {
        const { model } = this;
        const page = model.pageOf(field);
        const [rect, size] = [model.rectOf(field), model.sizeOf(page)];
        const others = this.rectsOn(page, [field.key]);
        const start = this.pointOn(this.pageElement(page), ev);
        this.track(ev, {
            onMove: (now) => {
                const point = this.pointOn(this.pageElement(page), now);
                let shown = resize(rect, handle, point.x - start.x, point.y - start.y, size);
                let guides = [];
                if (!now.altKey) {
                    const distance = SNAP / point.scale;
                    const snap = snapResize(shown, handle, others, size, distance);
                    shown = snap.rect;
                    guides = snap.guides.map((guide) => ({ ...guide, page }));
                }
                const place = model.placed(page, shown, field.page < 0);
                model.show(model.changed([field], () => place));
                model.overlay = markRaw({ ...NOTHING, guides });
            },
            onEnd: () => model.commit(),
        });
    }

    /** Press on the empty page: places the armed type, or draws a band around what to select. */
    onPage(ev) {
        const page = this.pageAt(ev);
        if (this.model.armed && page) {
            this.draw(ev, page);
        } else if (ev.pointerType === "touch") {
            // a finger that moves scrolls
            this.track(ev, { onClick: () => this.model.select([]), onMove: () => {} });
        } else {
            this.band(ev);
        }
    }

    /** A click places a field of the usual size; a stroke makes it as large as the stroke. */
    draw(ev, page) {
        const { model } = this;
        const start = this.pointOn(this.pageElement(page), ev);
        const field = model.newField(model.armed, page, start.x, start.y);
        const isKept = ev.shiftKey;
        const place = (shown) => {
            const { armed } = model;
            model.revert();
            model.add(shown);
            model.armed = isKept ? armed : null;
        };
        let shown = field;
        this.track(ev, {
            onClick: () => place(field),
            onMove: (now) => {
                const point = this.pointOn(this.pageElement(page), now);
                const corners = [start, point].map(({ x, y }) => ({ x, y, width: 0, height: 0 }));
                const rect = resize(bounds(corners), "se", 0, 0, model.sizeOf(page));
                shown = { ...field, ...model.placed(page, rect) };
                model.show([...model.history.state, shown]);
            },
            onEnd: () => place(shown),
        });
    }

    band(ev) {
        const { model } = this;
        const scroller = this.getScroller();
        const origin = () => {
            const { left, top } = scroller.getBoundingClientRect();
            return { x: left - scroller.scrollLeft, y: top - scroller.scrollTop };
        };
        const begun = origin();
        const start = { x: ev.clientX - begun.x, y: ev.clientY - begun.y, width: 0, height: 0 };
        const kept = hasKey(ev) ? [...model.selected] : [];
        this.track(ev, {
            onClick: () => model.select(kept),
            onMove: (now) => {
                const { x, y } = origin();
                const end = { x: now.clientX - x, y: now.clientY - y, width: 0, height: 0 };
                const band = bounds([start, end]);
                const inside = [...scroller.querySelectorAll("[data-key]")].filter((el) =>
                    intersects(moved(band, x, y), el.getBoundingClientRect()),
                );
                model.select(new Set([...kept, ...inside.map((el) => el.dataset.key)]));
                model.overlay = markRaw({ ...NOTHING, band });
            },
        });
    }

    // Places on the screen -------------------------------------------------------------------------

    pageElement(number) {
        return this.getScroller().querySelector(`[data-page="${number}"]`);
    }

    /** The number of the page under the pointer, or null. */
    pageAt({ clientX, clientY }) {
        const el = document.elementFromPoint(clientX, clientY)?.closest("[data-page]");
        return el && this.getScroller().contains(el) ? Number(el.dataset.page) : null;
    }

    /** The page at the edge that the pointer has left, upwards or downwards. */
    pageAtEdge({ clientX, clientY }) {
        const { top, bottom } = this.getScroller().getBoundingClientRect();
        return this.pageAt({ clientX, clientY: Math.max(top + 1, Math.min(clientY, bottom - 1)) });
    }

    /** A place in points on a page, and how many pixels a point has. */
    pointOn(el, { clientX, clientY }) {
        const { left, top, width } = el.getBoundingClientRect();
        const scale = width / this.model.sizeOf(Number(el.dataset.page)).width;
        return { x: (clientX - left) / scale, y: (clientY - top) / scale, scale };
    }

    rectsOn(page, withoutKeys) {
        const { model } = this;
        return model.history.state
            .filter((field) => model.pageOf(field) === page && !withoutKeys.includes(field.key))
            .map((field) => model.rectOf(field));
    }

    // Following a pointer --------------------------------------------------------------------------

    /**
     * Follows the pointer that was pressed. The listeners are on the window, because a field that
     * goes to another page is another element there.
     */
    track(ev, { onMove, onEnd, onClick, onDrag }) {
        const { pointerId, pointerType, target } = ev;
        let last = null;
        let frame = null;
        if (target.hasPointerCapture?.(pointerId)) {
            target.releasePointerCapture(pointerId);
        }
        const step = () => {
            if (last && this.scrollAtEdge(last)) {
                onMove(last);
            }
            frame = requestAnimationFrame(step);
        };
        const finish = () => {
            cancelAnimationFrame(frame);
            for (const [name, listener] of Object.entries(listeners)) {
                window.removeEventListener(name, listener, true);
            }
            this.model.overlay = NOTHING;
            this.abort = null;
        };
        const isOther = (now) => now.pointerId !== pointerId;
        const isBeyond = (now) =>
            Math.hypot(now.clientX - ev.clientX, now.clientY - ev.clientY) >=
            (THRESHOLD[pointerType] ?? THRESHOLD.mouse);
        const listeners = {
            pointermove: (now) => {
                if (isOther(now) || (!last && !isBeyond(now))) {
                    return;
                }
                if (!last) {
                    onDrag?.();
                    frame = requestAnimationFrame(step);
                }
                last = now;
                onMove(now);
            },
            pointerup: (now) => {
                if (!isOther(now)) {
                    finish();
                    last ? onEnd?.() : onClick?.();
                }
            },
            pointercancel: (now) => {
                if (!isOther(now)) {
                    this.abort();
                }
            },
        };
        this.abort?.();
        this.abort = () => {
            finish();
            this.model.revert();
        };
        for (const [name, listener] of Object.entries(listeners)) {
            window.addEventListener(name, listener, true);
        }
    }

    /** Scrolls when the pointer is near the upper or lower edge; tells whether it did. */
    scrollAtEdge({ clientX, clientY }) {
        const scroller = this.getScroller();
        const { left, right, top, bottom } = scroller.getBoundingClientRect();
        if (clientX < left || clientX > right) {
            return false;
        }
        const before = scroller.scrollTop;
        if (clientY < top + EDGE) {
            scroller.scrollTop -= SCROLL_STEP;
        } else if (clientY > bottom - EDGE) {
            scroller.scrollTop += SCROLL_STEP;
        }
        return scroller.scrollTop !== before;
    }
}
