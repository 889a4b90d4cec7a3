import { callRoute } from "./server";

const find = (selector) => document.querySelector(selector);

/** The menu in the header closes by itself. */
export function setUpMenu() {
    const menu = find(".o_sign_menu");
    document.addEventListener("click", (ev) => {
        if (!menu.contains(ev.target)) {
            menu.open = false;
        }
    });
    menu.addEventListener("keydown", (ev) => {
        if (ev.key === "Escape") {
            menu.open = false;
            menu.querySelector("summary").focus();
        }
    });
}

/**
 * Keeps the bar above the keyboard, and calls back when it leaves less room, or more. Returns what
 * does so at once, for whoever cannot wait until the bar is drawn.
 */
export function setUpBar(onResize) {
    const bar = find(".o_sign_bar");
    const { style } = document.documentElement;
    const viewport = window.visualViewport;
    const settle = () => {
        const isPinched = viewport && viewport.scale > 1.05;
        const covered =
            viewport && !isPinched
                ? Math.max(0, window.innerHeight - viewport.height - viewport.offsetTop)
                : 0;
        style.setProperty("--o-sign-keyboard", `${covered}px`);
        style.setProperty("--o-sign-bar", `${bar.offsetHeight + covered}px`);
    };
    const resize = () => {
        settle();
        onResize();
    };
    new ResizeObserver(resize).observe(bar);
    if (viewport) {
        viewport.addEventListener("resize", resize);
        viewport.addEventListener("scroll", settle);
    }
    return settle;
}

// A screen reader may give nothing but the click.
const SIGNS_OF_LIFE = ["pointerdown", "keydown", "wheel", "touchmove", "click"];

/** Calls back on the first thing that a person does, once; what scripts do does not count. */
export function onFirstAction(callback) {
    const tell = (ev) => {
        if (!ev.isTrusted) {
            return;
        }
        for (const sign of SIGNS_OF_LIFE) {
            document.removeEventListener(sign, tell, { capture: true });
        }
        callback();
    };
    for (const sign of SIGNS_OF_LIFE) {
        // before anything on the page hears of it
        document.addEventListener(sign, tell, { capture: true, passive: true });
    }
}

let isSeen = false;
onFirstAction(() => {
    isSeen = true;
});

/** Tells whether a person has done anything here: mail scanners that click everything have not. */
export function isPersonHere() {
    return isSeen;
}

/** Tells the server of the first thing that a person does with the document in sight. */
export function reportView(url) {
    // nobody waits for this, and signing works without it
    onFirstAction(() => {
        callRoute(`${url}/viewed`).catch((error) => console.warn(error));
    });
}
