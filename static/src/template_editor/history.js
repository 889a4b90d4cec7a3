/** What can be undone. Its states are never changed, so that two of them share what is alike. */
export class History {
    constructor(state) {
        this.states = [state];
        this.index = 0;
        this.tag = null;
    }

    get state() {
        return this.states[this.index];
    }

    get canUndo() {
        return this.index > 0;
    }

    get canRedo() {
        return this.index < this.states.length - 1;
    }

    /**
     * @param {any} state
     * @param {string} [tag] changes with the same tag one after the other are one step, such as the
     *  letters typed into one input
     */
    push(state, tag = null) {
        const isSameStep = tag !== null && tag === this.tag && this.index > 0;
        this.states.splice(isSameStep ? this.index : this.index + 1, Infinity, state);
        this.index = this.states.length - 1;
        this.tag = tag;
    }

    undo() {
        this.index = Math.max(this.index - 1, 0);
        this.tag = null;
        return this.state;
    }

    redo() {
        this.index = Math.min(this.index + 1, this.states.length - 1);
        this.tag = null;
        return this.state;
    }
}
