import { ActivityMenu } from "@mail/core/web/activity_menu";
import { patch } from "@web/core/utils/patch";

patch(ActivityMenu.prototype, {
    openActivityGroup(group) {
        if (group.type !== "signature") {
            return super.openActivityGroup(...arguments);
        }
        this.dropdown.close();
        this.action.doAction({
            type: "ir.actions.act_url",
            url: "/my/signatures?filterby=waiting",
            target: "new",
        });
    },
});
