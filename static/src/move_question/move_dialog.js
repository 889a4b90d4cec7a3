import { Component, onMounted, useRef, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { getDataURLFromFile } from "@web/core/utils/urls";

const SCAN_REFUSED =
    "odoo.addons.signature_workflow.signature_workflow.models.signature_request_paper.ScanRefused";
export const MOVE_QUESTION =
    "odoo.addons.signature_workflow.signature_workflow.models.crm_lead_moves.MoveQuestion";
const SCAN_TYPES = ["application/pdf", "image/jpeg", "image/png"];
// the server counts anew; of all files together
const SCAN_MEGABYTES = 25;

/** Asks what is to become of the documents of deals that are moved, and moves these then. */
export class MoveDialog extends Component {
    static template = "signature_workflow.MoveDialog";
    static components = { Dialog };
    static props = {
        question: Object, // see `_question` of crm.lead
        send: Function, // does the move with answers, by request; rejects as the server does
        onMoved: Function,
        onFailed: Function,
        close: Function,
    };

    setup() {
        this.state = useState({ ...this.fresh(this.props.question), isSending: false });
        // what is on its way to the server cannot be taken back by closing
        this.env.dialogData.dismiss = () => this.state.isSending && new Promise(() => {});
        const choice = useRef("choice");
        onMounted(() => choice.el.focus());
    }

    fresh(question) {
        return { question, action: "keep", reason: "", error: "", scans: {} };
    }

    get documents() {
        return this.state.question.signature_documents;
    }

    get ids() {
        return this.state.question.signature_ids;
    }

    get isArchived() {
        return this.state.question.signature_is_archived;
    }

    get title() {
        return this.ids.length === 1
            ? _t("A document waits to be signed")
            : _t("%s documents wait to be signed", this.ids.length);
    }

    get advice() {
        const { signature_deals: count } = this.state.question;
        if (count > 1) {
            return this.isArchived
                ? _t("You close %s deals. What is to become of their documents?", count)
                : _t("You move %s deals. What is to become of their documents?", count);
        }
        const { deal } = this.documents[0];
        if (this.ids.length > 1) {
            return this.isArchived
                ? _t("You close “%s”. What is to become of its documents?", deal)
                : _t("You move “%s”. What is to become of its documents?", deal);
        }
        return this.isArchived
            ? _t("You close “%s”. What is to become of its document?", deal)
            : _t("You move “%s”. What is to become of its document?", deal);
    }

    get more() {
        const left = this.ids.length - this.documents.length;
        return left && _t("and %s more", left);
    }

    get confirmLabel() {
        const isOne = this.state.question.signature_deals === 1;
        if (this.isArchived) {
            return isOne ? _t("Close the deal") : _t("Close the deals");
        }
        return isOne ? _t("Move the deal") : _t("Move the deals");
    }

    get stayLabel() {
        return this.isArchived ? _t("Leave it as it is") : _t("Do not move");
    }

    get isComplete() {
        return (
            this.state.action !== "paper" || this.ids.every((id) => this.state.scans[id]?.length)
        );
    }

    choose(action) {
        Object.assign(this.state, { action, error: "" });
    }

    chooseScan(id, ev) {
        this.state.scans[id] = [...ev.target.files];
        this.state.error = "";
    }

    checkScans() {
        const files = this.ids.flatMap((id) => this.state.scans[id]);
        const odd = files.find((file) => !SCAN_TYPES.includes(file.type));
        if (odd) {
            return _t("“%s” is neither a PDF nor a JPEG or PNG picture.", odd.name);
        }
        const size = files.reduce((sum, file) => sum + file.size, 0);
        return size > SCAN_MEGABYTES * 1024 * 1024
            ? _t("The files are too large: at most %s MB altogether.", SCAN_MEGABYTES)
            : "";
    }

    async answers() {
        const { action, reason, scans } = this.state;
        const read = async (file) => (await getDataURLFromFile(file)).split(",")[1];
        const answers = {};
        for (const id of this.ids) {
            answers[id] = { action };
            if (action === "cancel") {
                answers[id].reason = reason;
            } else if (action === "paper") {
                answers[id].scan = await Promise.all(scans[id].map(read));
            }
        }
        return answers;
    }

    async confirm() {
        if (this.state.isSending || !this.isComplete) {
            return;
        }
        this.state.error = this.state.action === "paper" ? this.checkScans() : "";
        if (this.state.error) {
            return;
        }
        this.state.isSending = true;
        try {
            this.props.onMoved(await this.props.send(await this.answers()));
        } catch (error) {
            this.state.isSending = false;
            if (error.exceptionName === SCAN_REFUSED) {
                this.state.error = error.data.message;
                return;
            }
            if (error.exceptionName === MOVE_QUESTION) {
                // others of the same deals have begun to wait meanwhile, or are moved one by one
                Object.assign(this.state, this.fresh(error.data.context));
                return;
            }
            this.props.onFailed(error);
        }
        this.props.close();
    }
}
