/** The changes made to fields, so that they can be taken back one after the other. */
export class History {
    /** @param {Object[]} fields with `value` and `setValue(value)` */
    constructor(fields) {
        this.fields = fields;
        this.steps = [];
        this.note();
    }

    get isEmpty() {
        return !this.steps.length;
    }

    note() {
        this.known = new Map(this.fields.map((field) => [field, field.value]));
    }

    /**
     * Takes what has changed as one step.
     *
     * @param {Object} [session] all that changes in the same one is one step
     */
    record(session = null) {
        const goesOn = session && session === this.session;
        const step = goesOn ? this.steps.pop() : new Map();
        for (const [field, before] of this.known) {
            if (field.value !== before && !step.has(field)) {
                step.set(field, before);
            }
        }
        if (step.size) {
            this.steps.push(step);
        }
        this.session = step.size ? session : null;
        this.note();
    }

    /** Takes the last step back; returns the first field that it changed. */
    undo() {
        const step = this.steps.pop();
        for (const [field, before] of step) {
            field.setValue(before);
        }
        this.session = null;
        this.note();
        return step.keys().next().value;
    }
}
