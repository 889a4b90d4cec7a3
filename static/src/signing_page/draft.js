const LIFETIME = 24 * 3600 * 1000;

/**
 * What was filled in and not sent yet, kept on the device, so that a reload, a closed tab or a lost
 * connection loses nothing. The key is made of a hash of the link, never of the link itself.
 */
export class Draft {
    constructor(key) {
        this.key = `signature_workflow.${key}`;
        this.data = this.read();
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
        return { values: {} };
    }

    save(values) {
        this.data.values = values;
        this.write();
    }

    /** One nonce for all attempts to send, so that a repeat is recognised by the server. */
    get nonce() {
        if (!this.data.nonce) {
            const bytes = crypto.getRandomValues(new Uint8Array(16));
            this.data.nonce = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(
                "",
            );
            this.write();
        }
        return this.data.nonce;
    }

    write() {
        try {
            localStorage.setItem(this.key, JSON.stringify({ ...this.data, time: Date.now() }));
        } catch {
            // full or switched off: signing works all the same
        }
    }

    clear() {
        try {
            localStorage.removeItem(this.key);
        } catch {
            // nothing was kept
        }
    }
}
