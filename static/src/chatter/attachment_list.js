import { AttachmentList } from "@mail/core/common/attachment_list";
import { onWillStart } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";
import { patch } from "@web/core/utils/patch";

const SENDABLE = [
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
];

patch(AttachmentList.prototype, {
    setup() {
        super.setup();
        onWillStart(async () => {
            this.maySendForSignature = await user.hasGroup("signature_workflow.group_user");
        });
    },

    /** @param {import("models").Attachment} attachment */
    canSendForSignature(attachment) {
        return (
            this.maySendForSignature &&
            !this.env.inComposer &&
            !attachment.uploading &&
            SENDABLE.includes(attachment.mimetype)
        );
    },

    /** @param {import("models").Attachment} attachment */
    async onClickSendForSignature(attachment) {
        const { orm, action } = this.env.services;
        const next = await orm.call("signature.template", "action_send_attachment", [
            attachment.id,
        ]);
        await action.doAction(next);
    },

    getActions(attachment) {
        const actions = super.getActions(attachment);
        if (this.canSendForSignature(attachment)) {
            actions.push({
                label: _t("Send for signature"),
                icon: "fa fa-pencil-square-o",
                onSelect: () => this.onClickSendForSignature(attachment),
            });
        }
        return actions;
    },
});
