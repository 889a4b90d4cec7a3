import { CrmKanbanDynamicGroupList } from "@crm/views/crm_kanban/crm_kanban_model";
import { patch } from "@web/core/utils/patch";

/** When a card that was dropped is read again, in ms: once its document is asked for, and once it is sent. */
const READ_AGAIN = [0, 4000];

patch(CrmKanbanDynamicGroupList.prototype, {
    /** Show what the rules of the stage have made of the card, for they come after the drop was saved. */
    async moveRecord(dataRecordId, dataGroupId, refId, targetGroupId) {
        const result = await super.moveRecord(...arguments);
        const target = this.groups.find((group) => group.id === targetGroupId);
        const sends = this.model.signatureStageRules?.documents[target?.value];
        const record = target?.list.records.find((each) => each.id === dataRecordId);
        if (sends && record && dataGroupId !== targetGroupId) {
            for (const wait of READ_AGAIN) {
                setTimeout(() => record.isInEdition || record.load(), wait);
            }
        }
        return result;
    },
});
