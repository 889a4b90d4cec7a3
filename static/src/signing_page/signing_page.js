import { openDialog } from "./dialog";
import { DocumentView } from "./document_view";
import { Draft } from "./draft";
import { FieldEditor } from "./field_editor";
import { Field } from "./fields";
import { pathBox } from "./mark";
import { callRoute, getStatus } from "./server";
import { SignatureDialog } from "./signature_dialog";

const ZOOM_STEPS = [1, 1.25, 1.5, 2, 2.5];
// Seconds between looks for the sealed copy; after the last one the page promises it by mail.
const POLL_DELAYS = [1, 2, 2, 3, 5, 5, 8, 8, 13, 13, 20, 20];

const find = (selector) => document.querySelector(selector);
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

function readTexts() {
    const texts = {};
    for (const el of document.querySelectorAll("#o_sign_texts [data-text]")) {
        texts[el.dataset.text] = el.textContent;
    }
    return texts;
}

function format(text, values) {
    return text.replace(/{(\w+)}/g, (_, name) => values[name]);
}

/** The document and its fields: what every state of the page has in common. */
class DocumentPage {
    constructor(config) {
        this.config = config;
        this.texts = readTexts();
        this.fields = config.fields.map(
            (data) => new Field(find(`[data-field="${data.id}"]`), data, this.texts),
        );
        this.view = new DocumentView(find(".o_sign_pages"), `${config.url}/document`, {
            pageLabel: (page, total) => format(this.texts.page, { page, total }),
            onShown: () => this.onShown(),
        });
        this.zoom = 0;
        for (const button of document.querySelectorAll("[data-zoom]")) {
            button.addEventListener("click", () => this.zoomBy(Number(button.dataset.zoom)));
        }
        find("[data-action=retry-document]").addEventListener("click", () => this.load());
        this.load();
    }

    onShown() {}

    async load() {
        const notice = find("[data-notice=document]");
        notice.hidden = true;
        try {
            await this.view.load();
        } catch (error) {
            notice.hidden = false;
            console.error(error);
        }
    }

    zoomBy(step) {
        this.zoom = Math.min(Math.max(this.zoom + step, 0), ZOOM_STEPS.length - 1);
        const { scrollingElement: root } = document;
        const middle = (root.scrollTop + window.innerHeight / 2) / root.scrollHeight;
        find(".o_sign_document").style.setProperty("--o-sign-zoom", ZOOM_STEPS[this.zoom]);
        root.scrollTop = middle * root.scrollHeight - window.innerHeight / 2;
    }
}

/** The page of somebody who may sign now. */
export class SigningPage extends DocumentPage {
    constructor(config) {
        super(config);
        this.draft = new Draft(config.storageKey);
        this.own = this.fields.filter((field) => field.isOwn);
        this.current = null;
        this.hasStarted = false;
        this.isSending = false;
        this.hasFailed = false;
        this.primary = find("#o_sign_primary");
        this.dialog = new SignatureDialog(find("[data-dialog=signature]"));
        this.editor = new FieldEditor(find("[data-editor]"), this.texts, {
            change: (field) => this.onChange(field),
            enter: () => this.onPrimary(),
            close: () => this.update(),
        });
        for (const field of this.own) {
            if (field.id in this.draft.data.values) {
                field.setValue(this.draft.data.values[field.id]);
            }
            field.el.addEventListener("click", () => this.onField(field));
            field.el.addEventListener("focus", () => this.onFieldFocus(field));
        }
        this.primary.addEventListener("click", () => this.onPrimary());
        this.primary.disabled = false;
        this.setUpDecline();
        this.setUpMenu();
        this.setUpBar();
        this.update();
    }

    // The walk through the fields

    get missing() {
        return this.own.filter((field) => field.isMissing);
    }

    /** What the large button does now; its texts are in the page, one for each mode. */
    get mode() {
        if (this.isSending) {
            return "sending";
        }
        const others = this.missing.filter((field) => field !== this.editor.field);
        if (this.editor.isOpen) {
            return others.length ? "next" : "done";
        }
        if (this.current && this.current.type === "signature" && this.current.isMissing) {
            return "sign";
        }
        if (others.length) {
            return this.hasStarted ? "next" : "start";
        }
        return this.hasFailed ? "again" : "finish";
    }

