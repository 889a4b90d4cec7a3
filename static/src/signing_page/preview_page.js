import { SigningPage } from "./signing_page";

/** The page as its sender sees it: to go through the fields, not to fill them or to send anything. */
export class PreviewPage extends SigningPage {
    get mode() {
        const onward = this.hasStarted ? "next" : "start";
        return this.next ? onward : this.lastMode;
    }

    get next() {
        // nothing gets filled in: at the end it is over
        return this.walk.ahead(this.walk.missing, this.current);
    }

    get hint() {
        return super.hint === "complete" ? "" : super.hint;
    }

    get offersOptional() {
        return false;
    }

    onField(field) {
        this.goTo(field);
    }

    goTo(field) {
        this.hasStarted = true;
        this.setCurrent(field);
        this.update();
        this.reveal(field);
    }

    update() {
        super.update();
        this.primary.disabled = this.mode === this.lastMode;
    }

    onRadioKeydown() {}

    onShown() {}
}
