import { callRoute } from "./server";
import { isPersonHere, onFirstAction } from "./surroundings";

const PREFIX = "signature_workflow.";
const LIFETIME = 24 * 3600 * 1000;
const PAUSE = 1500;
const RETRY = 10000;

/**
 * What was filled in and not sent yet, kept on the device and on the server, so that a reload, a
 * closed tab, a lost connection or another device loses nothing. The key on the device is made of a
 * hash of the link, never of the link itself.
 */
export class Draft {
    /**
     * @param {Object} config
     * @param {string} config.url
     * @param {string} config.storageKey
     * @param {Object} [config.draft] what the server has
     * @param {(state: string, message: string) => void} onState how the server's copy fares: "pending",
     *     "saved", "unsaved" (no connection), "device" (only the device has it), "refused" (with the
     *     server's words: nothing can be filled in any more) or "gone" (nor does the link work)
     */
    constructor({ url, storageKey, draft }, onState) {
        Object.assign(this, { url, onState });
        this.key = PREFIX + storageKey;
        this.data = this.read();
        if (draft && !(this.data.time >= draft.time)) {
            this.data = { ...draft, nonce: this.data.nonce };
        }
        // what lies on the device alone is sent as soon as somebody is there
        this.isDirty = Boolean(this.data.time) && !(draft && draft.time >= this.data.time);
        this.isHeld = false;
        document.addEventListener("visibilitychange", () => document.hidden && this.push());
        window.addEventListener("online", () => this.push());
        onFirstAction(() => this.push());
    }

    get values() {
        return this.data.values || {};
    }

    get forms() {
        return this.data.forms || {};
    }

    read() {
        try {
            const data = JSON.parse(localStorage.getItem(this.key));
            if (data && Date.now() - data.time < LIFETIME) {
                return data;
            }
        } catch {
            // storage is switched off, or what lies there is not ours
        }
        return {};
    }

    /** @param {Object} data {values} of the fields, {forms} of the dialogs, or both */
    save(data) {
        Object.assign(this.data, data, { time: Date.now() });
        this.isDirty = true;
        this.write();
        this.onState("pending");
        this.pushLater(PAUSE);
    }

    /** One nonce for all attempts to send, so that a repeat is recognised by the server. */
    get nonce() {
        if (!this.data.nonce) {
            const bytes = crypto.getRandomValues(new Uint8Array(16));
            this.data.nonce = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(
                "",
            );
            this.data.time = this.data.time || Date.now();
            this.write();
        }
        return this.data.nonce;
    }

    write() {
        try {
            localStorage.setItem(this.key, JSON.stringify(this.data));
        } catch {
            // full or switched off: signing works all the same
        }
    }

    pushLater(delay) {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.push(), delay);
    }

    /** Gives the server what it does not have yet. */
    async push() {
        clearTimeout(this.timer);
        if (!this.isDirty || this.isHeld || this.call || !isPersonHere()) {
            return;
        }
        const { values, forms, time } = this.data;
        const call = (this.call = new AbortController());
        this.isDirty = false;
        let state = "saved";
        let message = "";
        try {
            const draft = { values, forms, time };
            const { error } = await callRoute(`${this.url}/draft`, { draft }, call);
            if (error) {
                state = error.code === "malformed" ? "device" : "refused";
                message = error.message;
            }
        } catch (error) {
            state = stateAfter(error);
            this.isHeld || console.warn(error);
        }
        this.call = null;
        // the same again would fare no better, unless it did not arrive
        this.isDirty = this.isDirty || state === "unsaved";
        if (!this.isHeld) {
            this.report(state, message);
        }
    }

    report(state, message) {
        if (state === "gone" || state === "refused") {
            this.hold();
            this.onState(state, message);
        } else if (state === "unsaved") {
            this.onState(state);
            this.pushLater(RETRY);
        } else if (this.isDirty) {
            this.pushLater(PAUSE);
        } else {
            this.onState(state);
        }
    }

    /** Sends nothing while something final is on its way. */
    hold() {
        this.isHeld = true;
        clearTimeout(this.timer);
        if (this.call) {
            this.call.abort();
        }
    }

    release() {
        this.isHeld = false;
        if (this.isDirty) {
            this.pushLater(PAUSE);
        }
    }

    /** It is sent: nothing is kept on the device any more. */
    clear() {
        this.hold();
        try {
            localStorage.removeItem(this.key);
        } catch {
            // nothing was kept
        }
    }
}

function stateAfter({ isGone, isTooLarge }) {
    if (isGone) {
        return "gone";
    }
    return isTooLarge ? "device" : "unsaved";
}

/** Forgets whatever was filled in on this device. */
export function forgetDrafts() {
    try {
        for (const key of Object.keys(localStorage)) {
            if (key.startsWith(PREFIX)) {
                localStorage.removeItem(key);
            }
        }
    } catch {
        // storage is switched off, so nothing was kept
    }
}
