// Larger pictures only take longer to send: the server makes them smaller still.
const MAX_SIDE = 2000;
const SENT_AS_IS = ["image/png", "image/jpeg"];

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
    const url = URL.createObjectURL(file);
    try {
        const image = new Image();
        image.src = url;
        await image.decode();
        const { naturalWidth: width, naturalHeight: height } = image;
        const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
        if (scale === 1 && SENT_AS_IS.includes(file.type)) {
            return { kind: "picture", data: await toBase64(file) };
        }
        const canvas = document.createElement("canvas");
        canvas.width = Math.max(1, Math.round(width * scale));
        canvas.height = Math.max(1, Math.round(height * scale));
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        const type = file.type === "image/jpeg" ? file.type : "image/png";
        const smaller = await new Promise((resolve) => canvas.toBlob(resolve, type, 0.9));
        return { kind: "picture", data: await toBase64(smaller) };
    } finally {
        URL.revokeObjectURL(url);
    }
}

/** Where a picture chosen here can be shown from. */
export function pictureUrl({ data }) {
    const type = data.startsWith("iVBOR") ? "image/png" : "image/jpeg";
    return `data:${type};base64,${data}`;
}
