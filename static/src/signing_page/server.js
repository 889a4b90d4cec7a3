// A phone that lost its network may wait for minutes; a repeat is safe, so give up earlier.
const TIMEOUT = 45000;
// Files may take longer, at least so many bytes a second.
const SLOWEST = 20000;

async function fetchJson(url, options = {}) {
    const abort = new AbortController();
    const timeout = TIMEOUT + ((options.body || "").length / SLOWEST) * 1000;
    const timer = setTimeout(() => abort.abort(), timeout);
    try {
        const response = await fetch(url, { ...options, signal: abort.signal });
        if (!response.ok) {
            throw new Error(`${url.split("/").pop()}: HTTP ${response.status}`);
        }
        return await response.json();
    } finally {
        clearTimeout(timer);
    }
}

/** Calls a route of Odoo; throws whenever the answer did not come from the route itself. */
export async function callRoute(url, params = {}) {
    const reply = await fetchJson(url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", method: "call", params }),
    });
    if (!reply.result) {
        throw new Error(reply.error ? reply.error.message : "no result");
    }
    return reply.result;
}

export function getStatus(url) {
    return fetchJson(`${url}/status`);
}
