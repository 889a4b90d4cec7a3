import { Component, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const MODEL = "signature.health";

const LABELS = {
    broken: _t("Broken"),
    attention: _t("Needs attention"),
    unused: _t("Not set up"),
    good: _t("Good"),
};
const ICONS = {
    broken: "fa-times-circle text-danger",
    attention: "fa-exclamation-triangle text-warning",
    unused: "fa-minus-circle text-muted",
    good: "fa-check-circle text-success",
};
const BADGES = {
    broken: "text-bg-danger",
    attention: "text-bg-warning",
    unused: "text-bg-light",
    good: "text-bg-light",
};

/** What signing needs to work: each thing with what was found and what to do about it, the worst first. */
export class SignatureHealth extends Component {
    static template = "signature_workflow.Health";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.labels = LABELS;
        this.icons = ICONS;
        this.badges = BADGES;
        this.state = useState({ checks: [], isBusy: false, verification: null });
        onWillStart(() => this.load());
        onWillUnmount(() => this.stop());
    }

    get verdict() {
        const count = (wanted) => this.state.checks.filter(({ state }) => state === wanted).length;
        // what was found in documents, as one thing
        const found = this.state.verification?.problems.length ? 1 : 0;
        const broken = count("broken") + found;
        const attention = count("attention");
        if (broken) {
            const text =
                broken === 1 ? _t("One thing is broken") : _t("%s things are broken", broken);
            return { state: "broken", text };
        }
        if (attention) {
            const text =
                attention === 1
                    ? _t("One thing needs attention")
                    : _t("%s things need attention", attention);
            return { state: "attention", text };
        }
        return { state: "good", text: _t("All is well") };
    }

    async load() {
        this.state.checks = await this.orm.call(MODEL, "get_checks");
        this.state.time = luxon.DateTime.now().toLocaleString(luxon.DateTime.TIME_WITH_SECONDS);
    }

    /** Do something that the buttons wait for. */
    async busy(work) {
        this.state.isBusy = true;
        try {
            await work();
        } finally {
            this.state.isBusy = false;
        }
    }

    checkAgain() {
        return this.busy(() => this.load());
    }

    press(button) {
        if (button.action) {
            return this.action.doAction(button.action);
        }
        if (!button.confirm) {
            return this.call(button);
        }
        this.dialog.add(ConfirmationDialog, {
            title: button.label,
            body: button.confirm,
            confirmLabel: button.label,
            confirm: () => this.call(button),
            cancel: () => {},
        });
    }

    call({ method, args }) {
        return this.busy(async () => {
            await this.action.doAction(await this.orm.call(MODEL, method, args));
            await this.load();
        });
    }

    // all documents, one step after the other

    get verified() {
        const { count, left } = this.state.verification;
        return Math.floor((100 * count) / Math.max(1, count + left));
    }

    async verifyAll() {
        const run = { count: 0, left: 0, problems: [], isRunning: true };
        this.state.verification = run;
        const verification = this.state.verification;
        let last = 0;
        try {
            do {
                const step = await this.orm.call(MODEL, "verify_step", [last]);
                last = step.last;
                verification.count += step.count;
                verification.left = step.left;
                verification.problems.push(...step.problems);
            } while (last && verification.isRunning);
            verification.isComplete = !last;
        } finally {
            verification.isRunning = false;
        }
    }

    stop() {
        if (this.state.verification) {
            this.state.verification.isRunning = false;
        }
    }

    async openProblems() {
        const ids = this.state.verification.problems.map(({ id }) => id);
        const action = await this.action.loadAction("signature_workflow.signature_request_action");
        return this.action.doAction({ ...action, domain: [["id", "in", ids]] });
    }
}

registry.category("actions").add("signature_workflow.health", SignatureHealth);