    onPrimary() {
        switch (this.mode) {
            case "start":
            case "next":
            case "done":
                if (!this.editor.isOpen || this.editor.check()) {
                    this.goOn();
                }
                break;
            case "sign":
                this.sign(this.current);
                break;
            case "finish":
            case "again":
                this.submit();
                break;
        }
    }

    /** Goes to the next field that must be filled in, in the order of the document. */
    goOn() {
        const { missing } = this;
        const from = this.own.indexOf(this.editor.field || this.current);
        const next = missing.find((field) => this.own.indexOf(field) > from) || missing[0];
        this.hasStarted = true;
        this.editor.close();
        if (next) {
            this.goTo(next);
        } else {
            this.setCurrent(null);
            this.update();
            this.primary.focus({ preventScroll: true });
        }
    }

    goTo(field, error) {
        this.setCurrent(field);
        if (field.type === "signature") {
            field.el.focus({ preventScroll: true });
        } else {
            this.editor.open(field, error);
        }
        this.update();
        this.reveal(field);
    }

    reveal(field) {
        field.el.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
    }

    setCurrent(field) {
        if (this.current) {
            this.current.el.classList.remove("o_sign_current");
        }
        this.current = field;
        if (field) {
            field.el.classList.add("o_sign_current");
        }
    }

    onFieldFocus(field) {
        if (!this.editor.isOpen) {
            this.setCurrent(field);
            this.update();
        }
    }

    onField(field) {
        this.hasStarted = true;
        if (field.type === "signature") {
            this.editor.close();
            this.sign(field);
        } else if (field.type === "checkbox") {
            this.editor.close();
            this.setCurrent(field);
            field.setValue(!field.value);
            this.onChange(field);
        } else {
            this.goTo(field);
        }
    }

    sign(field) {
        this.setCurrent(field);
        const marks = this.own.filter(({ type }) => type === "signature");
        const name = this.own.find(({ type }) => type === "name");
        this.dialog.open({
            name: (name && name.value) || this.config.signerName,
            count: marks.length,
            onAdopt: (mark) => {
                for (const each of marks) {
                    each.setValue(mark);
                }
                this.onChange(field);
                this.primary.focus({ preventScroll: true });
            },
        });
    }

    onChange() {
        const values = {};
        for (const field of this.own) {
            values[field.id] = field.value;
        }
        this.draft.save(values);
        this.update();
        const { done, total } = this.progress;
        find("[data-status]").textContent = format(this.texts.progress, { done, total });
    }

    get progress() {
        const required = this.own.filter((field) => field.required);
        return { done: required.filter((field) => field.isFilled).length, total: required.length };
    }

    update() {
        const { mode } = this;
        for (const label of this.primary.children) {
            label.hidden = label.dataset.mode !== mode;
        }
        const isLast = ["finish", "again", "sending"].includes(mode);
        find("#o_sign_consent").hidden = !isLast;
        if (isLast) {
            this.primary.setAttribute("aria-describedby", "o_sign_consent");
        } else {
            this.primary.removeAttribute("aria-describedby");
        }
        this.primary.setAttribute("aria-disabled", String(this.isSending));
        const { done, total } = this.progress;
        find("[data-done]").textContent = done;
        find("[data-total]").textContent = total;
        find(".o_sign_progress").hidden = !total;
        find(".o_sign_track_done").style.inlineSize = `${total ? (done / total) * 100 : 0}%`;
    }

    // Sending

    get answers() {
        const filled = this.own.filter((field) => field.isFilled || field.type === "checkbox");
        return Object.fromEntries(filled.map(({ id, value }) => [id, value]));
    }

    async submit() {
        this.isSending = true;
        this.showNotice(null);
        this.update();
        try {
            const reply = await callRoute(`${this.config.url}/submit`, {
                values: this.answers,
                nonce: this.draft.nonce,
                document: this.config.sha256,
                consent: true,
            });
            this.isSending = Boolean(reply.state);
            if (reply.error) {
                this.showRefusal(reply.error);
            } else {
                this.finish();
            }
        } catch (error) {
            // it may or may not have arrived: the same nonce makes the next try safe
            console.error(error);
            this.isSending = false;
            this.hasFailed = true;
            this.showNotice("offline");
        }
        this.update();
    }

