import { DeclineDialog } from "./decline_dialog";
import { DocumentPage, find } from "./document_page";
import { Draft } from "./draft";
import { FieldEditor } from "./field_editor";
import { FinishedPage } from "./finished_page";
import { format, initialsOf } from "./formats";
import { callRoute } from "./server";
import { SignatureDialog } from "./signature_dialog";
import { onFirstAction, setUpBar, setUpMenu } from "./surroundings";

const NEXT_KEYS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

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
        this.dialogs = {};
        for (const el of document.querySelectorAll("[data-mark]")) {
            this.dialogs[el.dataset.mark] = new SignatureDialog(el);
        }
        this.editor = new FieldEditor(find("[data-editor]"), this, {
            change: (field) => this.onChange(field),
            sizeOfOthers: (field) => this.sizeOfOthers(field),
            enter: () => this.onPrimary(),
            close: () => this.update(),
        });
        this.setUpFields();
        this.primary.addEventListener("click", () => this.onPrimary());
        this.primary.disabled = false;
        this.setUpDecline();
        setUpMenu();
        setUpBar(() => this.editor.isOpen && this.reveal(this.editor.field));
        this.editor.wide.addEventListener("change", () => {
            if (this.editor.isOpen) {
                this.editor.settle();
            }
        });
        this.update();
    }

    setUpFields() {
        const { values } = this.draft.data;
        for (const field of this.own) {
            if (field.type === "radio") {
                field.siblings = this.own.filter(
                    ({ type, group }) => type === "radio" && group === field.group,
                );
                field.el.addEventListener("keydown", (ev) => this.onRadioKeydown(field, ev));
            }
            if (field.id in values) {
                field.restore(values[field.id]);
            }
            field.el.addEventListener("click", () => this.onField(field));
            field.el.addEventListener("focus", () => this.onFieldFocus(field));
        }
        for (const field of this.own) {
            field.showState();
        }
    }

    /** Says which files were chosen before the page was loaded anew, and are not kept. */
    showLost() {
        const lost = this.own.filter((field) => field.lost).map((field) => field.lost);
        // the editor says it, too, and leaves little room on a phone
        find("[data-notice=lost]").hidden = !lost.length || this.editor.isOpen;
        find("[data-lost]").textContent = lost.join(", ");
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
        if (this.current && this.current.isMark && this.current.isMissing) {
            return this.current.type === "initials" ? "initial" : "sign";
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
            case "initial":
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
        if (field.isMark) {
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
        if (field.isMark) {
            this.editor.close();
            this.sign(field);
        } else if (field.type === "checkbox") {
            this.editor.close();
            this.setCurrent(field);
            field.setValue(!field.value);
            this.onChange(field);
        } else if (field.type === "radio") {
            this.editor.close();
            this.setCurrent(field);
            // what need not be chosen can be given up again
            field.choose(field.isRequired || !field.isFilled);
            this.onChange(field);
        } else {
            this.goTo(field);
        }
    }

    onRadioKeydown(field, ev) {
        const step = NEXT_KEYS[ev.key];
        if (step) {
            ev.preventDefault();
            const { siblings } = field;
            const index = siblings.indexOf(field) + step + siblings.length;
            const next = siblings[index % siblings.length];
            next.choose();
            next.el.focus();
            this.onChange(next);
        }
    }

    sign(field) {
        this.setCurrent(field);
        const marks = this.own.filter(({ type }) => type === field.type);
        const name = this.own.find(({ type }) => type === "name");
        const called = (name && name.value) || this.config.signerName;
        this.dialogs[field.type].open({
            name: field.type === "initials" ? initialsOf(called) : called,
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
            values[field.id] = field.draftValue;
        }
        this.draft.save(values);
        this.update();
        const { done, total } = this.progress;
        find("[data-status]").textContent = format(this.texts.progress, { done, total });
    }

    get progress() {
        const required = this.own.filter((field) => field.isRequired && field.lead === field);
        return {
            done: required.filter((field) => field.isAnswered).length,
            total: required.length,
        };
    }

    sizeOfOthers(field) {
        const others = this.own.filter((each) => each !== field);
        return others.reduce((size, { weight }) => size + weight, 0);
    }

    update() {
        const { mode } = this;
        this.showLost();
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
        const filled = this.own.filter(
            ({ isFilled, type }) => isFilled || type === "checkbox" || type === "radio",
        );
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
        const refused = this.own.find((each) => each.id === id);
        const field = refused && refused.lead;
        if (field && !field.isMark) {
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
        const send = (reason) =>
            callRoute(`${this.config.url}/decline`, { reason, nonce: this.draft.nonce });
        const dialog = new DeclineDialog(find("[data-dialog=decline]"), send, () => this.finish());
        find("[data-action=decline]").addEventListener("click", () => {
            find(".o_sign_menu").open = false;
            dialog.open();
        });
    }

    /** Tells the server of the first thing that a person does with the document in sight. */
    onShown() {
        // nobody waits for this, and signing works without it
        onFirstAction(() => {
            callRoute(`${this.config.url}/viewed`).catch((error) => console.warn(error));
        });
    }
}

const config = find("#o_sign_config");
if (config && find(".o_sign_pages")) {
    const data = JSON.parse(config.textContent);
    new (data.state === "ready" ? SigningPage : FinishedPage)(data);
}
