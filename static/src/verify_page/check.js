/** The file cannot be checked; the code names the words for it on the page. */
export class Unfit extends Error {}

const MAX_BYTES = 100 * 1024 * 1024;
// readers accept something before the head of the file
const HEAD_BYTES = 1024;
// The certificate page links to the page of its document, in bytes that are not compressed; a PDF may
// write a slash by its number. The letters are those of the engine's codes.
const CODE = /(?:\/|\\057)verify(?:\/|\\057)([0-9A-HJKMNP-TV-Z]{16})(?![0-9A-Za-z])/g;
const CODE_ROOM = 40;
const PIECE = 1 << 20;

const latin1 = new TextDecoder("latin1");

/**
 * Looks for codes in the bytes of a file.
 *
 * @param {Uint8Array} bytes
 * @param {string} [wanted] the code that is taken when it is among them
 * @returns {string} else the last one, which belongs to the page that was appended; "" for none
 */
export function findCode(bytes, wanted) {
    let last = "";
    for (let start = 0; start < bytes.length; start += PIECE) {
        const text = latin1.decode(bytes.subarray(start, start + PIECE + CODE_ROOM));
        for (const [, code] of text.matchAll(CODE)) {
            if (code === wanted) {
                return code;
            }
            last = code;
        }
    }
    return last;
}

/**
 * Returns the bytes of a PDF.
 *
 * @param {File} file
 * @returns {Promise<Uint8Array>}
 */
export async function readPdf(file) {
    if (file.size > MAX_BYTES) {
        throw new Unfit("large");
    }
    let buffer;
    try {
        buffer = await file.arrayBuffer();
    } catch {
        // a folder, a file that is gone, or one whose cloud does not answer
        throw new Unfit("unreadable");
    }
    const bytes = new Uint8Array(buffer);
    if (!bytes.length) {
        throw new Unfit("empty");
    }
    if (!latin1.decode(bytes.subarray(0, HEAD_BYTES)).includes("%PDF-")) {
        throw new Unfit("type");
    }
    return bytes;
}

/**
 * Returns the SHA-256 of bytes as lower-case hex.
 *
 * @param {Uint8Array} bytes
 * @returns {Promise<string>}
 */
export async function sha256(bytes) {
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join(
        "",
    );
}
