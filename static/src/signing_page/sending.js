import { DeclineDialog } from "./decline_dialog";
import { find } from "./document_page";
import { FormDialog } from "./form_dialog";
import { ForwardDialog } from "./forward_dialog";
import { callRoute } from "./server";
import { isPersonHere } from "./surroundings";

/** Sends what ends the page: the answers or, from their dialogs, an approval, why not, or who acts instead. */
export class Sending {
    /**
     * @param {Object} page with its `config`, `draft` and `bar`
     * @param {Object} on
     * @param {() => Object} on.answers gives the values to send, by the ids of their fields
     * @param {() => void} on.change it has begun, or has come to nothing
     * @param {(error: Object) => void} on.refused the server does not take it
     */
    constructor({ config, draft, bar }, on) {
        Object.assign(this, { config, draft, bar, on });
        this.isBusy = false;
        this.hasFailed = false;
        this.dialogs = {};
        this.setUpDialog("approve", FormDialog, ({ comment }) => this.sendAnswers(comment));
        this.setUpDialog("decline", DeclineDialog, ({ reason, words }) =>
            this.act("decline", {
                reason: words,
                reason_id: Number(reason) || null,
                nonce: this.draft.nonce,
            }),
        );
        this.setUpDialog("forward", ForwardDialog, (person) => this.act("forward", person));
    }

    setUpDialog(name, Dialog, send) {
        const el = find(`[data-dialog=${name}]`);
        if (!el) {
            return;
        }
        const dialog = new Dialog(el, this.draft.forms[name] || {}, {
            send,
            change: (values) => this.draft.save({ forms: { ...this.draft.forms, [name]: values } }),
            done: () => this.finish(),
            refusedField: (error) => this.on.refused(error),
        });
        this.dialogs[name] = dialog;
        const opener = find(`.o_sign_menu [data-action=${name}]`);
        if (opener) {
            opener.addEventListener("click", () => {
                find(".o_sign_menu").open = false;
                // the dialog gives the focus back to what is still in sight
                find(".o_sign_menu summary").focus();
                dialog.open();
            });
        }
    }

    /** Sends the answers as they stand. */
    async submit() {
        if (!isPersonHere()) {
            this.bar.showNotice("nobody");
            return;
        }
        this.isBusy = true;
        this.bar.showNotice(null);
        this.on.change();
        try {
            const { error } = await this.sendAnswers();
            this.isBusy = !error;
            if (error) {
                this.on.refused(error);
            } else {
                this.finish();
            }
        } catch (error) {
            // it may or may not have arrived
            console.error(error);
            this.isBusy = false;
            this.hasFailed = true;
            this.bar.showNotice(error.isGone ? "gone" : "offline");
        }
        this.on.change();
    }

    sendAnswers(comment = "") {
        return this.act("submit", {
            values: this.on.answers(),
            nonce: this.draft.nonce,
            document: this.config.sha256,
            consent: true,
            comment,
        });
    }

    /** Calls a route that ends the page; the same nonce makes another try safe. */
    async act(name, params) {
        this.draft.hold();
        let reply = {};
        try {
            reply = await callRoute(`${this.config.url}/${name}`, params);
            return reply;
        } finally {
            if (!reply.state) {
                this.draft.release();
            }
        }
    }

    finish() {
        this.draft.clear();
        // what comes next stands at the top of the page
        window.history.scrollRestoration = "manual";
        window.location.reload();
    }
}
