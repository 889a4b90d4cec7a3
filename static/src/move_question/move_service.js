import { browser } from "@web/core/browser/browser";
import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { patch } from "@web/core/utils/patch";
import { Record } from "@web/model/relational_model/record";
import { MOVE_QUESTION, MoveDialog } from "./move_dialog";

// What a person does reaches the server by these; it may come back with a question.
const ASKING = /^\/web\/(dataset\/call_kw\/|dataset\/call_button\/|action\/run)/;
// what takes a deal out of its stage, as in crm_lead_moves.py
const MOVING = ["stage_id", "team_id", "active"];

/** The person has decided not to move the deal: nothing is wrong, and nothing is to be shown. */
class NotMoved extends Error {}

let ask = null;

registry.category("services").add("signature_move_question", {
    dependencies: ["dialog"],
    start(env, { dialog }) {
        ask = (question, send) =>
            new Promise((resolve, reject) => {
                dialog.add(
                    MoveDialog,
                    { question, send, onMoved: resolve, onFailed: reject },
                    // of no effect once it is moved
                    { onClose: () => reject(new NotMoved()) },
                );
            });
    },
});

// before the error service, which looks at it too late for the console
browser.addEventListener("unhandledrejection", (ev) => {
    if (ev.reason instanceof NotMoved) {
        ev.preventDefault();
        ev.stopImmediatePropagation();
    }
});

/** Return the same call, which tells the server that a person can be asked, and what they have answered. */
function asPerson(params, answers) {
    const place = params.kwargs || params;
    const context = { ...place.context, signature_ask: true };
    if (answers) {
        context.signature_answers = answers;
    }
    return params.kwargs
        ? { ...params, kwargs: { ...params.kwargs, context } }
        : { ...params, context };
}

patch(rpc, {
    _rpc(url, params, settings) {
        // what the cache has is never a move, and its key must not change
        if (!ask || !ASKING.test(url) || settings.cache || settings.xhr) {
            return super._rpc(url, params, settings);
        }
        const call = (answers) => super._rpc(url, asPerson(params, answers), settings);
        const first = call();
        const answered = first.catch((error) => {
            if (error.exceptionName !== MOVE_QUESTION) {
                throw error;
            }
            const answers = {};
            return ask(error.data.context, (given) => call(Object.assign(answers, given)));
        });
        return Object.assign(answered, { abort: (...args) => first.abort(...args) });
    },
});

patch(Record.prototype, {
    /** What the server computes from a move is remembered, to go back with it. */
    async _update(changes, ...options) {
        const before = { ...this._changes };
        await super._update(changes, ...options);
        if (MOVING.some((name) => name in changes)) {
            const after = Object.entries(this._changes);
            const followed = after.filter(
                ([name, value]) => !(name in changes) && value !== before[name],
            );
            this._followed = { ...this._followed, ...Object.fromEntries(followed) };
        }
    },

    /** A deal that stays where it is, is shown there; what else was changed waits to be saved. */
    async _save(options = {}) {
        const { onError } = options;
        const passOn = (error, how) => {
            if (error instanceof NotMoved) {
                throw error;
            }
            return onError(error, how);
        };
        try {
            return await super._save(onError ? { ...options, onError: passOn } : options);
        } catch (error) {
            // a card has been read anew already, and its column takes it back
            if (!(error instanceof NotMoved) || !this.isInEdition) {
                throw error;
            }
            this._takeBack();
            return false;
        }
    },

    _takeBack() {
        const { _changes: changes, _followed: followed = {} } = this;
        const names = Object.keys(changes).filter(
            (name) => MOVING.includes(name) || changes[name] === followed[name],
        );
        this._applyChanges(Object.fromEntries(names.map((name) => [name, this._values[name]])));
        names.forEach((name) => delete this._changes[name]);
        this._followed = {};
        this.dirty = Object.keys(this._changes).length > 0;
    },
});
