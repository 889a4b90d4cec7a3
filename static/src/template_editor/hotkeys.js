import { useExternalListener } from "@odoo/owl";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const BIG_STEP = 10;
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]";
const ELSEWHERE = ".modal, .o_popover, .o-dropdown--menu, .o_command_palette";

/** The keyboard of the editor. Arrows move by a point, with Shift by ten; Ctrl resizes. */
export function useHotkeys(model, gestures, { getRoot, edit }) {
    let presses = 0;
    const withControl = {
        z: () => model.undo(),
        y: () => model.redo(),
        "shift+z": () => model.redo(),
        a: () => model.selectPage(),
        c: () => model.copy(),
        v: () => model.paste(),
        d: () => model.duplicate(),
    };

    function onControl(ev) {
        const name = (ev.shiftKey ? "shift+" : "") + ev.key.toLowerCase();
        const isWords = name === "c" && !window.getSelection().isCollapsed;
        if (withControl[name] && !ev.altKey && !isWords) {
            withControl[name]();
            return true;
        }
        return false;
    }

    function onArrow(ev) {
        const size = ev.shiftKey ? BIG_STEP : 1;
        const [dx, dy] = ARROWS[ev.key].map((part) => part * size);
        // as long as the key is held it is one step
        presses += ev.repeat ? 0 : 1;
        const tag = `arrows ${presses}`;
        const focused = document.activeElement?.dataset.key || null;
        if (ev.ctrlKey || ev.metaKey) {
            model.grow(dx, dy, tag);
        } else {
            model.nudge(dx, dy, tag);
        }
        // the element may have been put elsewhere, for the order of reading
        model.focusKey = focused;
    }

    /** Ends what is going on, one thing at a time; false if there is nothing. */
    function onEscape(ev) {
        const [selected] = model.selected;
        if (gestures.abort) {
            gestures.abort();
        } else if (model.armed) {
            model.armed = null;
        } else if (selected && ev.target.closest(".o_signature_panel")) {
            model.focusKey = selected;
        } else {
            model.select([]);
        }
        return Boolean(selected);
    }

    function onPlain(ev) {
        if (ev.key === "Escape") {
            return onEscape(ev);
        }
        const isOnDocument =
            ev.target === document.body || ev.target.closest(".o_signature_document");
        if (!isOnDocument || model.isReadonly || !model.selected.size) {
            return false;
        }
        if (ARROWS[ev.key]) {
            onArrow(ev);
            return true;
        }
        if (ev.key === "Enter" && ev.target.dataset.key) {
            edit();
            return true;
        }
        if (["Delete", "Backspace"].includes(ev.key)) {
            model.remove();
            return true;
        }
        return false;
    }

    useExternalListener(window, "keydown", (ev) => {
        const { target } = ev;
        const isHere = target === document.body || getRoot()?.contains(target);
        const isTyping = target.closest?.(TYPING) && ev.key !== "Escape";
        if (!isHere || isTyping || document.querySelector(ELSEWHERE)) {
            return;
        }
        const isControl = (ev.ctrlKey || ev.metaKey) && !ARROWS[ev.key];
        if (isControl ? !model.isReadonly && onControl(ev) : onPlain(ev)) {
            ev.preventDefault();
            ev.stopPropagation();
        }
    });
}
