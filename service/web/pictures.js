/** The shopper's own pictures: resized before they are sent, and kept until the tab is closed. */

import { Problem } from "./api.js";

const MAX_SIDE = 1024; // px; more than any model uses
const MAX_FILE_BYTES = 1_500_000; // bytes sent without resizing
// HEIC and TIFF, as their first bytes: the service reads them, most browsers do not.
const ENCODINGS = ["jpeg", "webp", "png"]; // that browsers write, the best for photographs first
const FOREIGN = /^(....ftyp(hei|hev|mif|msf)|II\*\0|MM\0\*)/s;
const kept = new Map();

/**
 * Read a picture file and keep it, resized if it is large, in a format that the service accepts. A file that only the
 * service can read is kept as it is.
 *
 * @param {File} file
 * @param {string[]} [formats] the `image_formats` of /catalog
 * @returns {Promise<string>} the id under which `picture` finds it
 * @throws {Problem} if neither the browser nor the service can read the file as a picture
 */
export async function keepPicture(file, formats) {
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (!bitmap && !(await isForeign(file))) {
    throw new Problem({
      title: "This file is not a picture we can read",
      detail: `“${file.name}” could not be opened.`,
      hint: "Choose a JPEG, PNG, WebP or HEIC picture.",
      status: 422,
    });
  }
  const large = bitmap && (Math.max(bitmap.width, bitmap.height) > MAX_SIDE || file.size > MAX_FILE_BYTES);
  const [kind, format] = file.type.split("/");
  const refused = bitmap && formats && kind === "image" && !formats.includes(format);
  const url = large || refused ? redrawn(bitmap, formats ?? ENCODINGS) : await dataUrl(file);
  bitmap?.close();
  const id = Date.now().toString(36);
  kept.set(id, url);
  store(`picture ${id}`, url);
  return id;
}

/** Store a picture, so that it survives a reload. The oldest ones make room for it. */
function store(name, url) {
  try {
    const stored = Object.keys(sessionStorage).filter((key) => key.startsWith("picture ")).sort(); // ids are times
    while (!fits(name, url) && stored.length) sessionStorage.removeItem(stored.shift());
  } catch {
    // Storage is disabled: the picture will not survive a reload.
  }
}

function fits(name, url) {
  try {
    sessionStorage.setItem(name, url);
    return true;
  } catch {
    return false;
  }
}

/** The data URL of a kept picture, or undefined if this tab does not have it. */
export function picture(id) {
  try {
    return kept.get(id) ?? sessionStorage.getItem(`picture ${id}`) ?? undefined;
  } catch {
    return undefined;
  }
}

async function isForeign(file) {
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  return FOREIGN.test(String.fromCharCode(...head));
}

function redrawn(bitmap, formats) {
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const brush = canvas.getContext("2d");
  brush.imageSmoothingQuality = "high";
  brush.fillStyle = "#fff"; // JPEG has no transparency
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  for (const format of ENCODINGS.filter((format) => formats.includes(format))) {
    const url = canvas.toDataURL(`image/${format}`, 0.9);
    if (url.startsWith(`data:image/${format};`)) return url; // a browser that cannot write a format writes PNG
  }
  return canvas.toDataURL("image/jpeg", 0.9); // the service refuses it with the formats that it accepts
}

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    // Browsers do not know the type of every file. The service reads it from the bytes, but takes pictures only.
    const named = file.type.startsWith("image/") ? file : new Blob([file], { type: "image/unknown" });
    reader.readAsDataURL(named);
  });
}
