/**
 * Opens a dialog, closed by Escape, by its buttons for that, or by the function returned.
 * Focus goes back to where it was.
 */
export function openDialog(el) {
    const before = document.activeElement;
    const close = () => {
        el.removeEventListener("click", onClick);
        el.removeEventListener("close", onClose);
        if (el.close) {
            el.close();
        } else {
            el.removeAttribute("open");
        }
        document.documentElement.classList.remove("o_sign_modal");
        before && before.focus({ preventScroll: true });
    };
    const onClick = (ev) => ev.target.closest("[data-action=cancel]") && close();
    const onClose = () => close();
    el.addEventListener("click", onClick);
    el.addEventListener("close", onClose);
    document.documentElement.classList.add("o_sign_modal");
    // browsers of before 2022 have no modal dialogs; an open one still works there
    if (el.showModal) {
        el.showModal();
    } else {
        el.setAttribute("open", "");
    }
    return close;
}

// longer than the pause within a double tap
const DOUBLE_TAP = 400;

/** Keeps the second tap of a double tap off a button that has just come under the finger. */
export function shieldFromDoubleTap(button) {
    button.style.pointerEvents = "none";
    setTimeout(() => {
        button.style.pointerEvents = "";
    }, DOUBLE_TAP);
}
