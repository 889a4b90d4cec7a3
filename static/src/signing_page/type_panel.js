import { loadHand, typedDrawing } from "./mark";

/** Where a name is typed, and shown in several hands to choose from. */
export class TypePanel {
    /**
     * @param {HTMLElement} el
     * @param {() => void} onChange
     */
    constructor(el, onChange) {
        this.input = el.querySelector("input[type=text]");
        this.hands = [...el.querySelectorAll("input[type=radio]")];
        this.input.addEventListener("input", () => {
            this.show();
            onChange();
        });
    }

    /** The mark that stands here, or nothing. */
    get mark() {
        const text = this.input.value.trim();
        const { value: font } = this.hands.find((hand) => hand.checked);
        return text ? { kind: "typed", text, font } : null;
    }

    set mark({ text, font }) {
        this.input.value = text;
        const chosen = this.hands.find((hand) => hand.value === font) || this.hands[0];
        chosen.checked = true;
    }

    /** Puts a name here unless there is one. */
    suggest(name) {
        this.input.value = this.input.value || name;
    }

    /** Shows the name in each hand; their fonts are loaded with the first call. */
    show() {
        for (const hand of this.hands) {
            this.draw(hand);
            loadHand(hand.value).then(() => this.draw(hand));
        }
    }

    draw({ value: font, parentElement }) {
        const svg = parentElement.querySelector("svg");
        const text = this.input.value.trim();
        svg.replaceChildren(typedDrawing({ text, font }, svg.viewBox.baseVal));
    }
}
