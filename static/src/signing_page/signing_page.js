import { Bar } from "./bar";
import { DocumentPage, find } from "./document_page";
import { Draft } from "./draft";
import { FieldEditor } from "./field_editor";
import { format, initialsOf } from "./formats";
import { History } from "./history";
import { Sending } from "./sending";
import { SignatureDialog } from "./signature_dialog";
import { reportView, setUpBar, setUpMenu } from "./surroundings";
import { Walk } from "./walk";

const NEXT_KEYS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

/** The page of somebody who may sign or approve now. */
export class SigningPage extends DocumentPage {
    constructor(config) {
        super(config);
        this.own = this.fields.filter((field) => field.isOwn);
        this.walk = new Walk(this.own);
        this.current = null;
        this.hasStarted = false;
        this.bar = new Bar(this.texts);
        this.primary = this.bar.primary;
        this.draft = new Draft(config, (state, message) => this.bar.showSaved(state, message));
        this.sending = new Sending(this, {
            answers: () => this.answers,
            change: () => this.update(),
            refused: (error) => this.showRefusal(error),
        });
        this.editor = this.makeEditor();
        this.setUpFields();
        this.history = new History(this.own);
        this.marks = {};
        for (const el of document.querySelectorAll("[data-mark]")) {
            this.marks[el.dataset.mark] = new SignatureDialog(el);
        }
        this.setUpButtons();
        setUpMenu();
        this.settleBar = setUpBar(() => this.editor.isOpen && this.reveal(this.editor.field));
        this.update();
    }

    makeEditor() {
        const editor = new FieldEditor(find("[data-editor]"), this, {
            change: () => this.onChange(),
            sizeOfOthers: (field) => this.sizeWithout([field]),
            enter: () => this.onPrimary(),
            close: () => this.update(),
        });
        editor.wide.addEventListener("change", () => editor.isOpen && editor.settle());
        return editor;
    }

    setUpFields() {
        const { values } = this.draft;
        for (const field of this.own) {
            if (field.type === "radio") {
                field.siblings = this.own.filter(
                    ({ type, group }) => type === "radio" && group === field.group,
                );
                field.el.addEventListener("keydown", (ev) => this.onRadioKeydown(field, ev));
            }
            const kept = values[field.id];
            if (kept !== undefined) {
                field.restore(kept, values);
            }
            field.el.addEventListener("click", () => this.onField(field));
            field.el.addEventListener("focus", () => this.onFieldFocus(field));
        }
        this.showStates();
    }

    showStates() {
        for (const field of this.own) {
            field.showState();
        }
    }

    setUpButtons() {
        this.primary.addEventListener("click", () => this.onPrimary());
        this.primary.disabled = false;
        this.bar.back.addEventListener("click", () => this.goBack());
        this.bar.undo.addEventListener("click", () => this.undo());
        this.bar.optional.addEventListener("click", () => this.goThroughOptional());
        document.addEventListener("keydown", (ev) => this.onKeydown(ev));
    }

    // The walk through the fields

    get next() {
        return this.walk.next(this.editor.field || this.current);
    }

    get previous() {
        return this.walk.previous(this.editor.field || this.current);
    }

    get lastMode() {
        if (this.config.participation === "approve") {
            return "approve";
        }
        return this.sending.hasFailed ? "again" : "finish";
    }

    /** What the large button does now; its texts are in the page, one for each mode. */
    get mode() {
        if (this.sending.isBusy) {
            return "sending";
        }
        const { current, editor, next } = this;
        const isMore = Boolean(next) && next !== editor.field;
        if (editor.isOpen) {
            return isMore ? "next" : "done";
        }
        if (current && current.isMark && current.isMissing) {
            return current.type === "initials" ? "initial" : "sign";
        }
        if (isMore) {
            return this.hasStarted ? "next" : "start";
        }
        return this.lastMode;
    }

    /** Which line stands above the large button. */
    get hint() {
        const { current, mode, walk } = this;
        if (current && current.isMark && !current.isFilled && !current.isRequired) {
            return "optional";
        }
        if (mode === "start") {
            return walk.missing.every(({ type }) => type === "signature") ? "mark" : "count";
        }
        if (["finish", "approve"].includes(mode)) {
            // there is little room for words that the buttons say as well
            const complete = this.offersOptional ? "" : "complete";
            return walk.progress.total ? complete : "read";
        }
        return "";
    }

