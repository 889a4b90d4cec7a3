import { Component, onMounted, onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const SECONDS = 3;

/** Shows how far a batch is, and keeps its form up to date while the server works on it. */
export class SignatureBatchProgress extends Component {
    static template = "signature_workflow.BatchProgress";
    static props = { ...standardWidgetProps };

    setup() {
        onMounted(() => {
            this.timer = setInterval(() => this.refresh(), SECONDS * 1000);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    get data() {
        return this.props.record.data;
    }

    get percent() {
        return Math.floor(this.data.progress);
    }

    /** How much of the bar shows what could not be sent. */
    get failedPercent() {
        const { failed_count, total_count } = this.data;
        return total_count ? (100 * failed_count) / total_count : 0;
    }

    async refresh() {
        if (this.data.queued_count && !this.isLoading && document.visibilityState === "visible") {
            this.isLoading = true;
            try {
                await this.props.record.load();
            } finally {
                this.isLoading = false;
            }
        }
    }
}

registry.category("view_widgets").add("signature_batch_progress", {
    component: SignatureBatchProgress,
    fieldDependencies: [
        { name: "progress", type: "float" },
        { name: "queued_count", type: "integer" },
        { name: "total_count", type: "integer" },
        { name: "result", type: "char" },
        { name: "failed_count", type: "integer" },
    ],
});