    showRefusal({ field_id: id, message }) {
        const field = this.own.find((each) => each.id === id);
        if (field && field.type !== "signature") {
            this.goTo(field, message);
            return;
        }
        find("[data-refused]").textContent = message;
        find("[data-refused-reload]").hidden = Boolean(field);
        this.showNotice("refused");
        if (field) {
            this.goTo(field);
        }
    }

    showNotice(name) {
        for (const kind of ["offline", "refused"]) {
            find(`[data-notice=${kind}]`).hidden = kind !== name;
        }
    }

    finish() {
        this.draft.clear();
        // what comes next stands at the top of the page
        window.history.scrollRestoration = "manual";
        window.location.reload();
    }

    setUpDecline() {
        const dialog = find("[data-dialog=decline]");
        const reason = dialog.querySelector("textarea");
        const showError = (kind, message) => {
            for (const el of dialog.querySelectorAll("[data-error]")) {
                el.hidden = el.dataset.error !== kind;
            }
            dialog.querySelector("[data-error=refused]").textContent = message || "";
            reason.setAttribute("aria-invalid", String(kind === "empty"));
        };
        const decline = async () => {
            if (!reason.value.trim()) {
                showError("empty");
                reason.focus();
                return;
            }
            if (this.isSending) {
                return;
            }
            this.isSending = true;
            try {
                const params = { reason: reason.value, nonce: this.draft.nonce };
                const reply = await callRoute(`${this.config.url}/decline`, params);
                if (!reply.error) {
                    this.finish();
                    return;
                }
                showError("refused", reply.error.message);
            } catch (error) {
                console.error(error);
                showError("offline");
            }
            this.isSending = false;
        };
        dialog.querySelector("[data-action=confirm]").addEventListener("click", decline);
        find("[data-action=decline]").addEventListener("click", () => {
            find(".o_sign_menu").open = false;
            showError(null);
            openDialog(dialog);
        });
    }

    // Around it

    setUpMenu() {
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

    /** Keeps the bar above the keyboard, and what has the focus above the bar. */
    setUpBar() {
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
        new ResizeObserver(settle).observe(bar);
        if (viewport) {
            viewport.addEventListener("resize", () => {
                settle();
                if (this.editor.isOpen) {
                    this.reveal(this.editor.field);
                }
            });
            viewport.addEventListener("scroll", settle);
        }
        this.editor.wide.addEventListener("change", () => {
            if (this.editor.isOpen) {
                this.editor.settle();
            }
        });
    }

    /** Tells the server of the first thing that a person does with the document in sight. */
    onShown() {
        const signs = ["pointerdown", "keydown", "wheel", "touchmove"];
        const tell = (ev) => {
            if (!ev.isTrusted) {
                return;
            }
            for (const sign of signs) {
                document.removeEventListener(sign, tell);
            }
            // nobody waits for this, and signing works without it
            callRoute(`${this.config.url}/viewed`).catch((error) => console.warn(error));
        };
        for (const sign of signs) {
            document.addEventListener(sign, tell, { passive: true });
        }
    }
}

/** The page of somebody who has signed; waits for the sealed copy while it is made. */
export class FinishedPage extends DocumentPage {
    constructor(config) {
        super(config);
        for (const picture of document.querySelectorAll(".o_sign_mark")) {
            const { x, y, width, height } = pathBox(picture.firstElementChild.getAttribute("d"));
            picture.setAttribute("viewBox", `${x - 4} ${y - 4} ${width + 8} ${height + 8}`);
        }
        if (config.state === "sealing") {
            this.waitForCopy();
        }
    }

    async waitForCopy() {
        for (const delay of POLL_DELAYS) {
            await new Promise((resolve) => setTimeout(resolve, delay * 1000));
            const { ready } = await getStatus(this.config.url).catch(() => ({}));
            if (ready) {
                window.location.reload();
                return;
            }
        }
        for (const el of document.querySelectorAll("[data-sealing]")) {
            el.hidden = el.dataset.sealing !== "later";
        }
    }
}

const config = find("#o_sign_config");
if (config && find(".o_sign_pages")) {
    const data = JSON.parse(config.textContent);
    new (data.state === "ready" ? SigningPage : FinishedPage)(data);
}