    get offersOptional() {
        return this.mode === this.lastMode && this.walk.optional.length > 0;
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
            case "approve":
                this.sending.dialogs.approve.open();
                break;
            case "finish":
            case "again":
                this.sending.submit();
                break;
        }
    }

    /** Goes to the next field that must be filled in, in the order of the document. */
    goOn() {
        const { next } = this;
        this.hasStarted = true;
        this.editor.close();
        if (next) {
            this.goTo(next);
        } else {
            this.rest();
        }
    }

    /** Nothing more to go to: the large button finishes. */
    rest() {
        this.walk.takesOptional = false;
        this.setCurrent(null);
        this.update();
        this.primary.focus({ preventScroll: true });
    }

    goBack() {
        const { previous } = this;
        this.editor.close();
        this.goTo(previous);
    }

    goThroughOptional() {
        this.walk.takesOptional = true;
        this.hasStarted = true;
        this.setCurrent(null);
        this.goOn();
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
            this.onChange();
        } else if (field.type === "radio") {
            this.editor.close();
            this.setCurrent(field);
            // what need not be chosen can be given up again
            field.choose(field.isRequired || !field.isFilled);
            this.onChange();
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
            this.onChange();
        }
    }

    onKeydown(ev) {
        const isUndo = (ev.ctrlKey || ev.metaKey) && !ev.shiftKey && ev.key.toLowerCase() === "z";
        // what is typed is taken back by the input itself, a stroke by its dialog
        if (isUndo && !this.history.isEmpty && !ev.target.closest("input, textarea, dialog")) {
            ev.preventDefault();
            this.undo();
        }
    }

    sign(field) {
        this.setCurrent(field);
        const marks = this.own.filter(({ type }) => type === field.type);
        const name = this.own.find(({ type }) => type === "name");
        const called = (name && name.value) || this.config.signerName;
        this.marks[field.type].open({
            name: field.type === "initials" ? initialsOf(called) : called,
            count: marks.length,
            mark: field.value,
            // it is sent with each of its fields
            room: (this.config.limits.all - this.sizeWithout(marks)) / marks.length,
            onAdopt: (mark) => {
                for (const each of marks) {
                    each.setValue(mark);
                }
                this.onChange();
                this.primary.focus({ preventScroll: true });
                // the bar may have grown over it
                this.settleBar();
                this.reveal(field);
            },
        });
    }

    // What was filled in

    onChange() {
        this.history.record(this.editor.session);
        this.keep();
        const { done, total } = this.walk.progress;
        this.bar.announce(format(this.texts.progress, { done, total }));
    }

    undo() {
        this.editor.close();
        const field = this.history.undo();
        this.showStates();
        this.keep();
        this.bar.announce(format(this.texts.undone, { name: field.title }));
        this.setCurrent(field);
        field.el.focus({ preventScroll: true });
        this.reveal(field);
    }

    keep() {
        const values = {};
        for (const field of this.own) {
            // one signature for many fields is kept once
            const same = this.own.find(({ value }) => value && value === field.value);
            const isRepeated = field.isMark && same && same !== field;
            values[field.id] = isRepeated ? { as: same.id } : field.draftValue;
        }
        this.draft.save({ values });
        this.update();
    }

    /** How many bytes of files and pictures are to be sent with all other fields. */
    sizeWithout(fields) {
        const others = this.own.filter((each) => !fields.includes(each));
        return others.reduce((size, { weight }) => size + weight, 0);
    }

    update() {
        const { editor, hint, mode, walk } = this;
        const lost = new Set(this.own.map((field) => field.lost).filter(Boolean));
        // the editor says it, too, and leaves little room on a phone
        this.bar.showLost(editor.isOpen ? [] : [...lost]);
        this.bar.show({
            ...walk.progress,
            mode,
            hint,
            hasBack: this.hasStarted && Boolean(this.previous),
            hasUndo: !editor.isOpen && !this.history.isEmpty && mode !== "sending",
            hasOptional: this.offersOptional,
        });
    }

    /** What is to be sent, by the ids of the fields. */
    get answers() {
        const filled = this.own.filter(
            ({ isFilled, type }) => isFilled || type === "checkbox" || type === "radio",
        );
        return Object.fromEntries(filled.map(({ id, value }) => [id, value]));
    }

    /** Says why the server does not take what was sent, at the field that it is about. */
    showRefusal({ field_id: id, message }) {
        const refused = this.own.find((each) => each.id === id);
        const field = refused && refused.lead;
        if (field && !field.isMark) {
            this.goTo(field, message);
            return;
        }
        this.bar.showRefusal(message, !field);
        if (field) {
            this.goTo(field);
        }
    }

    onShown() {
        reportView(this.config.url);
    }
}
