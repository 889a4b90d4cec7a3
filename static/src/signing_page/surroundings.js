import { find } from "./document_page";

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

/** Keeps the bar above the keyboard, and calls back when it leaves less room, or more. */
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
}

/** Calls back on the first thing that a person does, once; what scripts do does not count. */
export function onFirstAction(callback) {
    const signs = ["pointerdown", "keydown", "wheel", "touchmove"];
    const tell = (ev) => {
        if (!ev.isTrusted) {
            return;
        }
        for (const sign of signs) {
            document.removeEventListener(sign, tell);
        }
        callback();
    };
    for (const sign of signs) {
        document.addEventListener(sign, tell, { passive: true });
    }
}
