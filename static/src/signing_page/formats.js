/**
 * Numbers, dates and masks as the sealed document writes them: the conventions come from the server,
 * as {decimal, thousands, grouping, date} of the signer's language.
 */

const NUMBER_DIGITS = 15;

/** Fills {placeholders} of a text. */
export function format(text, values) {
    return text.replace(/{(\w+)}/g, (_, name) => values[name]);
}

/** The number "-1234.50" with the separators of the language. */
export function formatNumber(number, { decimal, thousands, grouping }) {
    const [, sign, whole, fraction] = number.match(/^(-?)(\d*)(?:\.(\d*))?$/);
    const groups = [];
    let rest = whole;
    let size = rest.length;
    let index = 0;
    while (rest) {
        if (grouping[index] > 0) {
            size = grouping[index++];
        } else if (grouping[index] !== 0) {
            size = rest.length;
        }
        groups.unshift(rest.slice(-size));
        rest = rest.slice(0, -size);
    }
    return sign + groups.join(thousands) + (fraction ? decimal + fraction : "");
}

/** The number as it is typed: without separators between thousands. */
export function editedNumber(number, { decimal }) {
    return number.replace(".", decimal);
}

/** Reads "1 234,50" as "1234.50"; nothing when it is no number. */
export function parseNumber(text, { decimal, thousands }) {
    let plain = text.replace(/[\s'’]/g, "").replace("−", "-");
    const last = Math.max(plain.lastIndexOf("."), plain.lastIndexOf(","));
    if (last >= 0) {
        const mark = plain[last];
        const isMixed = plain.includes(".") && plain.includes(",");
        const isRepeated = plain.indexOf(mark) !== last;
        const looksGrouped = mark === thousands && /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/.test(plain);
        const isDecimal = !isRepeated && (isMixed || mark === decimal || !looksGrouped);
        const [whole, fraction] = isDecimal
            ? [plain.slice(0, last), plain.slice(last + 1)]
            : [plain, ""];
        if (/[.,]/.test(whole) && !/^[+-]?\d{1,3}([.,]\d{3})+$/.test(whole)) {
            return "";
        }
        plain = whole.replace(/[.,]/g, "") + (fraction ? `.${fraction}` : "");
    }
    const found = plain.match(/^([+-]?)0*(\d*)(\.\d+)?$/);
    if (!found || !/\d/.test(plain) || plain.replace(/\D/g, "").length > NUMBER_DIGITS) {
        return "";
    }
    return (found[1] === "-" ? "-" : "") + (found[2] || "0") + (found[3] || "");
}

/** The day "2026-12-31" in a format such as %d/%m/%Y. */
export function formatDate(day, { date }) {
    const [year, month, number] = day.split("-");
    const moment = new Date(`${day}T00:00:00Z`);
    const named = (options) =>
        moment.toLocaleDateString(document.documentElement.lang, { timeZone: "UTC", ...options });
    const parts = {
        Y: () => year,
        y: () => year.slice(-2),
        m: () => month,
        d: () => number,
        B: () => named({ month: "long" }),
        b: () => named({ month: "short" }),
        A: () => named({ weekday: "long" }),
        a: () => named({ weekday: "short" }),
    };
    return date.replace(/%(-?)(\w)/g, (whole, plain, letter) => {
        const part = parts[letter] ? parts[letter]() : whole;
        return plain ? part.replace(/^0/, "") : part;
    });
}

const MASK = { 9: /^[0-9]$/, A: /^\p{L}$/u, "*": /^[\p{L}0-9]$/u };

/** Tells whether a text looks like "99-AA": 9 is a digit, A a letter, * either. */
export function matchesMask(mask, text) {
    const letters = Array.from(text);
    const parts = Array.from(mask);
    return (
        letters.length === parts.length &&
        parts.every((part, i) => (MASK[part] ? MASK[part].test(letters[i]) : part === letters[i]))
    );
}

/** A text that looks like the mask, to be shown as an example. */
export function maskExample(mask) {
    let digit = 0;
    let letter = 0;
    return mask.replace(/[9*A]/g, (part) =>
        part === "A" ? "ABCDEFGHIJ"[letter++ % 10] : "1234567890"[digit++ % 10],
    );
}

/** The first letters of a name: what most people write as their initials. */
export function initialsOf(name) {
    const words = name.split(/[\s-]+/).filter((word) => /^\p{L}/u.test(word));
    return words.map((word) => Array.from(word)[0].toLocaleUpperCase()).join("");
}

/** A file's size for people, such as "240 kB". */
export function formatSize(bytes, texts) {
    const isLarge = bytes >= 1e6;
    const size = (isLarge ? bytes / 1e6 : Math.max(bytes / 1e3, 1)).toLocaleString(
        document.documentElement.lang,
        { maximumFractionDigits: isLarge ? 1 : 0 },
    );
    return format(isLarge ? texts.megabytes : texts.kilobytes, { size });
}
