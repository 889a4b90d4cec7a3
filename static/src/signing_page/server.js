// A phone that lost its network may wait for minutes; a repeat is safe, so give up earlier.
const TIMEOUT = 45000;
// Files may take longer, at least so many bytes a second.
const SLOWEST = 20000;
// What a page that is being left may still send, in bytes.
const KEPT_ALIVE = 60000;

async function fetchJson(url, options = {}, abort = new AbortController()) {
    const timeout = TIMEOUT + ((options.body || "").length / SLOWEST) * 1000;
    const timer = setTimeout(() => abort.abort(), timeout);
    try {
        const response = await fetch(url, { ...options, signal: abort.signal });
        if (!response.ok) {
            const error = new Error(`${url.split("/").pop()}: HTTP ${response.status}`);
            throw Object.assign(error, { isTooLarge: response.status === 413 });
        }
        return await response.json();
    } finally {
        clearTimeout(timer);
    }
}

/**
 * Calls a route of Odoo; throws whenever the answer did not come from the route itself. The error
 * has `isGone` when the server was reached, and knows no such link any more, `isTooLarge` when it
 * takes no request of this size.
 *
 * @param {string} url
 * @param {Object} [params]
 * @param {AbortController} [abort] ends the call
 * @returns {Promise<Object>}
 */
export async function callRoute(url, params = {}, abort) {
    const body = JSON.stringify({ jsonrpc: "2.0", method: "call", params });
    const options = {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body,
        keepalive: document.hidden && new Blob([body]).size < KEPT_ALIVE,
    };
    const { error, result } = await fetchJson(url, options, abort);
    if (!result) {
        const message = error ? error.message : "no result";
        throw Object.assign(new Error(message), { isGone: Boolean(error) && error.code === 404 });
    }
    return result;
}

export function getStatus(url) {
    return fetchJson(`${url}/status`);
}
