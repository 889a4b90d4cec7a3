import { Plugin } from "@html_editor/plugin";
import { isHtmlContentSupported } from "@html_editor/core/selection_plugin";
import { closestBlock } from "@html_editor/utils/blocks";
import { isEmptyBlock, isParagraphRelatedElement } from "@html_editor/utils/dom_info";
import { withSequence } from "@html_editor/utils/resource";
import { _t } from "@web/core/l10n/translation";
import { MergeFieldPopover } from "./merge_field_popover";
import { PlacePopover } from "./place_popover";
import { findPlaceholders } from "./placeholders";
import { TablePopover } from "./table_popover";

const HIGHLIGHTS = ["signature-merge-field", "signature-place"];

/**
 * Inserts merge fields, places to sign and tables of lines, as plain text, and colours them.
 *
 * Expects `config.signature`: {getResModel() -> string, getRoles() -> [string]}.
 */
export class PlaceholderPlugin extends Plugin {
    static id = "signaturePlaceholder";
    static dependencies = ["dom", "history", "overlay", "selection"];
    static shared = ["openPlaceholder"];
    resources = {
        user_commands: [
            {
                id: "insertMergeField",
                title: _t("Merge field"),
                description: _t("Insert a field of the record"),
                icon: "fa-database",
                run: () => this.openPlaceholder("mergeField"),
                isAvailable: isHtmlContentSupported,
            },
            {
                id: "insertPlaceToSign",
                title: _t("Place to sign"),
                description: _t("Insert what a signer fills"),
                icon: "fa-pencil-square-o",
                run: () => this.openPlaceholder("place"),
                isAvailable: isHtmlContentSupported,
            },
            {
                id: "insertTableOfLines",
                title: _t("Table of lines"),
                description: _t("Insert a list, such as the products"),
                icon: "fa-list-alt",
                run: () => this.openPlaceholder("table"),
                isAvailable: isHtmlContentSupported,
            },
        ],
        powerbox_categories: withSequence(5, { id: "signature", name: _t("Document to sign") }),
        powerbox_items: ["insertMergeField", "insertPlaceToSign", "insertTableOfLines"].map(
            (commandId) => ({ categoryId: "signature", commandId }),
        ),
        power_buttons: ["insertMergeField", "insertPlaceToSign"].map((commandId) =>
            withSequence(1, { commandId }),
        ),
        selectionchange_handlers: ({ currentSelectionIsInEditable }) => {
            this.hasCursor ||= currentSelectionIsInEditable;
        },
        start_edition_handlers: () => this.highlight(),
        step_added_handlers: () => this.highlight(),
        post_undo_handlers: () => this.highlight(),
        post_redo_handlers: () => this.highlight(),
    };

    setup() {
        const overlay = (Component) =>
            this.dependencies.overlay.createOverlay(Component, {
                hasAutofocus: true,
                className: "popover o_signature_popover",
            });
        this.overlays = {
            mergeField: overlay(MergeFieldPopover),
            place: overlay(PlacePopover),
            table: overlay(TablePopover),
        };
    }

    destroy() {
        super.destroy();
        for (const name of HIGHLIGHTS) {
            window.CSS.highlights?.delete(name);
        }
    }

    /**
     * Ask for a placeholder and insert it where the cursor stands.
     *
     * @param {"mergeField"|"place"|"table"} name
     * @param {HTMLElement} [target] a button; without one the question stands at the cursor
     */
    openPlaceholder(name, target) {
        const { getResModel, getRoles } = this.config.signature;
        const resModel = getResModel();
        if (!resModel) {
            this.services.notification.add(_t("First choose what the document is made from."), {
                type: "warning",
            });
            return;
        }
        const close = () => {
            this.overlays[name].close();
            this.dependencies.selection.focusEditable();
        };
        const insert = (text) => {
            close();
            this.insert(text, name === "table");
        };
        const props = name === "place" ? { roles: getRoles() } : { resModel };
        this.overlays[name].open({ target, props: { ...props, close, insert } });
    }

    insert(text, ownParagraph) {
        const { dom, history, selection } = this.dependencies;
        if (!this.hasCursor) {
            // nobody has clicked into the text yet: below what is there
            selection.setCursorEnd(this.editable.lastElementChild || this.editable);
        }
        const block = closestBlock(selection.getEditableSelection().anchorNode);
        if (
            (ownParagraph || !this.hasCursor) &&
            isParagraphRelatedElement(block) &&
            !isEmptyBlock(block)
        ) {
            const paragraph = this.document.createElement("p");
            paragraph.append(text);
            block.after(paragraph);
            selection.setCursorEnd(paragraph);
        } else {
            dom.insert(text);
        }
        history.addStep();
    }

    /** Colour the placeholders without touching the text, where the browser can. */
    highlight() {
        if (!window.CSS.highlights) {
            return;
        }
        const ranges = [[], []];
        const walker = this.document.createTreeWalker(this.editable, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            for (const { start, end, isPlace } of findPlaceholders(walker.currentNode.data)) {
                const range = this.document.createRange();
                range.setStart(walker.currentNode, start);
                range.setEnd(walker.currentNode, end);
                ranges[Number(isPlace)].push(range);
            }
        }
        HIGHLIGHTS.forEach((name, index) => {
            window.CSS.highlights.set(name, new window.Highlight(...ranges[index]));
        });
    }
}
