import { cutOutInk } from "./ink";

// Larger pictures only take longer to send: the server makes them smaller still.
const MAX_SIDE = 2000;
const SENT_AS_IS = ["image/png", "image/jpeg"];
// A signature is looked for in this many pixels a side, and sent in so many.
const SEARCHED_SIDE = 1600;
const SIGNATURE_SIDE = 1200;
// More would take an old phone's memory.
const MAX_BYTES = 40 * 2 ** 20;
const MAX_PIXELS = 64e6;

/** The bytes of a file as base64. */
export function toBase64(blob) {
    return new Promise((resolve, reject) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
        reader.onerror = () => reject(reader.error);
        reader.readAsDataURL(blob);
    });
}

/** How many bytes a text in base64 stands for. */
export function sizeOf(base64) {
    return Math.floor((base64.length * 3) / 4);
}

/**
 * The picture in a file as it is sent: {kind: "picture", data: base64 of a PNG or JPEG file}.
 * Rejects what this browser cannot show.
 */
export async function readPicture(file) {
    return withImage(file, async (image) => {
        const isSmall = Math.max(image.naturalWidth, image.naturalHeight) <= MAX_SIDE;
        if (isSmall && SENT_AS_IS.includes(file.type)) {
            return { kind: "picture", data: await toBase64(file) };
        }
        const type = file.type === "image/jpeg" ? file.type : "image/png";
        return toPicture(paint(image, MAX_SIDE), type);
    });
}

/**
 * The signature on a photographed or scanned paper: a picture of its ink alone. Rejects with an Error
 * whose `code` is "unreadable" (no picture), "large", or "blank" (no ink found).
 */
export async function readSignature(file) {
    if (file.size > MAX_BYTES) {
        throw refusal("large");
    }
    return withImage(file, (image) => {
        if (image.naturalWidth * image.naturalHeight > MAX_PIXELS) {
            throw refusal("large");
        }
        const photo = paint(image, SEARCHED_SIDE, "#fff");
        const pixels = photo.getContext("2d").getImageData(0, 0, photo.width, photo.height);
        const ink = cutOutInk(pixels);
        if (!ink) {
            throw refusal("blank");
        }
        photo.width = ink.width;
        photo.height = ink.height;
        photo.getContext("2d").putImageData(new ImageData(ink.data, ink.width, ink.height), 0, 0);
        return toPicture(paint(photo, SIGNATURE_SIDE), "image/png");
    });
}

/** Where a picture chosen here can be shown from. */
export function pictureUrl({ data }) {
    const type = data.startsWith("iVBOR") ? "image/png" : "image/jpeg";
    return `data:${type};base64,${data}`;
}

async function withImage(file, use) {
    const url = URL.createObjectURL(file);
    try {
        const image = new Image();
        image.src = url;
        await image.decode().catch((error) => {
            console.warn(error);
            throw refusal("unreadable");
        });
        return await use(image);
    } finally {
        URL.revokeObjectURL(url);
    }
}

/** Draws a picture upright, made smaller where it is longer than `side`. */
function paint(image, side, ground) {
    const width = image.naturalWidth || image.width;
    const height = image.naturalHeight || image.height;
    const scale = Math.min(1, side / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    if (ground) {
        context.fillStyle = ground;
        context.fillRect(0, 0, canvas.width, canvas.height);
    }
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas;
}

async function toPicture(canvas, type) {
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, 0.9));
    return { kind: "picture", data: await toBase64(blob) };
}

function refusal(code) {
    return Object.assign(new Error(code), { code });
}
